#include "lock/sources.h"

#include "base/digest.h"
#include "base/io.h"
#include "base/limits.h"
#include "net/url.h"

#undef g_getenv

static const RecipeIndex *find_recipe_index(const Recipe *recipe, const char *name)
{
    for (guint i = 0; i < recipe->indexes->len; i++) {
        const RecipeIndex *index = recipe->indexes->pdata[i];
        if (g_str_equal(index->name, name))
            return index;
    }
    return NULL;
}

static char **texts_of(const GPtrArray *texts)
{
    if (!texts || texts->len == 0)
        return NULL;
    char **strings = g_new0(char *, texts->len + 1);
    for (guint i = 0; i < texts->len; i++)
        strings[i] = g_strdup(((const Text *)texts->pdata[i])->text);
    return strings;
}

/* The value of a secret, or NULL where this machine does not have it. */
static char *load_secret(const Recipe *recipe, const char *id)
{
    for (guint i = 0; i < recipe->secrets->len; i++) {
        const RecipeSecret *secret = recipe->secrets->pdata[i];
        if (!g_str_equal(secret->id, id))
            continue;
        if (secret->env)
            return g_strdup(g_getenv(secret->env));
        g_autofree char *path =
            g_canonicalize_filename(secret->file, recipe_file_dir(recipe->file));
        char *text = NULL;
        return io_load(path, LIMIT_CONFIG_BYTES, &text, NULL, NULL) ? g_strstrip(text) : NULL;
    }
    return NULL;
}

/* "user:password" as it is, anything else as a token of the usual user name. */
static char *add_credentials(const char *url, const char *secret)
{
    const char *rest = strstr(url, "://");
    if (!rest || !secret || !*secret)
        return g_strdup(url);
    rest += 3;
    const char *colon = strchr(secret, ':');
    g_autofree char *user = colon ? g_strndup(secret, (gsize)(colon - secret)) : NULL;
    g_autofree char *user_part = g_uri_escape_string(user ? user : "__token__", NULL, FALSE);
    g_autofree char *password_part = g_uri_escape_string(colon ? colon + 1 : secret, NULL, FALSE);
    return g_strdup_printf("%.*s%s:%s@%s", (int)(rest - url), url, user_part, password_part, rest);
}

/* A URL as it is; a path counts from the recipe's folder. */
static char *absolute_location(const Recipe *recipe, const char *text)
{
    if (url_is_http(text) || g_str_has_prefix(text, "file:"))
        return g_strdup(text);
    return g_canonicalize_filename(text, recipe_file_dir(recipe->file));
}

/* A URL, or a folder that is there: pip takes anything, and finds nothing at what is neither. */
static bool is_index_address(const char *url)
{
    return url_is_http(url) || g_str_has_prefix(url, "file:") ||
           g_file_test(url, G_FILE_TEST_EXISTS);
}

static gboolean check_configured(const char *url, const char *place, GError **error)
{
    if (is_index_address(url))
        return TRUE;
    /* where a password in it would end can't be told */
    g_autofree char *shown = strchr(url, '@') ? g_strdup("...") : url_redact(url);
    error_set(error, ERROR_INPUT, SPAN_NONE, "%s names the index \"%s\", which is no URL", place,
              shown);
    if (error)
        error_set_hint(*error, "an index is an http, https or file URL, or a folder that is there");
    return FALSE;
}

/* Where pip would look when nobody names an index. */
static gboolean default_url(SourceContext *context, char **ret_url, GError **error)
{
    const PipConfig *config = session_pip_config(context->session, error);
    if (!config ||
        (config->index_url && !check_configured(config->index_url, config->index_url_place, error)))
        return FALSE;
    *ret_url = g_strdup(config->index_url ? config->index_url : pip_builtin_index());
    if (**ret_url)
        return TRUE;
    g_clear_pointer(ret_url, g_free);
    error_set(error, ERROR_INPUT, SPAN_NONE, "no default package index is known");
    if (error)
        error_set_hint(*error, "name one: `indexes: {main: URL}` in the recipe, --index main=URL, "
                               "or pip's own PIP_INDEX_URL");
    return FALSE;
}

static gboolean set_no_such_index(GError **error, const char *name, Span at)
{
    error_set(error, ERROR_INPUT, at, "there is no index '%s'", name);
    if (error)
        error_set_hint(*error, "declare it: `indexes: {%s: URL}`", name);
    return FALSE;
}

