#include "emit/layer_maker.h"

#include "base/digest.h"
#include "image/image_output.h"

#include <unistd.h>

/* What is remembered of a layer that was made: "DIFF_ID DIGEST SIZE TAR_SIZE TOC", the last "-" for
 * formats without. */
static const char fact_kind[] = "layer";

typedef struct {
    char *key;
    const LayerSource *source; /* until it is done */
    MadeLayer layer;
    GError *error;
    bool done;
} Job;

struct LayerMaker {
    BlobStore *blobs;
    LayerMakerOptions options;
    GThreadPool *pool;
    GHashTable *jobs; /* key → Job; looked up only */
    GMutex lock;
    GCond changed;
    int stopped;    /* atomic */
    unsigned ready; /* layers, for progress */
};

static void job_free(void *data)
{
    Job *job = data;
    g_free(job->key);
    layer_summary_clear(&job->layer.summary);
    g_free(job->layer.path);
    g_clear_error(&job->error);
    g_free(job);
}

/* Memory of layers */

static char *fact_of(const LayerSummary *summary)
{
    return g_strdup_printf("%s %s %" G_GUINT64_FORMAT " %" G_GUINT64_FORMAT " %s", summary->diff_id,
                           summary->digest, summary->size, summary->tar_size,
                           summary->toc_digest ? summary->toc_digest : "-");
}

static bool parse_fact(const char *text, LayerSummary *ret_summary)
{
    g_auto(GStrv) words = g_strsplit(text, " ", 6);
    guint64 size, tar_size;
    if (g_strv_length(words) != 5 || !digest_is_sha256_hex(words[0]) ||
        !digest_is_sha256_hex(words[1]) ||
        !g_ascii_string_to_unsigned(words[2], 10, 0, G_MAXINT64, &size, NULL) ||
        !g_ascii_string_to_unsigned(words[3], 10, 0, G_MAXINT64, &tar_size, NULL))
        return false;
    bool has_toc = !g_str_equal(words[4], "-");
    if (has_toc && !digest_is_sha256_hex(words[4]))
        return false;
    *ret_summary = (LayerSummary){.diff_id = g_strdup(words[0]),
                                  .digest = g_strdup(words[1]),
                                  .size = size,
                                  .tar_size = tar_size,
                                  .toc_digest = has_toc ? g_strdup(words[4]) : NULL};
    return true;
}

/* Whether the layer was made before and its blob is still somewhere. */
static bool find_made(const LayerMaker *maker, Job *job)
{
    g_autofree char *fact = blob_store_load_fact(maker->blobs, fact_kind, job->source->key);
    MadeLayer *layer = &job->layer;
    if (!fact || !parse_fact(fact, &layer->summary))
        return false;
    g_autofree char *digest = g_strconcat("sha256:", layer->summary.digest, NULL);
    if (maker->options.layout &&
        image_layout_has_blob(maker->options.layout, digest, layer->summary.size)) {
        layer->state = LAYER_PRESENT;
        return true;
    }
    layer->path = blob_store_find(maker->blobs, layer->summary.digest, layer->summary.size);
    layer->state = LAYER_CACHED;
    if (layer->path)
        return true;
    layer_summary_clear(&layer->summary);
    return false;
}

/* Making */

typedef struct {
    BlobWriter *writer;
    LayerMaker *maker;
} Sink;

static gboolean take_bytes(void *data, const void *bytes, size_t length, GError **error)
{
    const Sink *sink = data;
    if (g_atomic_int_get(&sink->maker->stopped))
        return error_set(error, ERROR_FAILED, SPAN_NONE, "stopped");
    return blob_writer_write(sink->writer, bytes, length, error);
}

static gboolean make_layer(LayerMaker *maker, Job *job, GError **error)
{
    g_autoptr(BlobWriter) writer = blob_writer_new(maker->blobs, error);
    if (!writer)
        return FALSE;
    Sink sink = {writer, maker};
    g_auto(LayerSummary) summary = {0};
    if (!layer_source_write(job->source, take_bytes, &sink, &summary, error) ||
        !blob_writer_commit(writer, summary.digest, &job->layer.path, error))
        return FALSE;
    g_autofree char *fact = fact_of(&summary);
    blob_store_save_fact(maker->blobs, fact_kind, job->source->key, fact);
    g_autofree char *name = g_strconcat("layer: ", job->source->source, NULL);
    blob_store_set_name(maker->blobs, summary.digest, name);
    job->layer.summary = summary;
    summary = (LayerSummary){0};
    job->layer.state = LAYER_NEW;
    return TRUE;
}

static void run_job(void *data, void *user_data)
{
    Job *job = data;
    LayerMaker *maker = user_data;
    GError *error = NULL;
    if (g_atomic_int_get(&maker->stopped))
        error_set(&error, ERROR_FAILED, SPAN_NONE, "stopped");
    else
        make_layer(maker, job, &error);
    g_mutex_lock(&maker->lock);
    job->error = error;
    job->done = true;
    maker->ready++;
    g_cond_broadcast(&maker->changed);
    g_mutex_unlock(&maker->lock);
}

LayerMaker *layer_maker_new(BlobStore *blobs, const LayerMakerOptions *options)
{
    LayerMaker *maker = g_new0(LayerMaker, 1);
    maker->blobs = blobs;
    maker->options = *options;
    maker->jobs = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, job_free);
    g_mutex_init(&maker->lock);
    g_cond_init(&maker->changed);
    unsigned threads = options->jobs ? options->jobs : g_get_num_processors();
    if (!options->dry_run)
        maker->pool = g_thread_pool_new(run_job, maker, (int)threads, FALSE, NULL);
    return maker;
}

void layer_maker_free(LayerMaker *maker)
{
    if (!maker)
        return;
    g_atomic_int_set(&maker->stopped, 1);
    if (maker->pool)
        g_thread_pool_free(maker->pool, FALSE, TRUE);
    g_hash_table_unref(maker->jobs);
    g_mutex_clear(&maker->lock);
    g_cond_clear(&maker->changed);
    g_free(maker);
}

void layer_maker_want(LayerMaker *maker, const LayerSource *source)
{
    if (g_hash_table_contains(maker->jobs, source->key))
        return;
    Job *job = g_new0(Job, 1);
    job->key = g_strdup(source->key);
    job->source = source;
    g_hash_table_insert(maker->jobs, job->key, job);
    job->done = find_made(maker, job);
    if (!job->done && maker->options.dry_run) {
        job->layer.state = LAYER_UNKNOWN;
        job->done = true;
    }
    if (job->done) {
        g_mutex_lock(&maker->lock);
        maker->ready++;
        g_mutex_unlock(&maker->lock);
        return;
    }
    g_thread_pool_push(maker->pool, job, NULL);
}

static void wait_for(LayerMaker *maker, const Job *job)
{
    g_mutex_lock(&maker->lock);
    while (!job->done) {
        progress_detail(maker->options.progress, "%u of %u layers", maker->ready,
                        g_hash_table_size(maker->jobs));
        g_cond_wait(&maker->changed, &maker->lock);
    }
    g_mutex_unlock(&maker->lock);
}

gboolean layer_maker_get(LayerMaker *maker, const LayerSource *source, const MadeLayer **ret_layer,
                         GError **error)
{
    layer_maker_want(maker, source);
    Job *job = g_hash_table_lookup(maker->jobs, source->key);
    wait_for(maker, job);
    if (job->error) {
        g_propagate_error(error, g_error_copy(job->error));
        return FALSE;
    }
    *ret_layer = &job->layer;
    return TRUE;
}
