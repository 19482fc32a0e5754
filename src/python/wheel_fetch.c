#include "python/wheel_fetch.h"

#include "base/digest.h"
#include "base/limits.h"
#include "python/index_private.h"

enum {
    DOWNLOADS = 6, /* at once: enough to fill a line, few enough that the largest go first */
    MISSING_SHOWN = 10,
};

typedef struct {
    IndexClient *client;
    BlobStore *blobs;
    WheelArrived arrived;
    void *arrived_data;
    GPtrArray *locals;  /* Local */
    GPtrArray *fetches; /* Fetch, in the order in which they start */
    guint started, left;
    GQueue finished; /* Fetch that are on disk, or failed */
    bool any_finished;
    guint64 received, total; /* bytes; of those whose size is known */
} Batch;

typedef struct {
    Batch *batch;
    WheelWanted *wheel;
    char *url; /* may hold credentials */
    BlobWriter *writer;
    Digest *digest;
    guint64 length;
    bool asked_again; /* a wrong digest gets one more try */
    GError *error;
} Fetch;

static void fetch_free(void *data)
{
    Fetch *fetch = data;
    g_free(fetch->url);
    blob_writer_free(fetch->writer);
    digest_free(fetch->digest);
    g_clear_error(&fetch->error);
    g_free(fetch);
}

static gboolean set_wrong_digest(GError **error, const char *where, const WheelWanted *wheel,
                                 const char *found)
{
    g_autofree char *shown = url_redact(where);
    error_set(error, ERROR_VERIFY, SPAN_NONE,
              "%s is not the file that was locked: expected sha256 %s, found %s", shown,
              wheel->sha256, found);
    if (error)
        error_set_hint(*error,
                       "if it was replaced on purpose, `ramekin lock --upgrade %s` locks "
                       "the new one",
                       wheel->canonical);
    return FALSE;
}

/* Files on this machine */

/* A file that has to be hashed, unless that was done before. */
typedef struct {
    BlobStore *blobs;
    WheelWanted *wheel;
    char *path;
    GError *error;
} Local;

static void local_free(void *data)
{
    Local *local = data;
    g_free(local->path);
    g_clear_error(&local->error);
    g_free(local);
}

static gboolean verify_local(const Local *local, GError **error)
{
    WheelWanted *wheel = local->wheel;
    g_autofree char *found = NULL;
    bool same = false;
    GError *cause = NULL;
    if (!blob_store_verify_file(local->blobs, local->path, wheel->sha256, &same, &found, &cause))
        return error_wrap(error, cause, SPAN_NONE, "%s is locked", wheel->filename);
    if (!same)
        return set_wrong_digest(error, local->path, wheel, found);
    wheel->path = g_strdup(local->path);
    return TRUE;
}

static void run_local(void *data, void *unused G_GNUC_UNUSED)
{
    Local *local = data;
    verify_local(local, &local->error);
}

/* The file that an index or a folder of links has under the locked name, preferably with the locked
 * digest. Several may have one name: an index of links can list copies. */
static const IndexFile *find_on_page(const IndexPage *page, const WheelWanted *wheel)
{
    const IndexFile *best = NULL;
    for (guint i = 0; i < page->files->len; i++) {
        IndexFile seen;
        index_page_peek(page, i, &seen);
        if (!g_str_equal(seen.filename, wheel->filename))
            continue;
        if (g_strcmp0(seen.sha256, wheel->sha256) == 0)
            return index_page_file(page, i);
        if (!best || (best->sha256 && !seen.sha256))
            best = index_page_file(page, i);
    }
    return best;
}

static gboolean set_absent(GError **error, const WheelWanted *wheel)
{
    const IndexLocation *location = wheel->location;
    g_autofree char *shown = url_redact(location->url);
    error_set(error, ERROR_NETWORK, SPAN_NONE, "the index %s (%s) has no file %s any more",
              location->name, shown, wheel->filename);
    if (error)
        error_set_hint(*error, "`ramekin lock --upgrade %s` locks one that it has",
                       wheel->canonical);
    return FALSE;
}

