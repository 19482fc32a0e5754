#include "sandbox/root.h"

#include "base/digest.h"
#include "image/blob.h"
#include "image/layer_stream.h"
#include "sandbox/root_private.h"
#include "sandbox/tree_unpack.h"

#include <unistd.h>

enum {
    TREE_VERSION = 1,     /* rises whenever the same layer becomes other files */
    OVERLAY_LAYERS = 400, /* the kernel allows 500 */
};

static void tree_destroy(void *data)
{
    cache_tree_free(data);
}

void sandbox_root_free(SandboxRoot *root)
{
    if (!root)
        return;
    image_config_free(root->config);
    g_ptr_array_unref(root->held);
    g_ptr_array_unref(root->trees);
    tree_store_free(root->store);
    if (root->user_namespace >= 0)
        close(root->user_namespace);
    g_mutex_clear(&root->lock);
    g_free(root->why_plain);
    g_free(root);
}

const ImageConfig *sandbox_root_config(const SandboxRoot *root)
{
    return root->config;
}

bool sandbox_root_is_writable(const SandboxRoot *root, const char **ret_why)
{
    if (ret_why)
        *ret_why = root->why_plain;
    return root->overlay;
}

/* Layers on their way into folders */

typedef struct {
    const SandboxRoot *root;
    const SandboxImage *image;
    guint first, count; /* layers that become this tree */
    bool overlay;
    CacheTree *tree;
    bool alone;
    GError *error;
} Job;

static void job_free(void *data)
{
    Job *job = data;
    cache_tree_free(job->tree);
    g_clear_error(&job->error);
    g_free(job);
}

static const char *diff_id_of(const Job *job, guint layer)
{
    return job->root->config->diff_ids->pdata[layer];
}

/* The chain id of image-spec 1.1 (config.md, "Layer ChainID"), which for one layer is its diff_id.
 */
static char *job_chain(const Job *job)
{
    g_autofree char *chain = g_strdup(diff_id_of(job, job->first));
    for (guint i = 1; i < job->count; i++) {
        g_autofree char *both = g_strconcat(chain, " ", diff_id_of(job, job->first + i), NULL);
        g_autofree char *hex = digest_sha256(both, strlen(both));
        g_free(chain);
        chain = g_strconcat("sha256:", hex, NULL);
    }
    return g_steal_pointer(&chain);
}

static char *job_key(const Job *job)
{
    g_autofree char *chain = job_chain(job);
    const char *hex = strchr(chain, ':');
    g_autofree char *other = hex && digest_is_sha256_hex(hex + 1)
                                 ? g_strdup(hex + 1)
                                 : digest_sha256(chain, strlen(chain));
    return g_strdup_printf("%s-%s%s%d", other, job->overlay ? "layer" : "chain",
                           job->root->id_base >= 0 ? "-ids" : "", TREE_VERSION);
}

/* What made the layer, as its image says. */
static char *job_name(const Job *job)
{
    guint at = 0;
    for (guint i = 0; i < job->root->config->history->len; i++) {
        const ImageHistory *entry = job->root->config->history->pdata[i];
        if (entry->empty_layer || at++ != job->first + job->count - 1)
            continue;
        const char *by = entry->created_by ? entry->created_by : "";
        by += g_str_has_prefix(by, "ramekin: ") ? strlen("ramekin: ") : 0;
        return job->overlay ? g_strdup_printf("layer: %.200s", by)
                            : g_strdup_printf("%u layers: %.200s", job->count, by);
    }
    return g_strdup_printf("%u layer%s", job->count, job->count == 1 ? "" : "s");
}

static ImageBlob *layer_blob(const Job *job, guint layer)
{
    const ImageBlob *blob = job->image->layers->pdata[layer];
    ImageBlob *copy = image_blob_copy(blob);
    if (copy->path || copy->bytes || !job->image->layout)
        return copy;
    g_autofree char *path = image_blob_layout_path(copy->digest);
    copy->path = g_build_filename(job->image->layout, path, NULL);
    return copy;
}

