#include "image/image_layout.h"

#include "base/auto.h"
#include "base/digest.h"
#include "base/io.h"
#include "base/limits.h"
#include "base/sorted.h"
#include "image/reference.h"
#include "text/json.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

enum {
    INDEX_DEPTH = 4, /* indexes of indexes */
    BLOB_LINKS = 8,  /* symbolic links between the files of a docker archive */
};

struct ImageLayout {
    LayoutKind kind;
    char *path; /* folder, or archive */
    char *name;
};

void image_manifest_free(ImageManifest *manifest)
{
    if (!manifest)
        return;
    g_free(manifest->digest);
    g_free(manifest->os);
    g_free(manifest->architecture);
    g_free(manifest->variant);
    g_strfreev(manifest->env);
    g_free(manifest->user);
    g_free(manifest->workdir);
    g_ptr_array_unref(manifest->layers);
    g_free(manifest);
}

static void layer_destroy(void *data)
{
    ImageLayer *layer = data;
    g_free(layer->digest);
    g_free(layer->path);
    g_free(layer->media_type);
    g_free(layer);
}

static ImageManifest *manifest_new(const char *digest)
{
    ImageManifest *manifest = g_new0(ImageManifest, 1);
    manifest->digest = g_strdup(digest);
    manifest->env = g_new0(char *, 1);
    manifest->layers = g_ptr_array_new_with_free_func(layer_destroy);
    return manifest;
}

ImageLayout *image_layout_open(LayoutKind kind, const char *path, const char *name, GError **error)
{
    struct stat st;
    if (stat(path, &st) < 0) {
        error_set_errno(error, errno == ENOENT || errno == ENOTDIR ? ERROR_INPUT : ERROR_FAILED,
                        errno, "cannot read %s", name);
        return NULL;
    }
    bool folder = kind == LAYOUT_FOLDER;
    if (folder ? !S_ISDIR(st.st_mode) : !S_ISREG(st.st_mode)) {
        error_set(error, ERROR_INPUT, SPAN_NONE, "%s is not a %s", name,
                  folder ? "folder" : "file");
        return NULL;
    }
    ImageLayout *layout = g_new0(ImageLayout, 1);
    layout->kind = kind;
    layout->path = g_strdup(path);
    layout->name = g_strdup(name);
    return layout;
}

void image_layout_free(ImageLayout *layout)
{
    if (!layout)
        return;
    g_free(layout->path);
    g_free(layout->name);
    g_free(layout);
}

/* What is done with a file of the layout while it is read. */
typedef gboolean (*BlobFunc)(void *data, const ArchiveInput *input, guint64 size, GError **error);

static gssize read_open_file(void *data, void *buffer, size_t length, GError **error)
{
    return io_read(*(int *)data, buffer, length, error);
}

static gssize read_open_entry(void *data, void *buffer, size_t length, GError **error)
{
    return archive_reader_read(data, buffer, length, error);
}

static gboolean set_absent(const ImageLayout *layout, const char *path, GError **error)
{
    return error_set(error, ERROR_INPUT, SPAN_NONE, "%s has no file '%s'", layout->name, path);
}

static gboolean with_folder_file(const ImageLayout *layout, const char *path, BlobFunc use,
                                 void *data, GError **error)
{
    g_autofree char *full = g_build_filename(layout->path, path, NULL);
    AUTO_FD int fd = open(full, O_RDONLY | O_CLOEXEC);
    struct stat st;
    if (fd < 0 && errno == ENOENT)
        return set_absent(layout, path, error);
    if (fd < 0 || fstat(fd, &st) < 0)
        return error_set_errno(error, ERROR_FAILED, errno, "cannot read %s", full);
    if (!S_ISREG(st.st_mode))
        return error_set(error, ERROR_INPUT, SPAN_NONE, "%s is not a file", full);
    ArchiveInput input = {read_open_file, NULL, &fd};
    return use(data, &input, (guint64)st.st_size, error);
}

/* "a/layer.tar" and "../b/layer.tar" → "b/layer.tar"; NULL when it climbs out. */
static char *join_link(const char *path, const char *target)
{
    g_autofree char *folder = g_path_get_dirname(path);
    g_autofree char *joined = g_build_filename("/", folder, target, NULL);
    g_autofree char *canonical = g_canonicalize_filename(joined, "/");
    return g_path_is_absolute(target) ? NULL : g_strdup(canonical + 1);
}