gboolean wheel_wanted_find_url(IndexClient *client, const WheelWanted *wheel, char **ret_url,
                               GError **error)
{
    const IndexLocation *location = wheel->location;
    if (!location) {
        *ret_url = g_strdup(wheel->url);
        return TRUE;
    }
    const IndexPage *page = index_client_get_page(client, location, wheel->canonical, error);
    if (!page)
        return FALSE;
    const IndexFile *file = find_on_page(page, wheel);
    if (!file)
        return set_absent(error, wheel);
    if (file->sha256 && !g_str_equal(file->sha256, wheel->sha256))
        return set_wrong_digest(error, file->url, wheel, file->sha256);
    *ret_url = g_strdup(file->url);
    return TRUE;
}

/* Downloads */

static void show_progress(const Batch *batch, const Fetch *fetch)
{
    progress_detail(batch->client->progress, "%.1f of %.1f MB, %s", (double)batch->received / 1e6,
                    (double)MAX(batch->total, batch->received) / 1e6, fetch->wheel->filename);
}

/* The body begins, for the first time or anew. */
static gboolean begin(Fetch *fetch, GError **error)
{
    Batch *batch = fetch->batch;
    batch->received -= fetch->length;
    fetch->length = 0;
    g_clear_pointer(&fetch->digest, digest_free);
    fetch->digest = digest_new("sha256");
    if (fetch->writer)
        return blob_writer_restart(fetch->writer, error);
    fetch->writer = blob_writer_new(batch->blobs, error);
    return fetch->writer != NULL;
}

static gboolean take_bytes(void *data, guint64 offset, const void *bytes, size_t length,
                           GError **error)
{
    Fetch *fetch = data;
    const WheelWanted *wheel = fetch->wheel;
    if (offset == 0 && !begin(fetch, error))
        return FALSE;
    if (offset != fetch->length)
        return error_set(error, ERROR_FAILED, SPAN_NONE, "a download has a gap");
    if (wheel->size > 0 && length > wheel->size - fetch->length)
        return error_set(error, ERROR_VERIFY, SPAN_NONE,
                         "%s is longer than the %" G_GUINT64_FORMAT " bytes that were locked",
                         wheel->filename, wheel->size);
    if (!blob_writer_write(fetch->writer, bytes, length, error))
        return FALSE;
    digest_update(fetch->digest, bytes, length);
    fetch->length += length;
    fetch->batch->received += length;
    show_progress(fetch->batch, fetch);
    return TRUE;
}

static void start_fetch(Fetch *fetch);

/* The bytes are all there: are they the right ones? FALSE without error: they come once more. */
static gboolean accept(Fetch *fetch, GError **error)
{
    if (!fetch->digest && !begin(fetch, error))
        return FALSE; /* of an empty body */
    g_autofree char *found = digest_finish(fetch->digest);
    if (g_str_equal(found, fetch->wheel->sha256)) {
        blob_store_set_name(fetch->batch->blobs, found, fetch->wheel->filename);
        return blob_writer_commit(fetch->writer, found, &fetch->wheel->path, error);
    }
    if (fetch->asked_again)
        return set_wrong_digest(error, fetch->url, fetch->wheel, found);
    fetch->asked_again = true;
    start_fetch(fetch);
    return FALSE;
}

static void on_fetched(const HttpResponse *response, const GError *error, void *data)
{
    Fetch *fetch = data;
    Batch *batch = fetch->batch;
    if (error) {
        fetch->error = g_error_copy(error);
    } else if (response->status != 200) {
        g_autofree char *what = g_strdup_printf("cannot fetch %s", fetch->wheel->filename);
        http_set_status_error(&fetch->error, response, what);
    } else if (!accept(fetch, &fetch->error) && !fetch->error) {
        return;
    }
    g_clear_pointer(&fetch->writer, blob_writer_free);
    g_queue_push_tail(&batch->finished, fetch);
    batch->any_finished = true;
}