static gboolean unpack_layer(Job *job, guint layer, TreeUnpack *unpack, GError **error)
{
    g_autoptr(ImageBlob) blob = layer_blob(job, layer);
    g_autofree char *name = g_strdup_printf("layer %s", blob->digest);
    LayerPromise promise = {blob->digest, diff_id_of(job, layer), blob->size};
    g_autoptr(ImageBlobReader) bytes = image_blob_reader_new(blob, error);
    if (!bytes)
        return FALSE;
    ArchiveInput input = {image_blob_reader_read, NULL, bytes};
    g_autoptr(LayerStream) stream = layer_stream_new(name, &input, &promise, error);
    if (!stream)
        return FALSE;
    ArchiveInput tar = {layer_stream_read, NULL, stream};
    g_autoptr(ArchiveReader) reader = archive_reader_new(name, &tar, error);
    g_auto(LayerFound) found = {0};
    GError *cause = NULL;
    if (!reader)
        return FALSE;
    if (!tree_unpack_layer(unpack, reader, &cause))
        return error_wrap(error, cause, SPAN_NONE, "%s", name);
    return layer_stream_finish(stream, &found, error);
}

static CacheTree *unpack_tree(Job *job, const char *key, GError **error)
{
    g_autofree char *name = job_name(job);
    TreeUnpackOptions options = {job->overlay, job->root->id_base};
    g_autoptr(TreeWriter) writer = tree_writer_new(job->root->store, error);
    g_autoptr(TreeUnpack) unpack =
        writer ? tree_unpack_new(tree_writer_path(writer), &options, error) : NULL;
    if (!unpack)
        return NULL;
    for (guint i = 0; i < job->count; i++) {
        if (!unpack_layer(job, job->first + i, unpack, error))
            return NULL;
    }
    if (!tree_unpack_finish(unpack, &job->alone, error))
        return NULL;
    if (job->overlay && !job->alone)
        return NULL; /* the image becomes one tree instead */
    return tree_writer_commit(writer, key, name, error);
}

static void do_job(void *data, void *nothing)
{
    Job *job = data;
    (void)nothing;
    g_autofree char *key = job_key(job);
    job->tree = unpack_tree(job, key, &job->error);
}

/* Those whose tree is not there yet. */
static GPtrArray *find_missing(const GPtrArray *jobs)
{
    GPtrArray *missing = g_ptr_array_new();
    for (guint i = 0; i < jobs->len; i++) {
        Job *job = jobs->pdata[i];
        g_autofree char *key = job_key(job);
        job->tree = tree_store_find(job->root->store, key);
        if (!job->tree)
            g_ptr_array_add(missing, job);
    }
    return missing;
}

static void run_jobs(const GPtrArray *jobs, Progress *progress)
{
    g_autoptr(GPtrArray) missing = find_missing(jobs);
    if (missing->len == 0)
        return;
    progress_step(progress, "unpacking %u layer%s", missing->len, missing->len == 1 ? "" : "s");
    GThreadPool *pool = g_thread_pool_new(do_job, NULL, (int)g_get_num_processors(), FALSE, NULL);
    for (guint i = 0; i < missing->len; i++)
        g_thread_pool_push(pool, missing->pdata[i], NULL);
    g_thread_pool_free(pool, FALSE, TRUE);
}

static GPtrArray *list_jobs(const SandboxRoot *root, const SandboxImage *image)
{
    GPtrArray *jobs = g_ptr_array_new_with_free_func(job_free);
    guint layers = image->layers->len;
    for (guint i = 0; i < (root->overlay ? layers : MIN(layers, 1)); i++) {
        Job *job = g_new0(Job, 1);
        *job = (Job){.root = root,
                     .image = image,
                     .first = i,
                     .count = root->overlay ? 1 : layers,
                     .overlay = root->overlay};
        g_ptr_array_add(jobs, job);
    }
    return jobs;
}

/* The uppermost first; the lower one of two that are equal shows nothing of its own. */
static void take_trees(SandboxRoot *root, GPtrArray *jobs)
{
    for (guint i = jobs->len; i > 0; i--) {
        Job *job = jobs->pdata[i - 1];
        bool twice = false;
        for (guint k = 0; k < root->trees->len; k++)
            twice = twice || g_str_equal(root->trees->pdata[k], job->tree->path);
        if (!twice)
            g_ptr_array_add(root->trees, g_strdup(job->tree->path));
        g_ptr_array_add(root->held, g_steal_pointer(&job->tree));
    }
    g_ptr_array_add(root->trees, NULL);
}

