#include "lock/session.h"

#include "base/limits.h"
#include "text/yaml.h"

typedef struct {
    char *name, *url;
} Mirror;

static void mirror_free(void *data)
{
    Mirror *mirror = data;
    g_free(mirror->name);
    g_free(mirror->url);
    g_free(mirror);
}

LockSession *lock_session_new(const LockOptions *options)
{
    LockSession *session = g_new0(LockSession, 1);
    session->options = *options;
    HttpOptions http = {
        .jobs = options->jobs, .offline = options->offline, .progress = options->progress};
    session->http = http_client_new(&http);
    session->cache = cache_new(options->cache_dir);
    session->client =
        index_client_new(session->http, session->cache, options->offline, options->progress);
    session->locations = g_ptr_array_new_with_free_func((GDestroyNotify)index_location_free);
    return session;
}

void lock_session_free(LockSession *session)
{
    if (!session)
        return;
    index_client_free(session->client);
    cache_free(session->cache);
    http_client_free(session->http);
    g_ptr_array_unref(session->locations);
    pip_config_free(session->pip_config);
    g_clear_pointer(&session->mirrors, g_ptr_array_unref);
    g_free(session);
}

static bool same_texts(char **a, char **b)
{
    if (!a || !b)
        return a == b;
    return g_strv_equal((const char *const *)a, (const char *const *)b);
}

static bool same_location(const IndexLocation *a, const IndexLocation *b)
{
    return g_str_equal(a->name, b->name) && a->kind == b->kind && g_str_equal(a->url, b->url) &&
           same_texts(a->packages, b->packages) && a->only == b->only &&
           a->trusted_rendering == b->trusted_rendering &&
           g_strcmp0(a->substituted, b->substituted) == 0;
}

const IndexLocation *session_take_location(LockSession *session, IndexLocation *location)
{
    for (guint i = 0; i < session->locations->len; i++) {
        if (!same_location(session->locations->pdata[i], location))
            continue;
        index_location_free(location);
        return session->locations->pdata[i];
    }
    g_ptr_array_add(session->locations, location);
    return location;
}

const PipConfig *session_pip_config(LockSession *session, GError **error)
{
    if (!session->pip_config) {
        g_auto(GStrv) environment = g_get_environ();
        session->pip_config =
            pip_config_load("/", g_get_home_dir(), (const char *const *)environment, error);
    }
    return session->pip_config;
}

/* The value of NAME in "NAME=value" entries, or NULL. */
static const char *find_assigned(const char *const *entries, const char *name)
{
    size_t length = strlen(name);
    const char *found = NULL;
    for (size_t i = 0; entries && entries[i]; i++) {
        if (strncmp(entries[i], name, length) == 0 && entries[i][length] == '=')
            found = entries[i] + length + 1;
    }
    return found;
}

const char *session_find_substitute(const LockSession *session, const char *name)
{
    return find_assigned(session->options.substitutes, name);
}

static bool add_mirrors(GPtrArray *mirrors, const Node *indexes, Diags *diags)
{
    for (guint i = 0; i < indexes->count; i++) {
        const NodePair *pair = &indexes->pairs[i];
        if (pair->value->kind != NODE_SCALAR || !*pair->value->text) {
            diags_error(diags, pair->value->at, "expected the URL of a mirror");
            return false;
        }
        Mirror *mirror = g_new(Mirror, 1);
        *mirror = (Mirror){g_strdup(pair->key->text), g_strdup(pair->value->text)};
        g_ptr_array_add(mirrors, mirror);
    }
    return true;
}

static gboolean read_config(const char *path, GPtrArray *mirrors, GError **error)
{
    g_autoptr(Source) source = source_load(path, NULL, LIMIT_CONFIG_BYTES, error);
    if (!source)
        return FALSE;
    g_autoptr(NodeArena) arena = node_arena_new();
    g_autoptr(Diags) diags = diags_new();
    const Node *root = yaml_parse(arena, source, diags);
    const Node *indexes = node_find(root, "indexes");
    bool good = root && diags_errors(diags) == 0;
    if (good && indexes && indexes->kind != NODE_MAP)
        diags_error(diags, indexes->at, "`indexes` maps names to URLs");
    else if (good && indexes)
        add_mirrors(mirrors, indexes, diags);
    if (diags_errors(diags) == 0)
        return TRUE;
    g_autofree char *text = diags_format(diags, false);
    return error_set(error, ERROR_INPUT, SPAN_NONE, "%s", g_strchomp(text));
}

/* $XDG_CONFIG_HOME/ramekin/config.yaml; none is as good as an empty one. */
static gboolean need_mirrors(LockSession *session, GError **error)
{
    if (session->mirrors)
        return TRUE;
    g_autoptr(GPtrArray) mirrors = g_ptr_array_new_with_free_func(mirror_free);
    g_autofree char *path =
        g_build_filename(g_get_user_config_dir(), "ramekin", "config.yaml", NULL);
    if (g_file_test(path, G_FILE_TEST_EXISTS) && !read_config(path, mirrors, error))
        return FALSE;
    session->mirrors = g_steal_pointer(&mirrors);
    return TRUE;
}

/* RAMEKIN_INDEX_MY_INDEX of "my-index". */
static char *variable_name(const char *name)
{
    g_autofree char *upper = g_ascii_strup(name, -1);
    for (char *p = upper; *p; p++) {
        if (!g_ascii_isalnum(*p))
            *p = '_';
    }
    return g_strconcat("RAMEKIN_INDEX_", upper, NULL);
}

gboolean session_find_mirror(LockSession *session, const char *name, char **ret_url, GError **error)
{
    g_autofree char *variable = variable_name(name);
    const char *url = find_assigned(session->options.indexes, name);
    if (!url)
        url = g_getenv(variable);
    if ((!url || !*url) && !need_mirrors(session, error))
        return FALSE;
    for (guint i = 0; (!url || !*url) && i < session->mirrors->len; i++) {
        const Mirror *mirror = session->mirrors->pdata[i];
        if (g_str_equal(mirror->name, name))
            url = mirror->url;
    }
    *ret_url = url && *url ? g_strdup(url) : NULL;
    return TRUE;
}