static void start_fetch(Fetch *fetch)
{
    HttpRequest request = HTTP_REQUEST(fetch->url, LIMIT_WHEEL_BYTES);
    request.sink = take_bytes;
    request.sink_data = fetch;
    request.digest_known = true;
    request.owner = fetch->batch;
    http_client_start(fetch->batch->client->http, &request, on_fetched, fetch);
}

static gboolean deliver(Batch *batch, WheelWanted *wheel, GError **error)
{
    return !batch->arrived || batch->arrived(batch->arrived_data, wheel, error);
}

static void start_some(Batch *batch, guint running)
{
    for (; running < DOWNLOADS && batch->started < batch->fetches->len; running++)
        start_fetch(batch->fetches->pdata[batch->started++]);
}

/* Files are handed on between rounds, not from within a callback: what they start may take long or
 * use the client. */
static gboolean download_all(Batch *batch, GError **error)
{
    guint done = 0;
    while (done < batch->fetches->len) {
        start_some(batch, batch->started - done);
        batch->any_finished = false;
        http_client_wait(batch->client->http, &batch->any_finished);
        Fetch *fetch;
        while ((fetch = g_queue_pop_head(&batch->finished))) {
            done++;
            start_some(batch, batch->started - done);
            if (fetch->error) {
                g_propagate_error(error, g_steal_pointer(&fetch->error));
                return FALSE;
            }
            if (!deliver(batch, fetch->wheel, error))
                return FALSE;
        }
    }
    return TRUE;
}

/* Which files are where */

bool wheel_wanted_is_remote(const WheelWanted *wheel)
{
    return url_is_http(wheel->location ? wheel->location->url : wheel->url);
}

static void add_fetch(Batch *batch, WheelWanted *wheel, const char *url)
{
    Fetch *fetch = g_new0(Fetch, 1);
    fetch->batch = batch;
    fetch->wheel = wheel;
    fetch->url = g_strdup(url);
    batch->total += wheel->size;
    g_ptr_array_add(batch->fetches, fetch);
}

static gboolean set_offline(GError **error, const GPtrArray *missing)
{
    const WheelWanted *first = missing->pdata[0];
    error_set(error, ERROR_NETWORK, SPAN_NONE,
              "%s is not on this machine, and nothing is fetched with --offline", first->filename);
    for (guint i = 1; error && i < MIN(missing->len, MISSING_SHOWN); i++)
        error_add_note(*error, SPAN_NONE, "nor is %s",
                       ((const WheelWanted *)missing->pdata[i])->filename);
    if (error && missing->len > MISSING_SHOWN)
        error_add_note(*error, SPAN_NONE, "nor are %u more", missing->len - MISSING_SHOWN);
    if (error)
        error_set_hint(*error, "run once without --offline to fetch what is missing");
    return FALSE;
}

static gboolean find_all(Batch *batch, const GPtrArray *missing, GError **error)
{
    for (guint i = 0; i < missing->len; i++) {
        const WheelWanted *wheel = missing->pdata[i];
        if (wheel->location)
            index_client_want_page(batch->client, wheel->location, wheel->canonical);
    }
    for (guint i = 0; i < missing->len; i++) {
        WheelWanted *wheel = missing->pdata[i];
        g_autofree char *url = NULL;
        if (!wheel_wanted_find_url(batch->client, wheel, &url, error))
            return FALSE;
        if (!url_is_http(url))
            return error_set(error, ERROR_INPUT, SPAN_NONE, "%s is at no http or https address",
                             wheel->filename);
        add_fetch(batch, wheel, url);
    }
    return TRUE;
}