/* The URL that the recipe or the language gives a name. */
static gboolean declared_url(SourceContext *context, const char *name, Span at, char **ret_url,
                             GError **error)
{
    g_autofree char *url = recipe_index_url(context->recipe, name);
    if (!url && g_str_equal(name, "main"))
        return default_url(context, ret_url, error);
    if (!url)
        return set_no_such_index(error, name, at);
    const RecipeIndex *index = find_recipe_index(context->recipe, name);
    g_autofree char *secret =
        index && index->auth ? load_secret(context->recipe, index->auth) : NULL;
    g_autofree char *absolute = absolute_location(context->recipe, url);
    *ret_url = add_credentials(absolute, secret);
    return TRUE;
}

/* An index by the name under which it is locked; a mirror changes where requests go and nothing
 * else. */
static IndexLocation *named_location(SourceContext *context, const char *name, Span at,
                                     GError **error)
{
    g_autofree char *url = session_find_mirror(context->session, name);
    if (!url && !declared_url(context, name, at, &url, error))
        return NULL;
    IndexLocation *location = index_location_new(name, INDEX_SIMPLE, url);
    const RecipeIndex *index = find_recipe_index(context->recipe, name);
    location->trusted_rendering = index || !g_str_equal(name, "main");
    if (index) {
        location->packages = texts_of(index->packages);
        location->only = index->only;
    }
    return location;
}

static void note_substituted(SourceContext *context, const char *name)
{
    for (guint i = 0; i < context->substituted->len; i++) {
        if (g_str_equal(context->substituted->pdata[i], name))
            return;
    }
    g_ptr_array_add(context->substituted, g_strdup(name));
}

/* --substitute-index NAME=OTHER: OTHER is the name of an index or a URL. */
static IndexLocation *resolve_name(SourceContext *context, const char *name, Span at,
                                   GError **error)
{
    const char *other = session_find_substitute(context->session, name);
    if (!other)
        return named_location(context, name, at, error);
    note_substituted(context, name);
    IndexLocation *location = strstr(other, "://") ? index_location_new(name, INDEX_SIMPLE, other)
                                                   : named_location(context, other, at, error);
    if (location)
        location->substituted = g_strdup(name);
    return location;
}

static void add_location(SourceContext *context, GPtrArray *locations, IndexLocation *location)
{
    location->ignored =
        !trust_store_accepts_index(http_client_trust(context->session->http), location->url);
    const IndexLocation *kept = session_take_location(context->session, location);
    for (guint i = 0; i < locations->len; i++) {
        const IndexLocation *other = locations->pdata[i];
        if (other == kept || (g_str_equal(other->name, kept->name) && other->kind == kept->kind &&
                              g_str_equal(other->url, kept->url)))
            return;
    }
    g_ptr_array_add(locations, (void *)kept);
}

static gboolean add_named(SourceContext *context, GPtrArray *locations, const char *name, Span at,
                          GError **error)
{
    IndexLocation *location = resolve_name(context, name, at, error);
    if (!location)
        return FALSE;
    add_location(context, locations, location);
    return TRUE;
}

/* Without credentials and the slashes at its end. */
static char *url_without_slashes(const char *url)
{
    char *bare = url_strip_credentials(url);
    size_t length = strlen(bare);
    while (length > 0 && bare[length - 1] == '/')
        bare[--length] = '\0';
    return bare;
}

/* The name of a URL that a requirements file gives: that of a declared index with this URL, else
 * one made of host and digest, because a lock holds no URL of an index. */
static char *name_of_url(const SourceContext *context, const char *url)
{
    g_autofree char *bare = url_without_slashes(url);
    size_t length = strlen(bare);
    for (guint i = 0; i < context->recipe->indexes->len; i++) {
        const RecipeIndex *index = context->recipe->indexes->pdata[i];
        if (strncmp(index->url, bare, length) == 0 &&
            strspn(index->url + length, "/") == strlen(index->url + length))
            return g_strdup(index->name);
    }
    const char *slash = strrchr(bare, '/');
    g_autofree char *builtin = slash ? recipe_index_url(context->recipe, slash + 1) : NULL;
    if (builtin && strncmp(builtin, bare, length) == 0)
        return g_strdup(slash + 1);
    g_autofree char *host = url_host(bare);
    g_autofree char *digest = digest_sha256(bare, length);
    return g_strdup_printf("%s-%.6s", host ? host : "index", digest);
}

