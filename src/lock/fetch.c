#include "lock/fetch.h"

#include "lock/solve.h"
#include "python/wheel_fetch.h"
#include "recipe/index_names.h"

typedef struct {
    LockSession *session;
    const Recipe *recipe;
    const LockTarget *target;
    const GPtrArray *files;
    bool views; /* what is no wheel yet may be among them */
    LockFileArrived arrived;
    void *data;
    Lock *scratch;
    Diags *diags;
    Solve *solve;         /* NULL: the recipe's indexes were not needed yet */
    GPtrArray *locations; /* IndexLocation of all stages */
} Request;

Cache *lock_session_cache(LockSession *session)
{
    return session->cache;
}

static void wanted_free(void *data)
{
    WheelWanted *wheel = data;
    g_free((char *)wheel->url);
    g_free(wheel->path);
    g_free(wheel);
}

/* The first mistake of the recipe's inputs, which were sound when the target was locked. */
static gboolean set_mistakes(const Request *request, GError **error)
{
    return diags_set_error(request->diags, error,
                           "the inputs of the locked stages can't be read any more");
}

static gboolean add_locations(Request *request, const Stage *stage, guint index, GError **error)
{
    Solve *solve = request->solve;
    const StageInputs *inputs = solve->inputs->pdata[index];
    g_autoptr(GPtrArray) own = NULL;
    if (!sources_of_stage(&solve->sources, stage->body.pip, inputs->inputs, &own, error))
        return FALSE;
    for (guint i = 0; i < own->len; i++)
        g_ptr_array_add(request->locations, own->pdata[i]);
    return TRUE;
}

/* Stages in order: that is what numbers their find-links. */
static gboolean read_sources(Request *request, GError **error)
{
    if (request->solve)
        return TRUE;
    request->solve = solve_new(request->session, request->recipe, request->target->platform,
                               request->scratch, request->diags);
    if (!session_load_user_config(request->session, request->diags) ||
        !solve_read_inputs(request->solve))
        return set_mistakes(request, error);
    for (guint i = 0; i < request->recipe->stages->len; i++) {
        const Stage *stage = request->recipe->stages->pdata[i];
        if (stage->kind == STAGE_PIP && !add_locations(request, stage, i, error))
            return FALSE;
    }
    return TRUE;
}

static const IndexLocation *find_location(Request *request, const char *name, GError **error)
{
    if (!read_sources(request, error))
        return NULL;
    for (guint i = 0; i < request->locations->len; i++) {
        const IndexLocation *location = request->locations->pdata[i];
        if (g_str_equal(location->name, name))
            return location;
    }
    return sources_find_named(&request->solve->sources, name, error);
}

static const char *root_link(const PipRequirement *root)
{
    if (root->link)
        return root->link;
    return root->requirement ? root->requirement->url : NULL;
}

static bool is_locked_as(const char *link, const char *url)
{
    g_autofree char *plain = url_without_fragment(link, NULL);
    g_autofree char *quoted = url_quote(plain);
    g_autofree char *stripped = url_strip_credentials(quoted);
    return g_str_equal(stripped, url);
}

/* The link of a requirement line that was locked as `url`, with the credentials that a lock has
 * not; or NULL. */
static const char *find_link(const Request *request, const char *url)
{
    for (guint i = 0; i < request->solve->inputs->len; i++) {
        const StageInputs *inputs = request->solve->inputs->pdata[i];
        for (guint k = 0; inputs && k < inputs->inputs->roots->len; k++) {
            const char *link = root_link(inputs->inputs->roots->pdata[k]);
            if (link && is_locked_as(link, url))
                return link;
        }
    }
    return NULL;
}

static gboolean set_source(Request *request, const LockFile *file, WheelWanted *wheel,
                           GError **error)
{
    switch (file->source) {
    case LOCK_SOURCE_INDEX:
        wheel->location = find_location(request, file->source_name, error);
        return wheel->location != NULL;
    case LOCK_SOURCE_URL:
        if (!read_sources(request, error))
            return FALSE;
        const char *link = find_link(request, file->source_name);
        wheel->url = g_strdup(link ? link : file->source_name);
        return TRUE;
    case LOCK_SOURCE_PATH:
        wheel->url =
            g_canonicalize_filename(file->source_name, recipe_file_dir(request->recipe->file));
        return TRUE;
    case LOCK_SOURCE_GIT:
        break;
    }
    if (request->views)
        return TRUE;
    return error_set(error, ERROR_INPUT, SPAN_NONE,
                     "it comes from a git repository and would have to be built");
}

static WheelWanted *make_wanted(Request *request, BlobStore *blobs, guint index, GError **error)
{
    const LockFile *file = request->files->pdata[index];
    WheelWanted *wheel = g_new0(WheelWanted, 1);
    wheel->filename = file->file;
    wheel->sha256 = file->sha256;
    wheel->size = file->size;
    wheel->canonical = file->name;
    wheel->index = index;
    /* What is in the blob store needs no index, not even one that could be found. */
    g_autofree char *path = blob_store_find(blobs, file->sha256, file->size);
    GError *cause = NULL;
    if (path)
        wheel->url = g_strdup("");
    else if (!set_source(request, file, wheel, &cause)) {
        error_wrap(error, cause, SPAN_NONE, "cannot get %s", file->file);
        g_clear_pointer(&wheel, wanted_free);
    }
    return wheel;
}