/* One that needs no request, to batch->locals; FALSE without error: it does. */
static gboolean add_local(Batch *batch, WheelWanted *wheel, GError **error)
{
    g_autofree char *url = NULL;
    if (wheel_wanted_is_remote(wheel) || !wheel_wanted_find_url(batch->client, wheel, &url, error))
        return FALSE;
    Local *local = g_new0(Local, 1);
    local->blobs = batch->blobs;
    local->wheel = wheel;
    local->path = index_local_path(url);
    if (!local->path)
        local->path = g_strdup(url);
    g_ptr_array_add(batch->locals, local);
    return TRUE;
}

/* All are hashed at once, on all processors; what is said of them does not depend on which was
 * ready first. */
static gboolean use_locals(Batch *batch, GError **error)
{
    if (batch->locals->len == 0)
        return TRUE;
    GThreadPool *pool =
        g_thread_pool_new(run_local, NULL, (int)g_get_num_processors(), FALSE, NULL);
    for (guint i = 0; i < batch->locals->len; i++)
        g_thread_pool_push(pool, batch->locals->pdata[i], NULL);
    g_thread_pool_free(pool, FALSE, TRUE);
    for (guint i = 0; i < batch->locals->len; i++) {
        Local *local = batch->locals->pdata[i];
        if (local->error) {
            g_propagate_error(error, g_steal_pointer(&local->error));
            return FALSE;
        }
        if (!deliver(batch, local->wheel, error))
            return FALSE;
    }
    return TRUE;
}

/* Hands on what is in the store and sorts the rest into batch->locals and `missing`. */
static gboolean take_at_hand(Batch *batch, const GPtrArray *sorted, GPtrArray *missing,
                             GError **error)
{
    for (guint i = 0; i < sorted->len; i++) {
        WheelWanted *wheel = sorted->pdata[i];
        GError *cause = NULL;
        wheel->path = blob_store_find(batch->blobs, wheel->sha256, wheel->size);
        if (wheel->path ? deliver(batch, wheel, &cause) : add_local(batch, wheel, &cause))
            continue;
        if (cause) {
            g_propagate_error(error, cause);
            return FALSE;
        }
        g_ptr_array_add(missing, wheel);
    }
    return use_locals(batch, error);
}

static int compare_sizes(const void *a, const void *b)
{
    const WheelWanted *left = *(WheelWanted *const *)a, *right = *(WheelWanted *const *)b;
    if (left->size != right->size)
        return left->size < right->size ? 1 : -1;
    return strcmp(left->filename, right->filename);
}

static gboolean fetch_missing(Batch *batch, GPtrArray *missing, GError **error)
{
    if (missing->len == 0)
        return TRUE;
    if (batch->client->offline)
        return set_offline(error, missing);
    if (!find_all(batch, missing, error))
        return FALSE;
    progress_step(batch->client->progress, "fetching %u %s", missing->len,
                  missing->len == 1 ? "file" : "files");
    return download_all(batch, error);
}

gboolean wheels_fetch(IndexClient *client, BlobStore *blobs, GPtrArray *wanted,
                      WheelArrived arrived, void *data, GError **error)
{
    Batch batch = {.client = client, .blobs = blobs, .arrived = arrived, .arrived_data = data};
    g_autoptr(GPtrArray) sorted = g_ptr_array_copy(wanted, NULL, NULL);
    g_autoptr(GPtrArray) missing = g_ptr_array_new();
    g_ptr_array_set_free_func(sorted, NULL);
    batch.fetches = g_ptr_array_new_with_free_func(fetch_free);
    batch.locals = g_ptr_array_new_with_free_func(local_free);
    g_queue_init(&batch.finished);
    g_ptr_array_sort(sorted, compare_sizes);
    gboolean ok =
        take_at_hand(&batch, sorted, missing, error) && fetch_missing(&batch, missing, error);
    http_client_drop(client->http, &batch);
    g_queue_clear(&batch.finished);
    g_ptr_array_unref(batch.fetches);
    g_ptr_array_unref(batch.locals);
    return ok;
}
