#include "base/io.h"
#include "base/limits.h"
#include "python/index_private.h"

#include <sys/stat.h>

static const char SIZES[] = "sizes";

typedef struct {
    IndexClient *client;
    unsigned left;
    bool done;
    GError *error; /* the first one, in the order of the files */
    unsigned failed;
} Batch;

typedef struct {
    Batch *batch;
    IndexFile *file;
    unsigned place;
    bool asked_range;
    Download hash;
} Job;

static void job_end(Job *job)
{
    Batch *batch = job->batch;
    batch->done = --batch->left == 0;
    download_clear(&job->hash);
    g_free(job);
}

static void job_fail(Job *job, const GError *error)
{
    Batch *batch = job->batch;
    if (!batch->error || job->place < batch->failed) {
        g_clear_error(&batch->error);
        batch->error = g_error_copy(error);
        batch->failed = job->place;
    }
    job_end(job);
}

static void job_fail_status(Job *job, const HttpResponse *response)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *what = g_strdup_printf("cannot look at %s", job->file->filename);
    http_set_status_error(&error, response, what);
    job_fail(job, error);
}

void index_keep_size(IndexClient *client, const char *sha256, guint64 size)
{
    g_autofree char *text = g_strdup_printf("%" G_GUINT64_FORMAT, size);
    cache_save(client->cache, SIZES, sha256, text, strlen(text));
}

static void set_size(Job *job, gint64 size)
{
    job->file->size = size;
    if (job->file->sha256)
        index_keep_size(job->batch->client, job->file->sha256, (guint64)size);
}

/* Texts of a page's file belong to its client, those of a user's file to itself. */
static void set_sha256(Job *job, char *sha256)
{
    if (job->file->location)
        job->file->sha256 = g_string_chunk_insert(job->batch->client->texts, sha256);
    else
        job->file->sha256 = g_strdup(sha256);
    g_free(sha256);
}

static void on_hashed(const HttpResponse *response, const GError *error, void *data)
{
    Job *job = data;
    if (error) {
        job_fail(job, error);
    } else if (response->status != 200) {
        job_fail_status(job, response);
    } else {
        set_sha256(job, download_sha256(&job->hash));
        set_size(job, (gint64)job->hash.length);
        job_end(job);
    }
}

static void ask_size(Job *job);

static void on_size(const HttpResponse *response, const GError *error, void *data)
{
    Job *job = data;
    bool known = !error && response->content_length >= 0 &&
                 (response->status == 200 || response->status == 206);
    if (known) {
        set_size(job, response->content_length);
        job_end(job);
    } else if (!error && !job->asked_range && response->status != 404) {
        job->asked_range = true;
        ask_size(job);
    } else if (error) {
        job_fail(job, error);
    } else {
        job_fail_status(job, response);
    }
}

/* HEAD, and where that is refused the first byte, whose answer tells the total. */
static void ask_size(Job *job)
{
    HttpRequest request = HTTP_REQUEST(job->file->url, 1);
    request.owner = job->batch->client;
    request.method = job->asked_range ? HTTP_GET : HTTP_HEAD;
    if (job->asked_range)
        request.range_first = request.range_last = 0;
    http_client_start(job->batch->client->http, &request, on_size, job);
}

static void ask_hash(Job *job)
{
    HttpRequest request = HTTP_REQUEST(job->file->url, LIMIT_WHEEL_BYTES);
    request.owner = job->batch->client;
    request.sink = download_sink;
    request.sink_data = &job->hash;
    http_client_start(job->batch->client->http, &request, on_hashed, job);
}

static void complete_local(Job *job)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *path = url_to_path(job->file->url);
    struct stat st;
    if (!path || stat(path, &st) < 0) {
        error_set(&error, ERROR_INPUT, SPAN_NONE, "there is no file %s",
                  path ? path : job->file->url);
        job_fail(job, error);
        return;
    }
    char *sha256 = job->file->sha256 ? NULL : digest_sha256_file(path, &error);
    if (error) {
        job_fail(job, error);
        return;
    }
    if (sha256)
        set_sha256(job, sha256);
    job->file->size = st.st_size;
    job_end(job);
}

static bool load_size(IndexClient *client, IndexFile *file)
{
    g_autoptr(GBytes) bytes = file->sha256 ? cache_load(client->cache, SIZES, file->sha256) : NULL;
    if (!bytes)
        return false;
    gsize length;
    const char *data = g_bytes_get_data(bytes, &length);
    g_autofree char *text = g_strndup(data, length);
    file->size = g_ascii_strtoll(text, NULL, 10);
    return true;
}

static void start_job(Batch *batch, IndexFile *file, unsigned place)
{
    g_autoptr(GError) error = NULL;
    Job *job = g_new0(Job, 1);
    job->batch = batch;
    job->file = file;
    job->place = place;
    job->hash.fd = -1;
    batch->left++;
    if (!url_is_http(file->url)) {
        complete_local(job);
    } else if (batch->client->offline) {
        error_set(&error, ERROR_NETWORK, SPAN_NONE,
                  "the size of %s is not in the cache, and nothing is fetched with --offline",
                  file->filename);
        job_fail(job, error);
    } else if (!file->sha256) {
        ask_hash(job);
    } else {
        ask_size(job);
    }
}

gboolean index_client_complete_files(IndexClient *client, GPtrArray *files, GError **error)
{
    Batch batch = {.client = client};
    for (unsigned i = 0; i < files->len; i++) {
        IndexFile *file = files->pdata[i];
        if (file->sha256 && (file->size >= 0 || load_size(client, file)))
            continue;
        start_job(&batch, file, i);
    }
    batch.done = batch.left == 0;
    http_client_wait(client->http, &batch.done);
    if (!batch.error)
        return TRUE;
    g_propagate_error(error, batch.error);
    return FALSE;
}
