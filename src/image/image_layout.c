#include "image/image_layout.h"

#include "base/digest.h"
#include "base/limits.h"
#include "image/layer_memory.h"
#include "image/reference.h"
#include "text/json.h"

enum {
    INDEX_DEPTH = 4,       /* indexes of indexes */
    IMAGE_DOCUMENTS = 500, /* indexes and manifests that one tag may lead to */
};

struct ImageLayout {
    LayoutKind kind;
    char *name;
    LayoutFiles *files;
};

void image_manifest_free(ImageManifest *manifest)
{
    if (!manifest)
        return;
    g_free(manifest->digest);
    image_config_free(manifest->config);
    g_ptr_array_unref(manifest->layers);
    g_free(manifest);
}

static void layer_destroy(void *data)
{
    ImageLayer *layer = data;
    g_free(layer->digest);
    g_free(layer->diff_id);
    g_free(layer->path);
    g_free(layer->media_type);
    if (layer->annotations)
        g_ptr_array_unref(layer->annotations);
    g_free(layer->name);
    g_free(layer);
}

static ImageManifest *manifest_new(const char *digest)
{
    ImageManifest *manifest = g_new0(ImageManifest, 1);
    manifest->digest = g_strdup(digest);
    manifest->layers = g_ptr_array_new_with_free_func(layer_destroy);
    return manifest;
}

ImageLayout *image_layout_open(LayoutKind kind, const char *path, const char *name, GError **error)
{
    LayoutFiles *files = layout_files_open(path, kind != LAYOUT_FOLDER, name, error);
    if (!files)
        return NULL;
    ImageLayout *layout = g_new0(ImageLayout, 1);
    layout->kind = kind;
    layout->name = g_strdup(name);
    layout->files = files;
    return layout;
}

void image_layout_free(ImageLayout *layout)
{
    if (!layout)
        return;
    layout_files_free(layout->files);
    g_free(layout->name);
    g_free(layout);
}

/* Documents */

typedef struct {
    char *name;
    char *text;
    size_t length;
    char *digest; /* "sha256:…" */
} Document;

static void document_clear(Document *document)
{
    g_free(document->name);
    g_free(document->text);
    g_free(document->digest);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Document, document_clear)

static gboolean read_document(void *data, const ArchiveInput *input, guint64 size, GError **error)
{
    Document *document = data;
    if (size > LIMIT_IMAGE_DOCUMENT_BYTES)
        return error_set(error, ERROR_INPUT, SPAN_NONE,
                         "%s has %" G_GUINT64_FORMAT " bytes, the limit is %zu", document->name,
                         size, LIMIT_IMAGE_DOCUMENT_BYTES);
    g_autofree char *text = g_malloc((size_t)size + 1);
    size_t done = 0;
    while (done < size) {
        gssize n = input->read(input->data, text + done, (size_t)size - done, error);
        if (n < 0)
            return FALSE;
        if (n == 0)
            return error_set(error, ERROR_INPUT, SPAN_NONE, "%s is cut off", document->name);
        done += (size_t)n;
    }
    text[done] = '\0';
    document->text = g_steal_pointer(&text);
    document->length = done;
    return TRUE;
}

/* The digest of the text, by the algorithm of `like`. */
static char *digest_text(const Document *document, const char *like)
{
    g_autofree char *algorithm = g_strndup(like, 6);
    g_autoptr(Digest) digest = digest_new(algorithm);
    digest_update(digest, document->text, document->length);
    g_autofree char *hex = digest_finish(digest);
    return g_strdup_printf("%s:%s", algorithm, hex);
}

/* `promised` NULL: nobody promised a digest. */
static gboolean load_document(const ImageLayout *layout, const char *path, const char *promised,
                              Document *ret_document, GError **error)
{
    g_auto(Document) document = {.name = g_strdup_printf("%s: %s", layout->name, path)};
    if (!layout_files_use(layout->files, path, read_document, &document, error))
        return FALSE;
    document.digest = digest_text(&document, promised ? promised : "sha256:");
    if (promised && !g_str_equal(promised, document.digest))
        return error_set(error, ERROR_INPUT, SPAN_NONE, "%s has the digest %s, not %s",
                         document.name, document.digest, promised);
    *ret_document = document;
    document = (Document){0};
    return TRUE;
}

static char *blob_path(const char *digest)
{
    return g_strdup_printf("blobs/%.6s/%s", digest, digest + 7);
}

static gboolean load_blob(const ImageLayout *layout, const char *digest, Document *ret_document,
                          GError **error)
{
    g_autofree char *path = blob_path(digest);
    return load_document(layout, path, digest, ret_document, error);
}

