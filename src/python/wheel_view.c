#include "base/auto.h"
#include "base/limits.h"
#include "base/log.h"
#include "python/wheel_view_private.h"

#include <errno.h>
#include <fcntl.h>

static const char DIRECTORIES[] = "directories";
static const char EXTRACTS[] = "extracts";

enum {
    EXTRACTS_OF_WHEEL = 8, /* more are put together */
};

/* Views */

static void view_free(void *data)
{
    WheelView *view = data;
    g_free(view->filename);
    g_free(view->sha256);
    g_free(view->canonical);
    g_free(view->direct_url);
    g_free(view->url);
    g_free(view->key);
    g_free(view->path);
    zip_directory_free(view->directory);
    g_free(view->problem);
    g_free(view->unreachable);
    sparse_file_free(view->tail);
    g_ptr_array_unref(view->extracts);
    g_mutex_clear(&view->lock);
    g_free(view);
}

/* What one host says of a file must not pass for a fact about another's. */
char *wheel_view_key_of(const char *sha256, const char *url)
{
    g_autofree char *plain = url_strip_credentials(url ? url : "");
    g_autofree char *origin = url_origin(plain);
    return g_strdup_printf("%s %s", sha256, origin ? origin : "file:");
}

static WheelView *view_new(WheelViews *views, const WheelWanted *wanted)
{
    WheelView *view = g_new0(WheelView, 1);
    view->views = views;
    view->filename = g_strdup(wanted->filename);
    view->sha256 = g_strdup(wanted->sha256);
    view->canonical = g_strdup(wanted->canonical);
    view->size = wanted->size;
    view->location = wanted->location;
    view->direct_url = wanted->location ? NULL : g_strdup(wanted->url);
    view->key =
        wheel_view_key_of(wanted->sha256, wanted->location ? wanted->location->url : wanted->url);
    view->extracts = g_ptr_array_new_with_free_func((GDestroyNotify)sparse_file_free);
    g_mutex_init(&view->lock);
    return view;
}

WheelWanted wheel_view_wanted(const WheelView *view)
{
    return (WheelWanted){.filename = view->filename,
                         .sha256 = view->sha256,
                         .size = view->size,
                         .canonical = view->canonical,
                         .location = view->location,
                         .url = view->direct_url};
}

void wheel_view_set_problem(WheelView *view, const GError *error)
{
    if (!view->problem && !view->directory)
        view->problem = g_strdup(error->message);
    if (!view->unreachable)
        view->unreachable = g_strdup(error->message);
    log_debug("%s: %s", view->filename, error->message);
}

gboolean wheel_view_find_url(WheelView *view, GError **error)
{
    WheelWanted wanted = wheel_view_wanted(view);
    g_autofree char *url = NULL;
    if (view->url)
        return TRUE;
    if (!wheel_wanted_find_url(view->views->client, &wanted, &url, error))
        return FALSE;
    if (!url_is_http(url))
        return error_set(error, ERROR_INPUT, SPAN_NONE, "%s is at no http or https address",
                         view->filename);
    view->url = g_steal_pointer(&url);
    return TRUE;
}

void wheel_views_free(WheelViews *views)
{
    if (!views)
        return;
    g_ptr_array_unref(views->all);
    g_hash_table_unref(views->by_hash);
    g_free(views);
}

WheelView *wheel_views_find(const WheelViews *views, const char *sha256)
{
    return g_hash_table_lookup(views->by_hash, sha256);
}

const char *wheel_view_filename(const WheelView *view)
{
    return view->filename;
}

const char *wheel_view_sha256(const WheelView *view)
{
    return view->sha256;
}

const ZipDirectory *wheel_view_directory(const WheelView *view)
{
    return view->directory;
}

const char *wheel_view_problem(const WheelView *view)
{
    return view->problem;
}

const char *wheel_view_key(const WheelView *view)
{
    return view->path ? view->sha256 : view->key;
}

const char *wheel_view_path(const WheelView *view)
{
    return view->path;
}