static gboolean unpack_layers(SandboxRoot *root, const SandboxImage *image, Progress *progress,
                              bool *ret_alone, GError **error)
{
    g_autoptr(GPtrArray) jobs = list_jobs(root, image);
    run_jobs(jobs, progress);
    *ret_alone = true;
    for (guint i = 0; i < jobs->len; i++) {
        Job *job = jobs->pdata[i];
        if (job->error) {
            g_propagate_error(error, g_steal_pointer(&job->error));
            return FALSE;
        }
        *ret_alone = *ret_alone && job->tree;
    }
    if (*ret_alone)
        take_trees(root, jobs);
    return TRUE;
}

/* An image without layers is an empty folder. */
static gboolean need_some_tree(SandboxRoot *root, GError **error)
{
    if (root->trees->pdata[0])
        return TRUE;
    static const char key[] = "empty-tree";
    CacheTree *tree = tree_store_find(root->store, key);
    if (!tree) {
        g_autoptr(TreeWriter) writer = tree_writer_new(root->store, error);
        tree = writer ? tree_writer_commit(writer, key, "no layer at all", error) : NULL;
    }
    if (!tree)
        return FALSE;
    g_ptr_array_set_size(root->trees, 0);
    g_ptr_array_add(root->trees, g_strdup(tree->path));
    g_ptr_array_add(root->trees, NULL);
    g_ptr_array_add(root->held, tree);
    return TRUE;
}

static gboolean make_trees(SandboxRoot *root, const SandboxImage *image, Progress *progress,
                           GError **error)
{
    bool alone, overlay = root->overlay;
    if (image->layers->len > OVERLAY_LAYERS)
        root->overlay = false; /* for unpacking: the overlay is laid over one tree */
    if (!unpack_layers(root, image, progress, &alone, error))
        return FALSE;
    if (!alone) {
        root->overlay = false;
        if (!unpack_layers(root, image, progress, &alone, error))
            return FALSE;
    }
    root->overlay = overlay;
    return need_some_tree(root, error);
}

static gboolean check_image(const SandboxImage *image, GError **error)
{
    return image->config->diff_ids->len == image->layers->len ||
           error_set(error, ERROR_INPUT, SPAN_NONE, "the image has %u layers and %u diff_ids",
                     image->layers->len, image->config->diff_ids->len);
}

static gboolean open_root(SandboxRoot *root, const SandboxImage *image,
                          const SandboxRootOptions *options, GError **error)
{
    g_autoptr(TreeWriter) writer = tree_writer_new(root->store, error);
    if (!writer || !check_image(image, error))
        return FALSE;
    g_autofree char *why = NULL;
    if (!root_probe(root, tree_writer_path(writer), &why, error))
        return FALSE;
    if (options->no_overlay)
        root->why_plain = g_strdup("no overlay is wanted");
    else
        root->why_plain = g_steal_pointer(&why);
    root->overlay = !root->why_plain;
    return make_trees(root, image, options->progress, error);
}

SandboxRoot *sandbox_root_open(const SandboxImage *image, const SandboxRootOptions *options,
                               GError **error)
{
    g_autoptr(SandboxRoot) root = g_new0(SandboxRoot, 1);
    root->config = image_config_copy(image->config);
    root->store = tree_store_new(options->cache);
    root->held = g_ptr_array_new_with_free_func(tree_destroy);
    root->trees = g_ptr_array_new_with_free_func(g_free);
    root->write_bytes = options->write_bytes;
    g_mutex_init(&root->lock);
    root->id_base = -1;
    root->user_namespace =
        geteuid() == 0 ? child_user_namespace(ROOT_ID_BASE, TREE_UNPACK_IDS) : -1;
    if (root->user_namespace >= 0)
        root->id_base = ROOT_ID_BASE;
    return open_root(root, image, options, error) ? g_steal_pointer(&root) : NULL;
}