/* Configuration */

/* Reads it, and gives the layers their diff_ids. */
static gboolean take_config(const ImageLayout *layout, const Document *document,
                            ImageManifest *manifest, GError **error)
{
    ImageConfig *config =
        image_config_decode(document->name, document->text, document->length, error);
    if (!config)
        return FALSE;
    manifest->config = config;
    guint diff_ids = config->diff_ids->len;
    if (diff_ids > 0 && diff_ids != manifest->layers->len)
        return error_set(error, ERROR_INPUT, SPAN_NONE,
                         "%s: the configuration does not fit the manifest: %u diff_ids for %u "
                         "layers",
                         layout->name, diff_ids, manifest->layers->len);
    for (guint i = 0; i < diff_ids; i++) {
        ImageLayer *layer = manifest->layers->pdata[i];
        layer->diff_id = g_strdup(config->diff_ids->pdata[i]);
    }
    return TRUE;
}

static gboolean check_platform(const ImageLayout *layout, const ImageConfig *config,
                               const Platform *wanted, GError **error)
{
    if (platform_matches(wanted, config->os, config->architecture, config->variant))
        return TRUE;
    return error_set(error, ERROR_INPUT, SPAN_NONE, "%s is for %s/%s, not for %s/%s", layout->name,
                     config->os ? config->os : "?",
                     config->architecture ? config->architecture : "?", wanted->os,
                     wanted->architecture);
}

static ImageLayer *add_layer(const ImageLayout *layout, ImageManifest *manifest, char *take_path,
                             const char *digest)
{
    ImageLayer *layer = g_new0(ImageLayer, 1);
    layer->path = take_path;
    layer->digest = g_strdup(digest);
    layer->name = g_strdup_printf("%s: layer %s", layout->name, digest ? digest : take_path);
    g_ptr_array_add(manifest->layers, layer);
    return layer;
}

/* OCI layouts */

static ImageManifest *read_manifest(const ImageLayout *layout, const Document *document,
                                    GError **error)
{
    g_autoptr(ManifestDocument) read =
        manifest_document_decode(document->name, document->text, document->length, error);
    if (!read)
        return NULL;
    g_autoptr(ImageManifest) manifest = manifest_new(document->digest);
    for (guint i = 0; i < read->layers->len; i++) {
        const ImageDescriptor *descriptor = read->layers->pdata[i];
        ImageLayer *layer =
            add_layer(layout, manifest, blob_path(descriptor->digest), descriptor->digest);
        layer->size = descriptor->size;
        layer->media_type = g_strdup(media_type_as_oci(descriptor->media_type));
        if (descriptor->annotations->len > 0)
            layer->annotations = g_ptr_array_ref(descriptor->annotations);
    }
    g_auto(Document) config = {0};
    if (!load_blob(layout, read->config->digest, &config, error) ||
        !take_config(layout, &config, manifest, error))
        return NULL;
    return g_steal_pointer(&manifest);
}

static const char *name_of(const ImageDescriptor *descriptor)
{
    return image_pairs_find(descriptor->annotations, "org.opencontainers.image.ref.name");
}

static bool descriptor_fits(const ImageDescriptor *descriptor, const char *tag,
                            const Platform *wanted)
{
    static const Platform unsaid = {NULL, NULL, NULL};
    const Platform *platform = descriptor->platform ? descriptor->platform : &unsaid;
    const char *type = media_type_as_oci(descriptor->media_type);
    if (type && !g_str_equal(type, MEDIA_TYPE_MANIFEST) && !g_str_equal(type, MEDIA_TYPE_INDEX))
        return false;
    /* attestations are listed beside images, for a platform that nothing has */
    if (descriptor->artifact_type || g_strcmp0(platform->os, "unknown") == 0)
        return false;
    if (tag && g_strcmp0(name_of(descriptor), tag) != 0)
        return false;
    return platform_matches(wanted, platform->os, platform->architecture, platform->variant);
}

/* What there is to choose from, for messages. */
static char *list_choices(const IndexDocument *index)
{
    GString *out = g_string_new(NULL);
    for (guint i = 0; i < index->manifests->len && i < 20; i++) {
        const ImageDescriptor *descriptor = index->manifests->pdata[i];
        const Platform *platform = descriptor->platform;
        const char *name = name_of(descriptor);
        g_string_append_printf(out, "%s%s", out->len ? ", " : "", name ? name : "untagged");
        if (platform && platform->os)
            g_string_append_printf(out, " (%s/%s)", platform->os, platform->architecture);
    }
    return g_string_free(out, FALSE);
}