void wheel_views_traffic(const WheelViews *views, guint64 *ret_read, guint64 *ret_total)
{
    *ret_read = views->received;
    *ret_total = 0;
    for (guint i = 0; i < views->all->len; i++)
        *ret_total += ((const WheelView *)views->all->pdata[i])->size;
}

/* What is here of a wheel */

static char *extract_key(const WheelView *view, unsigned number)
{
    return g_strdup_printf("%s %u", view->key, number);
}

/* The next one of the cache; the view is locked. */
static void load_extract(WheelView *view)
{
    g_autofree char *key = extract_key(view, view->loaded++);
    g_autoptr(GBytes) bytes = cache_load(view->views->client->cache, EXTRACTS, key);
    g_autoptr(SparseFile) file = bytes ? sparse_file_decode(bytes) : NULL;
    view->all_loaded = !bytes || view->loaded >= EXTRACTS_OF_WHEEL;
    if (file && sparse_file_size(file) == view->size)
        g_ptr_array_add(view->extracts, g_steal_pointer(&file));
}

GBytes *wheel_view_look(WheelView *view, guint64 offset, size_t length)
{
    GBytes *found = view->tail ? sparse_file_read(view->tail, offset, length) : NULL;
    if (found)
        return found;
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&view->lock);
    for (guint i = 0; !found; i++) {
        while (i >= view->extracts->len && !view->all_loaded)
            load_extract(view);
        if (i >= view->extracts->len)
            return NULL;
        found = sparse_file_read(view->extracts->pdata[i], offset, length);
    }
    return found;
}

/* All that the wheel's entries hold as one, where they became many. */
static GBytes *join_extracts(WheelView *view, SparseBuilder *builder)
{
    for (guint i = 0; i < view->extracts->len; i++)
        sparse_file_copy(view->extracts->pdata[i], builder);
    for (unsigned i = 1; i < view->loaded; i++) {
        g_autofree char *key = extract_key(view, i);
        cache_remove(view->views->client->cache, EXTRACTS, key);
    }
    view->loaded = 0;
    GBytes *joined = sparse_builder_encode(builder);
    g_ptr_array_set_size(view->extracts, 0); /* the joined one has what they had */
    return joined;
}

void wheel_view_keep(WheelView *view, SparseBuilder *builder)
{
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&view->lock);
    while (!view->all_loaded)
        load_extract(view);
    /* The last one that was looked for is not there. */
    unsigned number = view->loaded > 0 ? view->loaded - 1 : 0;
    bool many = number + 1 >= EXTRACTS_OF_WHEEL;
    g_autoptr(GBytes) bytes = many ? join_extracts(view, builder) : sparse_builder_encode(builder);
    gsize length;
    const void *data = g_bytes_get_data(bytes, &length);
    g_autofree char *key = extract_key(view, many ? 0 : number);
    cache_save(view->views->client->cache, EXTRACTS, key, data, length);
    view->loaded = (many ? 0 : number) + 2;
    g_ptr_array_add(view->extracts, sparse_file_decode(bytes));
}

void wheel_view_forget(WheelView *view)
{
    Cache *cache = view->views->client->cache;
    cache_remove(cache, DIRECTORIES, view->key);
    for (unsigned i = 0; i < EXTRACTS_OF_WHEEL; i++) {
        g_autofree char *key = extract_key(view, i);
        cache_remove(cache, EXTRACTS, key);
    }
}

/* A ZipReadFunc; `data` is a ViewReader. */
static gboolean read_here(void *data, guint64 offset, size_t length, GBytes **ret_bytes,
                          GError **error)
{
    ViewReader *reader = data;
    *ret_bytes = wheel_view_look(reader->view, offset, length);
    if (*ret_bytes)
        return TRUE;
    reader->missed = true;
    reader->offset = offset;
    reader->length = length;
    return error_set(error, ERROR_NETWORK, SPAN_NONE, "not all of it was read");
}

ZipSource wheel_view_source(ViewReader *reader)
{
    return (ZipSource){reader->view->size, read_here, reader};
}

/* Opening */

