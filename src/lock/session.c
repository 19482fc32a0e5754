#include "lock/session.h"

LockSession *lock_session_new(const LockOptions *options)
{
    LockSession *session = g_new0(LockSession, 1);
    session->options = *options;
    HttpOptions http = {.jobs = options->jobs,
                        .offline = options->offline,
                        .timeout_seconds = options->timeout_seconds,
                        .progress = options->progress};
    session->http = http_client_new(&http);
    session->cache = cache_new(options->cache_dir);
    session->client =
        index_client_new(session->http, session->cache, options->offline, options->progress);
    session->locations = g_ptr_array_new_with_free_func((GDestroyNotify)index_location_free);
    return session;
}

void lock_session_prefer(LockSession *session, const Lock *previous)
{
    session->options.previous = previous;
}

void lock_session_edit(LockSession *session, GHashTable *texts)
{
    session->texts = texts;
}

void lock_session_try(LockSession *session, const char *stage, const char *constraint)
{
    session->trial_stage = stage;
    session->trial = constraint;
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
    user_config_free(session->user_config);
    g_free(session);
}

bool lock_session_cache_problem(const LockSession *session, const char **ret_dir,
                                const char **ret_reason)
{
    *ret_dir = cache_dir(session->cache);
    *ret_reason = cache_problem(session->cache);
    return *ret_reason != NULL;
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
           a->trusted_rendering == b->trusted_rendering && a->ignored == b->ignored &&
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

static gboolean trust_hosts(LockSession *session, const char *const *hosts, GError **error)
{
    for (size_t i = 0; hosts && hosts[i]; i++) {
        if (!trust_store_add_host(http_client_trust(session->http), hosts[i], error))
            return FALSE;
    }
    return TRUE;
}

/* What holds for the whole run; once. */
static gboolean trust_machine(LockSession *session, GError **error)
{
    const LockOptions *options = &session->options;
    const PipConfig *config = session_pip_config(session, error);
    if (!config)
        return FALSE;
    if (session->trusting)
        return TRUE;
    TrustStore *trust = http_client_trust(session->http);
    if (options->cert)
        trust_store_set_cert(trust, options->cert, "--cert");
    else if (config->cert)
        trust_store_set_cert(trust, config->cert, config->cert_place);
    session->trusting = true;
    return trust_hosts(session, options->trusted_hosts, error) &&
           trust_hosts(session, (const char *const *)config->trusted_hosts, error);
}

gboolean session_trust(LockSession *session, const GPtrArray *hosts, GError **error)
{
    gboolean ok = trust_machine(session, error);
    for (guint i = 0; ok && i < hosts->len; i++)
        ok = trust_store_add_host(http_client_trust(session->http), hosts->pdata[i], error);
    return ok;
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

bool session_load_user_config(LockSession *session, Diags *diags)
{
    g_auto(GStrv) environment = g_get_environ();
    if (!session->user_config)
        session->user_config = user_config_load((const char *const *)environment, diags);
    return session->user_config != NULL;
}

char *session_find_mirror(const LockSession *session, const char *name)
{
    const char *url = find_assigned(session->options.indexes, name);
    if (!url)
        url = user_config_index_url(session->user_config, name);
    return url && *url ? g_strdup(url) : NULL;
}