/* The descriptor that tag and platform single out. */
static const ImageDescriptor *choose_descriptor(const ImageLayout *layout,
                                                const IndexDocument *index, const char *tag,
                                                const Platform *wanted, GError **error)
{
    const ImageDescriptor *found = NULL;
    unsigned count = 0;
    for (guint i = 0; i < index->manifests->len; i++) {
        const ImageDescriptor *descriptor = index->manifests->pdata[i];
        if (!descriptor_fits(descriptor, tag, wanted))
            continue;
        if (!found || !g_str_equal(found->digest, descriptor->digest))
            count++;
        found = found ? found : descriptor;
    }
    if (count == 1)
        return found;
    g_autofree char *choices = list_choices(index);
    error_set(error, ERROR_INPUT, SPAN_NONE, "%s holds %s image%s%s for %s/%s", layout->name,
              count == 0 ? "no" : "more than one", tag ? " named " : "", tag ? tag : "", wanted->os,
              wanted->architecture);
    if (error && *choices)
        error_set_hint(*error, "it holds: %s", choices);
    return NULL;
}

/* Whether the document lists others: what describes it need not say. */
static bool is_index(const Document *document)
{
    g_autoptr(Json) json = json_parse(document->name, document->text, document->length, NULL);
    return json && json_find(json, "manifests");
}

static ImageManifest *read_oci(const ImageLayout *layout, const char *tag, const Platform *wanted,
                               GError **error)
{
    g_auto(Document) document = {0};
    if (!load_document(layout, "index.json", NULL, &document, error))
        return NULL;
    for (unsigned depth = 0; depth < INDEX_DEPTH; depth++) {
        g_autoptr(IndexDocument) index =
            index_document_decode(document.name, document.text, document.length, error);
        const ImageDescriptor *descriptor =
            index ? choose_descriptor(layout, index, tag, wanted, error) : NULL;
        g_auto(Document) next = {0};
        if (!descriptor || !load_blob(layout, descriptor->digest, &next, error))
            return NULL;
        if (!is_index(&next))
            return read_manifest(layout, &next, error);
        document_clear(&document);
        document = next;
        next = (Document){0};
        tag = NULL; /* names stand in index.json alone */
    }
    error_set(error, ERROR_INPUT, SPAN_NONE, "%s: its indexes are nested too deeply", layout->name);
    return NULL;
}

/* docker save */

static bool has_docker_tag(const Json *image, const char *tag)
{
    const Json *tags = json_find(image, "RepoTags");
    for (size_t i = 0; i < json_length(tags); i++) {
        const char *text = json_text(json_item(tags, i));
        const char *colon = text ? strrchr(text, ':') : NULL;
        if (g_strcmp0(text, tag) == 0 || (colon && g_str_equal(colon + 1, tag)))
            return true;
    }
    return false;
}

static const Json *choose_docker_image(const ImageLayout *layout, const Json *images,
                                       const char *tag, GError **error)
{
    const Json *found = NULL;
    unsigned count = 0;
    for (size_t i = 0; i < json_length(images); i++) {
        if (tag && !has_docker_tag(json_item(images, i), tag))
            continue;
        found = json_item(images, i);
        count++;
    }
    if (count == 1)
        return found;
    error_set(error, ERROR_INPUT, SPAN_NONE, "%s holds %s image%s%s", layout->name,
              count == 0 ? "no" : "more than one", tag ? " named " : "", tag ? tag : "");
    return NULL;
}

/* A path that is a digest: blobs/sha256/HEX, HEX.json or HEX.tar. */
static char *digest_of_path(const char *path, bool any_name)
{
    g_autofree char *name = g_path_get_basename(path);
    size_t hex = strspn(name, "0123456789abcdef");
    bool blob = g_str_has_prefix(path, "blobs/sha256/") && name[hex] == '\0';
    if (hex != DIGEST_SHA256_HEX || (!blob && !any_name))
        return NULL;
    return g_strdup_printf("sha256:%.64s", name);
}

static gboolean add_docker_layers(const ImageLayout *layout, const Json *layers,
                                  ImageManifest *manifest, GError **error)
{
    for (size_t i = 0; i < json_length(layers); i++) {
        const char *path = json_text(json_item(layers, i));
        if (!path)
            return error_set(error, ERROR_INPUT, SPAN_NONE, "%s: a layer has no path",
                             layout->name);
        g_autofree char *digest = digest_of_path(path, false);
        add_layer(layout, manifest, g_strdup(path), digest);
    }
    return TRUE;
}