/* Entry `path` of the archive; links inside it are followed. */
static gboolean with_archive_file(const ImageLayout *layout, const char *path, unsigned links,
                                  BlobFunc use, void *data, GError **error)
{
    AUTO_FD int fd = open(layout->path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return error_set_errno(error, ERROR_FAILED, errno, "cannot read %s", layout->name);
    g_autoptr(ArchiveReader) reader = archive_reader_new_fd(layout->name, fd, error);
    const ArchiveEntry *entry;
    if (!reader)
        return FALSE;
    for (;;) {
        if (!archive_reader_next(reader, &entry, error))
            return FALSE;
        if (!entry)
            return set_absent(layout, path, error);
        if (!g_str_equal(entry->path, path))
            continue;
        if (entry->kind == ENTRY_FILE) {
            ArchiveInput input = {read_open_entry, NULL, reader};
            return use(data, &input, entry->size, error);
        }
        g_autofree char *target =
            entry->kind == ENTRY_SYMLINK ? join_link(path, entry->target) : g_strdup(entry->target);
        if (!target || links == 0)
            return error_set(error, ERROR_INPUT, SPAN_NONE, "%s: '%s' is not a file", layout->name,
                             path);
        return with_archive_file(layout, target, links - 1, use, data, error);
    }
}

static gboolean with_file(const ImageLayout *layout, const char *path, BlobFunc use, void *data,
                          GError **error)
{
    if (layout->kind == LAYOUT_FOLDER)
        return with_folder_file(layout, path, use, data, error);
    return with_archive_file(layout, path, BLOB_LINKS, use, data, error);
}

/* Reads a whole document. */
typedef struct {
    const char *name;
    char *text;
    size_t length;
} Document;

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

/* The document at `path`; `digest` NULL: nobody promised one. */
static Json *load_document(const ImageLayout *layout, const char *path, const char *digest,
                           char **ret_digest, GError **error)
{
    g_autofree char *name = g_strdup_printf("%s: %s", layout->name, path);
    Document document = {name, NULL, 0};
    if (!with_file(layout, path, read_document, &document, error))
        return NULL;
    g_autofree char *text = document.text;
    g_autofree char *hex = NULL;
    if (digest && g_str_has_prefix(digest, "sha512:")) {
        Digest *sha512 = digest_new("sha512");
        digest_update(sha512, text, document.length);
        hex = digest_finish(sha512);
        digest_free(sha512);
    } else {
        hex = digest_sha256(text, document.length);
    }
    if (digest && !g_str_equal(digest + 7, hex)) {
        error_set(error, ERROR_INPUT, SPAN_NONE, "%s has the digest %.7s%s, not %s", name, digest,
                  hex, digest);
        return NULL;
    }
    Json *json = json_parse(name, text, document.length, error);
    if (json && ret_digest)
        *ret_digest = g_strconcat("sha256:", hex, NULL);
    return json;
}

static char *blob_path(const char *digest)
{
    return g_strdup_printf("blobs/%.6s/%s", digest, digest + 7);
}

static const char *descriptor_digest(const ImageLayout *layout, const Json *descriptor,
                                     const char *what, GError **error)
{
    const char *digest = json_find_text(descriptor, "digest");
    if (digest && image_digest_is_valid(digest))
        return digest;
    error_set(error, ERROR_INPUT, SPAN_NONE, "%s: %s has no valid digest", layout->name, what);
    return NULL;
}

static Json *load_blob(const ImageLayout *layout, const char *digest, GError **error)
{
    g_autofree char *path = blob_path(digest);
    return load_document(layout, path, digest, NULL, error);
}

/* Configuration */

static gboolean read_config(const ImageLayout *layout, const Json *config, ImageManifest *manifest,
                            GError **error)
{
    const Json *diff_ids = json_find(json_find(config, "rootfs"), "diff_ids");
    if (!json_is_map(config) || (diff_ids && json_length(diff_ids) != manifest->layers->len))
        return error_set(error, ERROR_INPUT, SPAN_NONE,
                         "%s: the configuration does not fit the manifest: %zu diff_ids for %u "
                         "layers",
                         layout->name, json_length(diff_ids), manifest->layers->len);
    manifest->os = g_strdup(json_find_text(config, "os"));
    manifest->architecture = g_strdup(json_find_text(config, "architecture"));
    manifest->variant = g_strdup(json_find_text(config, "variant"));
    const Json *inner = json_find(config, "config");
    manifest->user = g_strdup(json_find_text(inner, "User"));
    manifest->workdir = g_strdup(json_find_text(inner, "WorkingDir"));
    const Json *env = json_find(inner, "Env");
    g_autoptr(GStrvBuilder) builder = g_strv_builder_new();
    for (size_t i = 0; i < json_length(env); i++) {
        const char *pair = json_text(json_item(env, i));
        if (pair && strchr(pair, '='))
            g_strv_builder_add(builder, pair);
    }
    g_strfreev(manifest->env);
    manifest->env = g_strv_builder_end(builder);
    return TRUE;
}

static gboolean check_platform(const ImageLayout *layout, const ImageManifest *manifest,
                               const Platform *wanted, GError **error)
{
    if (platform_matches(wanted, manifest->os, manifest->architecture, manifest->variant))
        return TRUE;
    return error_set(error, ERROR_INPUT, SPAN_NONE, "%s is for %s/%s, not for %s/%s", layout->name,
                     manifest->os ? manifest->os : "?",
                     manifest->architecture ? manifest->architecture : "?", wanted->os,
                     wanted->architecture);
}

/* OCI layouts */

static ImageManifest *read_manifest(const ImageLayout *layout, const char *digest,
                                    const Json *document, GError **error)
{
    g_autoptr(ImageManifest) manifest = manifest_new(digest);
    const Json *layers = json_find(document, "layers");
    if (!json_is_list(layers) || json_length(layers) > LIMIT_LAYERS) {
        error_set(error, ERROR_INPUT, SPAN_NONE, "%s: the manifest has %zu layers, the limit is %u",
                  layout->name, json_length(layers), LIMIT_LAYERS);
        return NULL;
    }
    for (size_t i = 0; i < json_length(layers); i++) {
        const Json *descriptor = json_item(layers, i);
        const char *layer_digest = descriptor_digest(layout, descriptor, "a layer", error);
        if (!layer_digest)
            return NULL;
        ImageLayer *layer = g_new0(ImageLayer, 1);
        layer->digest = g_strdup(layer_digest);
        layer->path = blob_path(layer_digest);
        layer->media_type = g_strdup(json_find_text(descriptor, "mediaType"));
        g_ptr_array_add(manifest->layers, layer);
    }
    const char *config_digest =
        descriptor_digest(layout, json_find(document, "config"), "the configuration", error);
    g_autoptr(Json) config = config_digest ? load_blob(layout, config_digest, error) : NULL;
    if (!config || !read_config(layout, config, manifest, error))
        return NULL;
    return g_steal_pointer(&manifest);
}

static bool descriptor_fits(const Json *descriptor, const char *tag, const Platform *wanted)
{
    const Json *platform = json_find(descriptor, "platform");
    const char *name =
        json_find_text(json_find(descriptor, "annotations"), "org.opencontainers.image.ref.name");
    const char *os = json_find_text(platform, "os");
    /* attestations are listed beside images, for a platform that nothing has */
    if (g_strcmp0(os, "unknown") == 0)
        return false;
    if (tag && g_strcmp0(name, tag) != 0)
        return false;
    return platform_matches(wanted, os, json_find_text(platform, "architecture"),
                            json_find_text(platform, "variant"));
}

/* What there is to choose from, for messages. */
static char *list_choices(const Json *index)
{
    GString *out = g_string_new(NULL);
    const Json *manifests = json_find(index, "manifests");
    for (size_t i = 0; i < json_length(manifests) && i < 20; i++) {
        const Json *descriptor = json_item(manifests, i);
        const Json *platform = json_find(descriptor, "platform");
        const char *name = json_find_text(json_find(descriptor, "annotations"),
                                          "org.opencontainers.image.ref.name");
        const char *os = json_find_text(platform, "os");
        g_string_append_printf(out, "%s%s", out->len ? ", " : "", name ? name : "untagged");
        if (os)
            g_string_append_printf(out, " (%s/%s)", os, json_find_text(platform, "architecture"));
    }
    return g_string_free(out, FALSE);
}

/* The descriptor that tag and platform single out. */
static const Json *choose_descriptor(const ImageLayout *layout, const Json *index, const char *tag,
                                     const Platform *wanted, GError **error)
{
    const Json *manifests = json_find(index, "manifests");
    const Json *found = NULL;
    unsigned count = 0;
    for (size_t i = 0; i < json_length(manifests); i++) {
        const Json *descriptor = json_item(manifests, i);
        if (!descriptor_fits(descriptor, tag, wanted))
            continue;
        if (!found ||
            g_strcmp0(json_find_text(found, "digest"), json_find_text(descriptor, "digest")) != 0)
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

static ImageManifest *read_oci(const ImageLayout *layout, const char *tag, const Platform *wanted,
                               GError **error)
{
    g_autoptr(Json) document = load_document(layout, "index.json", NULL, NULL, error);
    for (unsigned depth = 0; document && depth < INDEX_DEPTH; depth++) {
        const Json *descriptor = choose_descriptor(layout, document, tag, wanted, error);
        const char *found =
            descriptor ? descriptor_digest(layout, descriptor, "a manifest", error) : NULL;
        if (!found)
            return NULL;
        g_autofree char *digest = g_strdup(found);
        json_free(document);
        document = load_blob(layout, digest, error);
        if (!document)
            return NULL;
        if (!json_find(document, "manifests"))
            return read_manifest(layout, digest, document, error);
        tag = NULL; /* names stand in index.json alone */
    }
    if (document)
        error_set(error, ERROR_INPUT, SPAN_NONE, "%s: its indexes are nested too deeply",
                  layout->name);
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

static ImageManifest *read_docker(const ImageLayout *layout, const char *tag, GError **error)
{
    g_autoptr(Json) images = load_document(layout, "manifest.json", NULL, NULL, error);
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
    g_autofree char *digest = NULL;
    g_autoptr(Json) config = load_document(layout, config_path, promised, &digest, error);
    if (!config)
        return NULL;
    g_autoptr(ImageManifest) manifest = manifest_new(digest);
    for (size_t i = 0; i < json_length(layers); i++) {
        const char *path = json_text(json_item(layers, i));
        if (!path) {
            error_set(error, ERROR_INPUT, SPAN_NONE, "%s: a layer has no path", layout->name);
            return NULL;
        }
        ImageLayer *layer = g_new0(ImageLayer, 1);
        layer->path = g_strdup(path);
        layer->digest = digest_of_path(path, false);
        g_ptr_array_add(manifest->layers, layer);
    }
    if (!read_config(layout, config, manifest, error))
        return NULL;
    return g_steal_pointer(&manifest);
}

ImageManifest *image_layout_read(ImageLayout *layout, const char *tag, const Platform *platform,
                                 GError **error)
{
    g_autoptr(ImageManifest) manifest = layout->kind == LAYOUT_DOCKER
                                            ? read_docker(layout, tag, error)
                                            : read_oci(layout, tag, platform, error);
    if (!manifest || !check_platform(layout, manifest, platform, error))
        return NULL;
    return g_steal_pointer(&manifest);
}

/* Layers */

typedef struct {
    const ImageLayer *layer;
    const char *name;
    ImageLayerFunc each;
    void *data;
    const ArchiveInput *input; /* below the digest */
    Digest *digest;
} LayerReading;

static gssize read_digested(void *data, void *buffer, size_t length, GError **error)
{
    LayerReading *reading = data;
    gssize n = reading->input->read(reading->input->data, buffer, length, error);
    if (n > 0 && reading->digest)
        digest_update(reading->digest, buffer, (size_t)n);
    return n;
}

static gboolean check_layer_digest(LayerReading *reading, GError **error)
{
    g_autofree char *rest = g_malloc(64 * KIB);
    gssize n = 1; /* what follows the end of the archive */
    while (n > 0)
        n = read_digested(reading, rest, 64 * KIB, error);
    if (n < 0)
        return FALSE;
    g_autofree char *hex = digest_finish(reading->digest);
    if (g_str_equal(hex, reading->layer->digest + 7))
        return TRUE;
    return error_set(error, ERROR_INPUT, SPAN_NONE, "%s: its digest is %.7s%s", reading->name,
                     reading->layer->digest, hex);
}

static gboolean use_layer(void *data, const ArchiveInput *input, guint64 size, GError **error)
{
    LayerReading *reading = data;
    (void)size;
    reading->input = input;
    ArchiveInput digested = {read_digested, NULL, reading};
    g_autoptr(ArchiveReader) reader = archive_reader_new(reading->name, &digested, error);
    return reader && reading->each(reading->data, reader, error) &&
           (!reading->digest || check_layer_digest(reading, error));
}

gboolean image_layout_read_layer(ImageLayout *layout, const ImageLayer *layer, ImageLayerFunc each,
                                 void *data, GError **error)
{
    g_autofree char *name =
        g_strdup_printf("%s: layer %s", layout->name, layer->digest ? layer->digest : layer->path);
    g_autofree char *algorithm = layer->digest ? g_strndup(layer->digest, 6) : NULL;
    LayerReading reading = {layer, name, each,
                            data,  NULL, algorithm ? digest_new(algorithm) : NULL};
    gboolean ok = with_file(layout, layer->path, use_layer, &reading, error);
    if (reading.digest)
        digest_free(reading.digest);
    return ok;
}