static bool load_directory(WheelView *view)
{
    g_autoptr(GBytes) bytes = cache_load(view->views->client->cache, DIRECTORIES, view->key);
    g_autoptr(SparseFile) tail = bytes ? sparse_file_decode(bytes) : NULL;
    guint64 size = tail ? sparse_file_size(tail) : 0;
    if (!tail || (view->size > 0 && size != view->size))
        return false;
    ViewReader reader = {.view = view};
    view->size = size;
    view->tail = g_steal_pointer(&tail);
    ZipSource source = wheel_view_source(&reader);
    view->directory = zip_directory_read(view->filename, &source, NULL);
    if (!view->directory)
        g_clear_pointer(&view->tail, sparse_file_free);
    return view->directory != NULL;
}

void wheel_view_save_tail(WheelView *view, GBytes *encoded)
{
    gsize length;
    const void *data = g_bytes_get_data(encoded, &length);
    cache_save(view->views->client->cache, DIRECTORIES, view->key, data, length);
}

static gboolean open_path(WheelView *view, ZipSource *ret_source, int *ret_fd, GError **error)
{
    *ret_fd = open(view->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (*ret_fd < 0)
        return error_set_errno(error, ERROR_FAILED, errno, "cannot open %s", view->path);
    return zip_source_from_fd(*ret_fd, ret_source, error);
}

static void use_path(WheelView *view)
{
    AUTO_FD int fd = -1;
    ZipSource source;
    g_autoptr(GError) error = NULL;
    if (open_path(view, &source, &fd, &error)) {
        view->size = source.size;
        g_clear_pointer(&view->directory, zip_directory_free);
        view->directory = zip_directory_read(view->filename, &source, &error);
    }
    if (error)
        wheel_view_set_problem(view, error);
}

static void take_wanted(WheelView *view, WheelWanted *wanted)
{
    view->path = g_steal_pointer(&wanted->path);
    if (wheel_wanted_is_remote(wanted))
        view->views->received += wanted->size;
    use_path(view);
}

/* One alone, so that what is wrong with it is nobody else's problem. */
static void fetch_one(WheelView *view)
{
    g_autoptr(GPtrArray) list = g_ptr_array_new();
    g_autoptr(GError) error = NULL;
    WheelWanted wanted = wheel_view_wanted(view);
    g_ptr_array_add(list, &wanted);
    if (wheels_fetch(view->views->client, view->views->blobs, list, NULL, NULL, &error))
        take_wanted(view, &wanted);
    else
        wheel_view_set_problem(view, error);
}

void wheel_views_fetch_whole(WheelViews *views, const GPtrArray *whole)
{
    g_autofree WheelWanted *wanted = g_new0(WheelWanted, whole->len);
    g_autoptr(GPtrArray) list = g_ptr_array_new();
    for (guint i = 0; i < whole->len; i++) {
        wanted[i] = wheel_view_wanted(whole->pdata[i]);
        g_ptr_array_add(list, &wanted[i]);
    }
    wheels_fetch(views->client, views->blobs, list, NULL, NULL, NULL);
    for (guint i = 0; i < whole->len; i++) {
        if (wanted[i].path)
            take_wanted(whole->pdata[i], &wanted[i]);
        else
            fetch_one(whole->pdata[i]);
    }
}

/* Sources, and what has to be built from them, can't be looked into. */
static bool is_wheel(WheelView *view)
{
    g_autoptr(GError) error = NULL;
    if (g_str_has_suffix(view->filename, ".whl") && (view->location || view->direct_url))
        return true;
    error_set(&error, ERROR_INPUT, SPAN_NONE, "it is no wheel and would have to be built");
    wheel_view_set_problem(view, error);
    return false;
}

/* Into which list a view goes that cannot be opened from here at once; NULL: it was. */
static GPtrArray *open_here(WheelView *view, const WheelWanted *wanted, GPtrArray *local,
                            GPtrArray *remote)
{
    view->path = blob_store_find(view->views->blobs, view->sha256, view->size);
    if (view->path) {
        use_path(view);
        return NULL;
    }
    if (!wheel_wanted_is_remote(wanted))
        return local;
    return load_directory(view) ? NULL : remote;
}

WheelViews *wheel_views_open(IndexClient *client, BlobStore *blobs, const GPtrArray *wanted,
                             G_GNUC_UNUSED GError **error)
{
    WheelViews *views = g_new0(WheelViews, 1);
    g_autoptr(GPtrArray) whole = g_ptr_array_new(), remote = g_ptr_array_new();
    views->client = client;
    views->blobs = blobs;
    views->owner = g_thread_self();
    views->all = g_ptr_array_new_with_free_func(view_free);
    views->by_hash = g_hash_table_new(g_str_hash, g_str_equal);
    for (guint i = 0; i < wanted->len; i++) {
        WheelView *view = view_new(views, wanted->pdata[i]);
        g_ptr_array_add(views->all, view);
        g_hash_table_insert(views->by_hash, view->sha256, view);
        GPtrArray *list = is_wheel(view) ? open_here(view, wanted->pdata[i], whole, remote) : NULL;
        if (list)
            g_ptr_array_add(list, view);
    }
    if (remote->len > 0)
        wheel_views_open_remote(views, remote, whole);
    if (whole->len > 0)
        wheel_views_fetch_whole(views, whole);
    return views;
}

/* Reading */

static GBytes *read_whole(const WheelView *view, const ZipMember *member, size_t limit,
                          GError **error)
{
    AUTO_FD int fd = -1;
    ZipSource source;
    return open_path((WheelView *)view, &source, &fd, error)
               ? zip_member_read(&source, member, limit, error)
               : NULL;
}

bool wheel_view_has(WheelView *view, const ZipMember *member)
{
    size_t header = ZIP_LOCAL_BYTES + strlen(member->name);
    g_autoptr(GBytes) bytes =
        wheel_view_look(view, member->offset, header + (size_t)member->compressed_size);
    return bytes != NULL;
}

/* From what is here. What does not fit the directory is not the file that the directory is of. */
static GBytes *read_brought(WheelView *view, const ZipMember *member, size_t limit, GError **error)
{
    ViewReader reader = {.view = view};
    ZipSource source = wheel_view_source(&reader);
    g_autoptr(GError) cause = NULL;
    GBytes *content = zip_member_read(&source, member, limit, &cause);
    if (content)
        return content;
    if (reader.missed) {
        error_set(error, ERROR_NETWORK, SPAN_NONE, "%s",
                  view->unreachable ? view->unreachable : "it was not read");
        return NULL;
    }
    wheel_view_forget(view);
    g_propagate_error(error, g_steal_pointer(&cause));
    return NULL;
}

static GBytes *read_member(WheelView *view, const char *name, size_t limit, GError **error)
{
    const ZipMember *member = view->directory ? zip_directory_find(view->directory, name) : NULL;
    if (!view->directory) {
        error_set(error, ERROR_NETWORK, SPAN_NONE, "%s", view->problem);
        return NULL;
    }
    if (!member) {
        error_set(error, ERROR_INPUT, SPAN_NONE, "it has no member %s", name);
        return NULL;
    }
    if (member->size > limit || member->compressed_size > limit + KIB) {
        error_set(error, ERROR_INPUT, SPAN_NONE,
                  "its member %s has %" G_GUINT64_FORMAT " bytes, the limit is %zu", name,
                  member->size, limit);
        return NULL;
    }
    if (!view->path && !view->unreachable && g_thread_self() == view->views->owner &&
        !wheel_view_has(view, member))
        wheel_view_bring_alone(view, member);
    return view->path ? read_whole(view, member, limit, error)
                      : read_brought(view, member, limit, error);
}

GBytes *wheel_view_read(WheelView *view, const char *name, size_t limit, GError **error)
{
    GError *cause = NULL;
    GBytes *content = read_member(view, name, limit, &cause);
    if (!content)
        error_wrap(error, cause, SPAN_NONE, "%s", view->filename);
    return content;
}