static ImageManifest *read_docker(const ImageLayout *layout, const char *tag, GError **error)
{
    g_auto(Document) list = {0};
    if (!load_document(layout, "manifest.json", NULL, &list, error))
        return NULL;
    g_autoptr(Json) images = json_parse(list.name, list.text, list.length, error);
    const Json *image = images ? choose_docker_image(layout, images, tag, error) : NULL;
    if (!image)
        return NULL;
    const char *config_path = json_find_text(image, "Config");
    const Json *layers = json_find(image, "Layers");
    if (!config_path || !json_is_list(layers) || json_length(layers) > LIMIT_LAYERS) {
        error_set(error, ERROR_INPUT, SPAN_NONE, "%s: manifest.json has no Config or Layers",
                  layout->name);
        return NULL;
    }
    g_autofree char *promised = digest_of_path(config_path, true);
    g_auto(Document) config = {0};
    if (!load_document(layout, config_path, promised, &config, error))
        return NULL;
    g_autoptr(ImageManifest) manifest = manifest_new(config.digest);
    if (!add_docker_layers(layout, layers, manifest, error) ||
        !take_config(layout, &config, manifest, error))
        return NULL;
    return g_steal_pointer(&manifest);
}

ImageManifest *image_layout_read(ImageLayout *layout, const char *tag, const Platform *platform,
                                 GError **error)
{
    g_autoptr(ImageManifest) manifest = layout->kind == LAYOUT_DOCKER
                                            ? read_docker(layout, tag, error)
                                            : read_oci(layout, tag, platform, error);
    if (!manifest || !check_platform(layout, manifest->config, platform, error))
        return NULL;
    return g_steal_pointer(&manifest);
}

/* All images of a tag */

typedef struct {
    const ImageLayout *layout;
    GPtrArray *images; /* ImageManifest */
    unsigned documents;
} Collection;

static gboolean collect(Collection *collection, const char *digest, unsigned depth, GError **error)
{
    static const Platform any = {NULL, NULL, NULL};
    const ImageLayout *layout = collection->layout;
    g_auto(Document) document = {0};
    if (depth > INDEX_DEPTH || ++collection->documents > IMAGE_DOCUMENTS)
        return error_set(error, ERROR_INPUT, SPAN_NONE, "%s: its indexes list too much",
                         layout->name);
    if (!load_blob(layout, digest, &document, error))
        return FALSE;
    if (!is_index(&document)) {
        ImageManifest *manifest = read_manifest(layout, &document, error);
        if (manifest)
            g_ptr_array_add(collection->images, manifest);
        return manifest != NULL;
    }
    g_autoptr(IndexDocument) index =
        index_document_decode(document.name, document.text, document.length, error);
    for (guint i = 0; index && i < index->manifests->len; i++) {
        const ImageDescriptor *descriptor = index->manifests->pdata[i];
        if (descriptor_fits(descriptor, NULL, &any) &&
            !collect(collection, descriptor->digest, depth + 1, error))
            return FALSE;
    }
    return index != NULL;
}

/* The entries of index.json that have the name; without one, all must have the same. */
static GPtrArray *find_roots(const ImageLayout *layout, const IndexDocument *index, const char *tag,
                             GError **error)
{
    static const Platform any = {NULL, NULL, NULL};
    g_autoptr(GPtrArray) roots = g_ptr_array_new();
    bool several = false;
    for (guint i = 0; i < index->manifests->len; i++) {
        ImageDescriptor *descriptor = index->manifests->pdata[i];
        if (!descriptor_fits(descriptor, tag, &any))
            continue;
        const ImageDescriptor *first = roots->len > 0 ? roots->pdata[0] : descriptor;
        several = several || g_strcmp0(name_of(first), name_of(descriptor)) != 0;
        if (first == descriptor || !g_str_equal(first->digest, descriptor->digest))
            g_ptr_array_add(roots, descriptor);
    }
    if (roots->len == 1 || (roots->len > 0 && !several))
        return g_steal_pointer(&roots);
    g_autofree char *choices = list_choices(index);
    error_set(error, ERROR_INPUT, SPAN_NONE, "%s holds %s image%s%s", layout->name,
              roots->len == 0 ? "no" : "more than one", tag ? " named " : "", tag ? tag : "");
    if (error && *choices)
        error_set_hint(*error, "it holds: %s", choices);
    return NULL;
}