/* What a requirements file names by the option. */
static gboolean add_url(SourceContext *context, GPtrArray *locations, const PipInputs *inputs,
                        const char *option, const char *url, GError **error)
{
    g_autofree char *name = name_of_url(context, url);
    g_autofree char *mirror = session_find_mirror(context->session, name);
    g_autofree char *absolute = absolute_location(context->recipe, mirror ? mirror : url);
    if (!is_index_address(absolute)) {
        const PipOptionLine *line = pip_inputs_find_option(inputs, option, url);
        g_autofree char *shown = strchr(url, '@') ? g_strdup("...") : g_strdup(url);
        error_set(error, ERROR_INPUT, line ? line->at : SPAN_NONE,
                  "%s names '%s', which is neither a URL nor a folder", option, shown);
        if (error)
            error_set_hint(*error, "an index is an http, https or file URL, or a folder that is "
                                   "there");
        return FALSE;
    }
    IndexLocation *location = index_location_new(name, INDEX_SIMPLE, absolute);
    location->trusted_rendering = true;
    add_location(context, locations, location);
    return TRUE;
}

static void add_find_links(SourceContext *context, GPtrArray *locations, const char *text,
                           bool trusted)
{
    g_autofree char *url = absolute_location(context->recipe, text);
    guint number = 0;
    while (number < context->find_links->len &&
           !g_str_equal(context->find_links->pdata[number], url))
        number++;
    if (number == context->find_links->len)
        g_ptr_array_add(context->find_links, g_strdup(url));
    g_autofree char *name = g_strdup_printf("find-links%u", number + 1);
    IndexLocation *location = index_location_new(name, INDEX_FIND_LINKS, url);
    location->trusted_rendering = trusted;
    add_location(context, locations, location);
}

/* What pip's configuration adds to the default index of this machine. */
static gboolean add_machine_extras(SourceContext *context, GPtrArray *locations, GError **error)
{
    const PipConfig *config = session_pip_config(context->session, error);
    if (!config)
        return FALSE;
    for (guint i = 0; config->extra_index_urls[i]; i++) {
        g_autofree char *name = g_strdup_printf("extra%u", i + 1);
        g_autofree char *mirror = session_find_mirror(context->session, name);
        const char *url = config->extra_index_urls[i];
        if (!mirror && !check_configured(url, config->extra_index_urls_place, error))
            return FALSE;
        add_location(context, locations,
                     index_location_new(name, INDEX_SIMPLE, mirror ? mirror : url));
    }
    return TRUE;
}

/* Whether pip's configuration of this machine has a say: only where nobody else names the default
 * index. */
static bool uses_machine_config(const SourceContext *context, const PipStage *stage,
                                const PipInputs *inputs)
{
    return !stage->index.text && !inputs->index_url && !find_recipe_index(context->recipe, "main");
}

static gboolean add_all_find_links(SourceContext *context, const PipStage *stage,
                                   const PipInputs *inputs, GPtrArray *locations, GError **error)
{
    for (guint i = 0; stage->find_links && i < stage->find_links->len; i++)
        add_find_links(context, locations, ((const Text *)stage->find_links->pdata[i])->text, true);
    for (guint i = 0; i < inputs->find_links->len; i++)
        add_find_links(context, locations, inputs->find_links->pdata[i], true);
    if (!uses_machine_config(context, stage, inputs))
        return TRUE;
    const PipConfig *config = session_pip_config(context->session, error);
    for (guint i = 0; config && config->find_links[i]; i++)
        add_find_links(context, locations, config->find_links[i], false);
    return config != NULL;
}

static gboolean add_indexes(SourceContext *context, const PipStage *stage, const PipInputs *inputs,
                            GPtrArray *locations, GError **error)
{
    if (inputs->index_url)
        return add_url(context, locations, inputs, "--index-url", inputs->index_url, error);
    const Text *index = &stage->index;
    if (!add_named(context, locations, index->text ? index->text : "main", index->at, error))
        return FALSE;
    for (guint i = 0; stage->extra_indexes && i < stage->extra_indexes->len; i++) {
        const Text *extra = stage->extra_indexes->pdata[i];
        if (!add_named(context, locations, extra->text, extra->at, error))
            return FALSE;
    }
    return TRUE;
}

