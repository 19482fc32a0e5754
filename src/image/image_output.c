#include "image/image_output.h"

#include "base/auto.h"
#include "base/io.h"
#include "base/limits.h"
#include "base/sorted.h"
#include "image/layout_index.h"
#include "store/blob_store.h"
#include "store/new_file.h"
#include "text/json.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

enum {
    LAYOUT_FILE_BYTES = 64 * KIB, /* of oci-layout, which is tiny */
};

/* Images */

static ImageDescriptor *describe(const ImageBlob *blob, const GPtrArray *annotations)
{
    ImageDescriptor *descriptor =
        image_descriptor_new(media_type_as_oci(blob->media_type), blob->digest, blob->size);
    for (guint i = 0; annotations && i < annotations->len; i++) {
        const ImagePair *pair = annotations->pdata[i];
        image_pairs_set(descriptor->annotations, pair->key, pair->value);
    }
    return descriptor;
}

static Platform *platform_copy(const Platform *platform)
{
    Platform *copy = g_new0(Platform, 1);
    copy->os = g_strdup(platform->os);
    copy->architecture = g_strdup(platform->architecture);
    copy->variant = g_strdup(platform->variant);
    return copy;
}

static ImageBlob *make_manifest(const Image *image, const GPtrArray *annotations,
                                const GPtrArray *layer_annotations)
{
    g_autoptr(ManifestDocument) manifest = manifest_document_new();
    manifest->media_type = g_strdup(MEDIA_TYPE_MANIFEST);
    manifest->config = describe(image->config, NULL);
    for (guint i = 0; i < image->layers->len; i++)
        g_ptr_array_add(manifest->layers,
                        describe(image->layers->pdata[i],
                                 layer_annotations ? layer_annotations->pdata[i] : NULL));
    for (guint i = 0; annotations && i < annotations->len; i++) {
        const ImagePair *pair = annotations->pdata[i];
        image_pairs_set(manifest->annotations, pair->key, pair->value);
    }
    size_t length;
    char *text = manifest_document_encode(manifest, &length);
    return image_blob_new_bytes(MEDIA_TYPE_MANIFEST, g_bytes_new_take(text, length));
}

Image *image_new(const ImageConfig *config, GPtrArray *take_layers, const GPtrArray *annotations,
                 const GPtrArray *layer_annotations)
{
    g_assert(config->diff_ids->len == take_layers->len);
    Image *image = g_new0(Image, 1);
    image->layers = take_layers;
    image->platform = platform_copy(&(Platform){config->os, config->architecture, config->variant});
    size_t length;
    char *text = image_config_encode(config, &length);
    image->config = image_blob_new_bytes(MEDIA_TYPE_CONFIG, g_bytes_new_take(text, length));
    image->manifest = make_manifest(image, annotations, layer_annotations);
    return image;
}

void image_free(Image *image)
{
    if (!image)
        return;
    image_blob_free(image->manifest);
    image_blob_free(image->config);
    g_ptr_array_unref(image->layers);
    platform_free(image->platform);
    g_free(image);
}

ImageBlob *images_root(const GPtrArray *images)
{
    const Image *first = images->pdata[0];
    if (images->len == 1)
        return image_blob_copy(first->manifest);
    g_autoptr(IndexDocument) index = index_document_new();
    index->media_type = g_strdup(MEDIA_TYPE_INDEX);
    for (guint i = 0; i < images->len; i++) {
        const Image *image = images->pdata[i];
        ImageDescriptor *descriptor = describe(image->manifest, NULL);
        descriptor->platform = platform_copy(image->platform);
        g_ptr_array_add(index->manifests, descriptor);
    }
    size_t length;
    char *text = index_document_encode(index, &length);
    return image_blob_new_bytes(MEDIA_TYPE_INDEX, g_bytes_new_take(text, length));
}

ImageDescriptor *images_describe(const GPtrArray *images, const char *tag)
{
    const Image *first = images->pdata[0];
    g_autoptr(ImageBlob) root = images_root(images);
    ImageDescriptor *descriptor = describe(root, NULL);
    if (images->len == 1)
        descriptor->platform = platform_copy(first->platform);
    if (tag)
        image_pairs_set(descriptor->annotations, ANNOTATION_REF_NAME, tag);
    return descriptor;
}

/* Layouts */

bool image_layout_has_blob(const char *dir, const char *digest, guint64 size)
{
    g_autofree char *name = image_blob_layout_path(digest);
    g_autofree char *path = g_build_filename(dir, name, NULL);
    struct stat st;
    return stat(path, &st) == 0 && S_ISREG(st.st_mode) && (guint64)st.st_size == size;
}

static gboolean write_new(const char *dir, const char *path, const void *data, size_t length,
                          GError **error)
{
    g_auto(NewFile) file = NEW_FILE_NONE;
    return new_file_open(&file, dir, error) && io_write_all(file.fd, data, length, error) &&
           new_file_replace(&file, path, error);
}

static gboolean place_blob(const char *dir, const ImageBlob *blob, GError **error)
{
    if (image_layout_has_blob(dir, blob->digest, blob->size))
        return TRUE;
    g_autofree char *name = image_blob_layout_path(blob->digest);
    g_autofree char *path = g_build_filename(dir, name, NULL);
    g_autofree char *folder = g_path_get_dirname(path);
    if (!io_make_dirs(folder, error))
        return FALSE;
    if (blob->path && !blob->bytes)
        return blob_place(blob->path, blob->offset, blob->size, true, path, error);
    if (!blob->bytes)
        return error_set(error, ERROR_FAILED, SPAN_NONE, "the layer %s was not made", blob->digest);
    gsize length;
    const void *data = g_bytes_get_data(blob->bytes, &length);
    return write_new(folder, path, data, length, error);
}