static gboolean on_arrived(void *data, WheelWanted *wheel, GError **error)
{
    const Request *request = data;
    return request->arrived(request->data, request->files->pdata[wheel->index], wheel->path, error);
}

static GPtrArray *make_all_wanted(Request *request, BlobStore *blobs, GError **error)
{
    g_autoptr(GPtrArray) wanted = g_ptr_array_new_with_free_func(wanted_free);
    for (guint i = 0; i < request->files->len; i++) {
        WheelWanted *wheel = make_wanted(request, blobs, i, error);
        if (!wheel)
            return NULL;
        g_ptr_array_add(wanted, wheel);
    }
    return g_steal_pointer(&wanted);
}

static void request_clear(Request *request)
{
    g_clear_pointer(&request->solve, solve_free);
    g_ptr_array_unref(request->locations);
    diags_free(request->diags);
    lock_free(request->scratch);
}

static void request_init(Request *request, LockSession *session, const Recipe *recipe,
                         const LockTarget *target, const GPtrArray *files)
{
    *request = (Request){
        .session = session,
        .recipe = recipe,
        .target = target,
        .files = files,
        .scratch = lock_new(),
        .diags = diags_new(),
        .locations = g_ptr_array_new(),
    };
}

gboolean lock_session_fetch_wheels(LockSession *session, const Recipe *recipe,
                                   const LockTarget *target, BlobStore *blobs, GPtrArray *files,
                                   LockFileArrived arrived, void *data, GError **error)
{
    Request request;
    request_init(&request, session, recipe, target, files);
    request.arrived = arrived;
    request.data = data;
    g_autoptr(GPtrArray) wanted = make_all_wanted(&request, blobs, error);
    gboolean ok =
        wanted && wheels_fetch(session->client, blobs, wanted, on_arrived, &request, error);
    request_clear(&request);
    return ok;
}

gboolean lock_session_view_wheels(LockSession *session, const Recipe *recipe,
                                  const LockTarget *target, BlobStore *blobs, GPtrArray *files,
                                  WheelViews **ret_views, GError **error)
{
    Request request;
    request_init(&request, session, recipe, target, files);
    request.views = true;
    g_autoptr(GPtrArray) wanted = make_all_wanted(&request, blobs, error);
    WheelViews *views = wanted ? wheel_views_open(session->client, blobs, wanted, error) : NULL;
    request_clear(&request);
    if (views)
        *ret_views = views;
    return views != NULL;
}

/* *ret_url stays NULL for what is not at an index. */
static gboolean find_url(Request *request, const LockFile *file, char **ret_url, GError **error)
{
    if (file->source == LOCK_SOURCE_URL)
        *ret_url = g_strdup(file->source_name);
    if (file->source != LOCK_SOURCE_INDEX)
        return TRUE;
    WheelWanted wheel = {.filename = file->file, .sha256 = file->sha256, .canonical = file->name};
    wheel.location = find_location(request, file->source_name, error);
    g_autofree char *url = NULL;
    if (!wheel.location || !wheel_wanted_find_url(request->session->client, &wheel, &url, error))
        return FALSE;
    *ret_url = url_strip_credentials(url);
    return TRUE;
}

/* All pages are asked for before the first is waited for. */
static gboolean want_pages(Request *request, GError **error)
{
    for (guint i = 0; i < request->files->len; i++) {
        const LockFile *file = request->files->pdata[i];
        if (file->source != LOCK_SOURCE_INDEX)
            continue;
        const IndexLocation *location = find_location(request, file->source_name, error);
        if (!location)
            return FALSE;
        index_client_want_page(request->session->client, location, file->name);
    }
    return TRUE;
}

gboolean lock_session_find_urls(LockSession *session, const Recipe *recipe,
                                const LockTarget *target, const GPtrArray *files,
                                GPtrArray **ret_urls, GError **error)
{
    Request request;
    request_init(&request, session, recipe, target, files);
    g_autoptr(GPtrArray) urls = g_ptr_array_new_with_free_func(g_free);
    gboolean ok = want_pages(&request, error);
    for (guint i = 0; ok && i < files->len; i++) {
        char *url = NULL;
        ok = find_url(&request, files->pdata[i], &url, error);
        g_ptr_array_add(urls, url);
    }
    request_clear(&request);
    if (ok)
        *ret_urls = g_steal_pointer(&urls);
    return ok;
}

char *lock_session_index_url(LockSession *session, const Recipe *recipe, const char *name)
{
    g_autoptr(Diags) diags = diags_new();
    if (!session_load_user_config(session, diags))
        return NULL;
    char *url = session_find_mirror(session, name);
    if (!url)
        url = recipe ? recipe_index_url(recipe, name) : builtin_index_url(name);
    if (url || !g_str_equal(name, "main"))
        return url;
    const PipConfig *config = session_pip_config(session, NULL);
    return g_strdup(config && config->index_url ? config->index_url : pip_builtin_index());
}

WheelNative *lock_session_recall_torch(LockSession *session, const Recipe *recipe,
                                       const LockTarget *target)
{
    const LockStage *last = lock_target_last(target);
    const LockDistribution *torch = last ? lock_stage_find(last, "torch") : NULL;
    const LockFile *file = torch ? torch->file : NULL;
    if (!file || !file->sha256)
        return NULL;
    g_autofree char *url = file->source == LOCK_SOURCE_INDEX
                               ? lock_session_index_url(session, recipe, file->source_name)
                               : g_strdup(file->source_name);
    return wheel_native_recall(session->cache, file->sha256, url);
}