/* Where the URL is that of the default index, as pip has it built in or configured. */
static bool is_default_url(SourceContext *context, const char *url)
{
    const PipConfig *config = session_pip_config(context->session, NULL);
    const char *const known[] = {pip_builtin_index(), config ? config->index_url : NULL};
    g_autofree char *bare = url_without_slashes(url);
    for (size_t i = 0; i < G_N_ELEMENTS(known); i++) {
        g_autofree char *other = known[i] ? url_without_slashes(known[i]) : NULL;
        if (other && g_str_equal(other, bare))
            return true;
    }
    return false;
}

static bool is_known_index(const SourceContext *context, const char *name)
{
    g_autofree char *url = recipe_index_url(context->recipe, name);
    return url != NULL;
}

/* An index that a lock file names is asked for the packages that it has from there. */
static gboolean add_route(SourceContext *context, GPtrArray *locations, const PipRoute *route,
                          GError **error)
{
    if (is_default_url(context, route->url))
        return TRUE;
    g_autofree char *name = name_of_url(context, route->url);
    if (g_str_equal(name, "main"))
        return TRUE;
    IndexLocation *location = NULL;
    if (is_known_index(context, name)) {
        location = resolve_name(context, name, route->at, error);
        if (!location)
            return FALSE;
    } else {
        g_autofree char *mirror = session_find_mirror(context->session, name);
        if (!is_index_address(route->url)) {
            g_autofree char *shown = url_redact(route->url);
            return error_set(error, ERROR_INPUT, route->at, "the index '%s' is no URL", shown);
        }
        location = index_location_new(name, INDEX_SIMPLE, mirror ? mirror : route->url);
        location->trusted_rendering = true;
    }
    location->only = true;
    g_strfreev(location->packages);
    g_ptr_array_add(route->names, NULL);
    location->packages = g_strdupv((char **)route->names->pdata);
    g_ptr_array_set_size(route->names, (int)route->names->len - 1);
    add_location(context, locations, location);
    return TRUE;
}

/* Indexes with `packages:` that the stage does not name are asked for these names alone. */
static gboolean add_routed(SourceContext *context, GPtrArray *locations, GError **error)
{
    for (guint i = 0; i < context->recipe->indexes->len; i++) {
        const RecipeIndex *index = context->recipe->indexes->pdata[i];
        if (!index->packages || index->packages->len == 0)
            continue;
        IndexLocation *location = resolve_name(context, index->name, index->at, error);
        if (!location)
            return FALSE;
        location->only = true;
        g_strfreev(location->packages); /* a substitute serves the names of what it stands in for */
        location->packages = texts_of(index->packages);
        add_location(context, locations, location);
    }
    return TRUE;
}

gboolean sources_of_stage(SourceContext *context, const PipStage *stage, const PipInputs *inputs,
                          GPtrArray **ret_locations, GError **error)
{
    g_autoptr(GPtrArray) locations = g_ptr_array_new();
    if (!session_trust(context->session, inputs->trusted_hosts, error))
        return FALSE;
    if (!add_all_find_links(context, stage, inputs, locations, error))
        return FALSE;
    const PipConfig *config = session_pip_config(context->session, error);
    if (!config)
        return FALSE;
    bool no_index =
        inputs->no_index || (uses_machine_config(context, stage, inputs) && config->no_index);
    if (!no_index) {
        if (!add_indexes(context, stage, inputs, locations, error))
            return FALSE;
        for (guint i = 0; i < inputs->extra_index_urls->len; i++) {
            if (!add_url(context, locations, inputs, "--extra-index-url",
                         inputs->extra_index_urls->pdata[i], error))
                return FALSE;
        }
        if (uses_machine_config(context, stage, inputs) &&
            !add_machine_extras(context, locations, error))
            return FALSE;
        for (guint i = 0; i < inputs->routes->len; i++) {
            if (!add_route(context, locations, inputs->routes->pdata[i], error))
                return FALSE;
        }
        if (!add_routed(context, locations, error))
            return FALSE;
    }
    *ret_locations = g_steal_pointer(&locations);
    return TRUE;
}

const IndexLocation *sources_find_named(SourceContext *context, const char *name, GError **error)
{
    IndexLocation *location = resolve_name(context, name, SPAN_NONE, error);
    return location ? session_take_location(context->session, location) : NULL;
}