static gboolean place_image(const char *dir, const Image *image, GError **error)
{
    for (guint i = 0; i < image->layers->len; i++) {
        if (!place_blob(dir, image->layers->pdata[i], error))
            return FALSE;
    }
    return place_blob(dir, image->config, error) && place_blob(dir, image->manifest, error);
}

/* Whether nothing is in the folder, what an interrupted run left not counted. */
static gboolean check_empty(const char *dir, GError **error)
{
    g_autoptr(GPtrArray) names = sorted_dir(dir, LIMIT_FOLDER_NAMES, error);
    if (!names)
        return FALSE;
    for (guint i = 0; i < names->len; i++) {
        if (g_str_has_prefix(names->pdata[i], NEW_FILE_PREFIX))
            continue;
        error_set(error, ERROR_INPUT, SPAN_NONE, "%s is not empty and no OCI layout", dir);
        if (error)
            error_set_hint(*error, "name a new folder, an empty one or a layout");
        return FALSE;
    }
    return TRUE;
}

static gboolean check_version(const char *path, GError **error)
{
    g_autofree char *text = NULL;
    size_t length;
    if (!io_load(path, LAYOUT_FILE_BYTES, &text, &length, error))
        return FALSE;
    g_autoptr(Json) json = json_parse(path, text, length, error);
    const char *version = json_find_text(json, "imageLayoutVersion");
    if (json && (!version || !g_str_has_prefix(version, "1.")))
        return error_set(error, ERROR_INPUT, SPAN_NONE, "%s has no imageLayoutVersion 1", path);
    return json != NULL;
}

static gboolean check_index(const char *dir, GError **error)
{
    g_autofree char *path = g_build_filename(dir, "index.json", NULL);
    g_autofree char *text = NULL;
    size_t length;
    if (!g_file_test(path, G_FILE_TEST_EXISTS))
        return TRUE;
    if (!io_load(path, LIMIT_IMAGE_DOCUMENT_BYTES, &text, &length, error))
        return FALSE;
    g_autoptr(IndexDocument) index = index_document_decode(path, text, length, error);
    return index != NULL;
}

gboolean image_layout_check(const char *dir, GError **error)
{
    g_autofree char *path = g_build_filename(dir, "oci-layout", NULL);
    if (!g_file_test(dir, G_FILE_TEST_EXISTS))
        return TRUE;
    if (!g_file_test(path, G_FILE_TEST_EXISTS))
        return check_empty(dir, error);
    return check_version(path, error) && check_index(dir, error);
}

/* Makes the folder a layout if it is none. */
static gboolean prepare(const char *dir, GError **error)
{
    static const char version[] = IMAGE_LAYOUT_FILE;
    g_autofree char *path = g_build_filename(dir, "oci-layout", NULL);
    struct stat st;
    if (lstat(path, &st) == 0)
        return check_version(path, error);
    if (errno != ENOENT)
        return error_set_errno(error, ERROR_FAILED, errno, "cannot read %s", path);
    return check_empty(dir, error) && write_new(dir, path, version, strlen(version), error);
}

static gboolean update_index(const char *dir, const ImageDescriptor *entry, GError **error)
{
    g_autofree char *path = g_build_filename(dir, "index.json", NULL);
    g_autofree char *old = NULL;
    size_t old_length = 0, length = 0;
    struct stat st;
    if (lstat(path, &st) == 0) {
        if (!io_load(path, LIMIT_IMAGE_DOCUMENT_BYTES, &old, &old_length, error))
            return FALSE;
    } else if (errno != ENOENT) {
        return error_set_errno(error, ERROR_FAILED, errno, "cannot read %s", path);
    }
    g_autofree char *text = layout_index_edit(path, old, old_length, entry, &length, error);
    if (!text)
        return FALSE;
    if (old && length == old_length && memcmp(text, old, length) == 0)
        return TRUE;
    return write_new(dir, path, text, length, error);
}

/* Holds the folder against other writers until the file is closed; where it can't be locked
 * (network file systems), two at the same moment may lose one of their tags. */
static int lock_folder(const char *dir, GError **error)
{
    int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) {
        error_set_errno(error, errno == ENOTDIR ? ERROR_INPUT : ERROR_FAILED, errno,
                        "cannot open %s", dir);
        return -1;
    }
    while (flock(fd, LOCK_EX) < 0 && errno == EINTR)
        ;
    return fd;
}

static gboolean prepare_locked(const char *dir, GError **error)
{
    AUTO_FD int lock = lock_folder(dir, error);
    return lock >= 0 && prepare(dir, error);
}

static gboolean update_locked(const char *dir, const ImageDescriptor *entry, GError **error)
{
    AUTO_FD int lock = lock_folder(dir, error);
    return lock >= 0 && update_index(dir, entry, error);
}

gboolean image_layout_write(const char *dir, const char *tag, const GPtrArray *images,
                            GError **error)
{
    if (tag && !image_ref_name_check(tag, error))
        return FALSE;
    if (!io_make_dirs(dir, error) || !prepare_locked(dir, error))
        return FALSE;
    for (guint i = 0; i < images->len; i++) {
        if (!place_image(dir, images->pdata[i], error))
            return FALSE;
    }
    g_autoptr(ImageBlob) root = images_root(images);
    if (!place_blob(dir, root, error))
        return FALSE;
    g_autoptr(ImageDescriptor) entry = images_describe(images, tag);
    return update_locked(dir, entry, error);
}
