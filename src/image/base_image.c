#include "image/base_image.h"

#include "image/layer_memory.h"

void base_image_free(BaseImage *image)
{
    if (!image)
        return;
    g_free(image->digest);
    image_config_free(image->config);
    g_ptr_array_unref(image->layers);
    g_ptr_array_unref(image->annotations);
    g_free(image);
}

static void annotations_free(void *annotations)
{
    if (annotations)
        g_ptr_array_unref(annotations);
}

static BaseImage *image_new(const char *digest, ImageConfig *take_config)
{
    BaseImage *image = g_new0(BaseImage, 1);
    image->digest = g_strdup(digest);
    image->config = take_config;
    image->layers = g_ptr_array_new_with_free_func((GDestroyNotify)image_blob_free);
    image->annotations = g_ptr_array_new_with_free_func(annotations_free);
    return image;
}

BaseImage *base_image_new_scratch(const Platform *platform)
{
    return image_new(NULL, image_config_new(platform));
}

void base_image_add_layer(BaseImage *image, ImageBlob *take_blob, const char *diff_id,
                          const GPtrArray *annotations)
{
    g_ptr_array_add(image->layers, take_blob);
    g_ptr_array_add(image->config->diff_ids, g_strdup(diff_id));
    g_ptr_array_add(image->annotations,
                    annotations ? g_ptr_array_ref((GPtrArray *)annotations) : NULL);
}

/* The layer's media type, or NULL with an error: what the manifest says, else what the blob is. */
static const char *media_type_of(const ImageLayer *layer, Compression compression, GError **error)
{
    static const char *const types[] = {
        [COMPRESSION_NONE] = MEDIA_TYPE_LAYER,
        [COMPRESSION_GZIP] = MEDIA_TYPE_LAYER_GZIP,
        [COMPRESSION_ZSTD] = MEDIA_TYPE_LAYER_ZSTD,
        [COMPRESSION_OTHER] = NULL,
    };
    static const char *const prefixes[] = {
        "application/vnd.oci.image.layer.",
        "application/vnd.docker.image.rootfs.",
    };
    if (!layer->media_type) {
        if (!types[compression])
            error_set(error, ERROR_INPUT, SPAN_NONE,
                      "%s is compressed in a way that layers are not (image-spec 1.1)",
                      layer->name);
        return types[compression];
    }
    for (size_t i = 0; i < G_N_ELEMENTS(prefixes); i++) {
        if (g_str_has_prefix(layer->media_type, prefixes[i]))
            return layer->media_type;
    }
    error_set(error, ERROR_INPUT, SPAN_NONE, "%s is no layer: its media type is '%.200s'",
              layer->name, layer->media_type);
    return NULL;
}

/* One layer on its way through a thread. */
typedef struct {
    const ImageLayer *layer;
    BlobStore *blobs;
    FilePlace place;
    LayerFound found;
    GError *error;
} LayerCheck;

static void check_free(void *data)
{
    LayerCheck *check = data;
    file_place_clear(&check->place);
    layer_found_clear(&check->found);
    g_clear_error(&check->error);
    g_free(check);
}

static bool is_as_promised(const LayerPromise *promise, const LayerFound *found)
{
    return (!promise->digest || g_str_equal(promise->digest, found->digest)) &&
           (!promise->diff_id || g_str_equal(promise->diff_id, found->diff_id)) &&
           (promise->size == 0 || promise->size == found->size);
}

static gboolean read_layer(LayerCheck *check, const LayerPromise *promise, GError **error)
{
    g_auto(PlaceReader) reader = {.fd = -1};
    if (!place_reader_open(&reader, &check->place, error))
        return FALSE;
    ArchiveInput input = place_reader_input(&reader);
    g_autoptr(LayerStream) stream = layer_stream_new(check->layer->name, &input, promise, error);
    if (!stream || !layer_stream_finish(stream, &check->found, error))
        return FALSE;
    layer_memory_save(check->blobs, &check->place, &check->found);
    return TRUE;
}

static void check_layer(void *data, void *nothing)
{
    LayerCheck *check = data;
    const ImageLayer *layer = check->layer;
    LayerPromise promise = {layer->digest, layer->diff_id, layer->size};
    (void)nothing;
    if (layer_memory_load(check->blobs, &check->place, &check->found)) {
        if (is_as_promised(&promise, &check->found))
            return;
        layer_found_clear(&check->found);
    }
    read_layer(check, &promise, &check->error);
}

static gboolean run_checks(GPtrArray *checks, GError **error)
{
    GThreadPool *pool =
        g_thread_pool_new(check_layer, NULL, (int)g_get_num_processors(), FALSE, NULL);
    for (guint i = 0; i < checks->len; i++)
        g_thread_pool_push(pool, checks->pdata[i], NULL);
    g_thread_pool_free(pool, FALSE, TRUE);
    for (guint i = 0; i < checks->len; i++) {
        LayerCheck *check = checks->pdata[i];
        if (check->error)
            return error_wrap(error, g_steal_pointer(&check->error), SPAN_NONE, "layer %u of %u",
                              i + 1, checks->len);
    }
    return TRUE;
}

static GPtrArray *list_checks(ImageLayout *layout, const ImageManifest *manifest, BlobStore *blobs,
                              GError **error)
{
    g_autoptr(GPtrArray) checks = g_ptr_array_new_with_free_func(check_free);
    for (guint i = 0; i < manifest->layers->len; i++) {
        LayerCheck *check = g_new0(LayerCheck, 1);
        g_ptr_array_add(checks, check);
        check->layer = manifest->layers->pdata[i];
        check->blobs = blobs;
        GError *cause = NULL;
        if (!image_layout_find_layer(layout, check->layer, &check->place, &cause)) {
            error_wrap(error, cause, SPAN_NONE, "layer %u of %u", i + 1, manifest->layers->len);
            return NULL;
        }
    }
    return g_steal_pointer(&checks);
}

static gboolean add_checked(BaseImage *image, const LayerCheck *check, GError **error)
{
    const LayerFound *found = &check->found;
    const char *type = media_type_of(check->layer, found->compression, error);
    if (!type)
        return FALSE;
    base_image_add_layer(image,
                         image_blob_new_file(type, found->digest, found->size, check->place.path,
                                             check->place.offset),
                         found->diff_id, check->layer->annotations);
    return TRUE;
}

BaseImage *base_image_open_layout(ImageLayout *layout, const char *tag, const Platform *platform,
                                  BlobStore *blobs, GError **error)
{
    g_autoptr(ImageManifest) manifest = image_layout_read(layout, tag, platform, error);
    if (!manifest || !image_layout_extract(layout, manifest, blobs, error))
        return NULL;
    g_autoptr(GPtrArray) checks = list_checks(layout, manifest, blobs, error);
    if (!checks || !run_checks(checks, error))
        return NULL;
    g_autoptr(BaseImage) image = image_new(manifest->digest, g_steal_pointer(&manifest->config));
    g_ptr_array_set_size(image->config->diff_ids, 0); /* found again, or not said */
    for (guint i = 0; i < checks->len; i++) {
        if (!add_checked(image, checks->pdata[i], error))
            return NULL;
    }
    return g_steal_pointer(&image);
}