static gboolean collect_oci(Collection *collection, const char *tag, char **ret_digest,
                            GError **error)
{
    const ImageLayout *layout = collection->layout;
    g_auto(Document) document = {0};
    if (!load_document(layout, "index.json", NULL, &document, error))
        return FALSE;
    g_autoptr(IndexDocument) index =
        index_document_decode(document.name, document.text, document.length, error);
    g_autoptr(GPtrArray) roots = index ? find_roots(layout, index, tag, error) : NULL;
    for (guint i = 0; roots && i < roots->len; i++) {
        const ImageDescriptor *root = roots->pdata[i];
        if (!collect(collection, root->digest, 0, error))
            return FALSE;
    }
    if (roots)
        *ret_digest =
            roots->len == 1 ? g_strdup(((ImageDescriptor *)roots->pdata[0])->digest) : NULL;
    return roots != NULL;
}

GPtrArray *image_layout_read_all(ImageLayout *layout, const char *tag, char **ret_digest,
                                 GError **error)
{
    g_autoptr(GPtrArray) images =
        g_ptr_array_new_with_free_func((GDestroyNotify)image_manifest_free);
    Collection collection = {layout, images, 0};
    if (layout->kind == LAYOUT_DOCKER) {
        ImageManifest *manifest = read_docker(layout, tag, error);
        if (!manifest)
            return NULL;
        g_ptr_array_add(images, manifest);
        *ret_digest = g_strdup(manifest->digest);
    } else if (!collect_oci(&collection, tag, ret_digest, error)) {
        return NULL;
    }
    return g_steal_pointer(&images);
}

/* Layers */

typedef struct {
    const ImageLayer *layer;
    ImageLayerFunc each;
    void *data;
    LayerFound found;
} LayerReading;

static gboolean use_layer(void *data, const ArchiveInput *input, guint64 size, GError **error)
{
    LayerReading *reading = data;
    const ImageLayer *layer = reading->layer;
    LayerPromise promise = {layer->digest, layer->diff_id, layer->size};
    (void)size;
    g_autoptr(LayerStream) stream = layer_stream_new(layer->name, input, &promise, error);
    if (!stream)
        return FALSE;
    ArchiveInput tar = {layer_stream_read, NULL, stream};
    g_autoptr(ArchiveReader) reader = archive_reader_new(layer->name, &tar, error);
    return reader && reading->each(reading->data, reader, error) &&
           layer_stream_finish(stream, &reading->found, error);
}

static void remember_layer(ImageLayout *layout, const ImageLayer *layer, BlobStore *blobs,
                           const LayerFound *found)
{
    g_auto(FilePlace) place = {0};
    if (blobs && image_layout_find_layer(layout, layer, &place, NULL))
        layer_memory_save(blobs, &place, found);
}

gboolean image_layout_read_layer(ImageLayout *layout, const ImageLayer *layer, BlobStore *blobs,
                                 ImageLayerFunc each, void *data, GError **error)
{
    LayerReading reading = {layer, each, data, {0}};
    gboolean ok = layout_files_use(layout->files, layer->path, use_layer, &reading, error);
    if (ok)
        remember_layer(layout, layer, blobs, &reading.found);
    layer_found_clear(&reading.found);
    return ok;
}

/* A layer that was extracted before need not be again. */
static gboolean use_extracted(ImageLayout *layout, const ImageLayer *layer, BlobStore *blobs,
                              GError **error)
{
    g_auto(FilePlace) place = {0};
    if (!layout_files_find(layout->files, layer->path, &place, error))
        return FALSE;
    if (place.path || !layer->digest || !g_str_has_prefix(layer->digest, "sha256:"))
        return TRUE;
    g_autofree char *blob = blob_store_find(blobs, layer->digest + strlen("sha256:"), place.size);
    return !blob || layout_files_replace(layout->files, layer->path, blob, error);
}

gboolean image_layout_extract(ImageLayout *layout, const ImageManifest *manifest, BlobStore *blobs,
                              GError **error)
{
    g_autoptr(GPtrArray) paths = g_ptr_array_new();
    for (guint i = 0; i < manifest->layers->len; i++) {
        const ImageLayer *layer = manifest->layers->pdata[i];
        if (!use_extracted(layout, layer, blobs, error))
            return FALSE;
        g_ptr_array_add(paths, layer->path);
    }
    return layout_files_extract(layout->files, paths, blobs, error);
}

gboolean image_layout_find_layer(ImageLayout *layout, const ImageLayer *layer, FilePlace *ret_place,
                                 GError **error)
{
    return layout_files_find(layout->files, layer->path, ret_place, error);
}
