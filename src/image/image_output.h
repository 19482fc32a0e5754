/* Images out: into an OCI layout, or as one tar file that OCI tools and `docker load` both read.
 *
 * Everything appears under its name whole or not at all: blobs by temporary file and rename, the
 * layout's index.json last, an archive as a whole. Blobs of the cache are linked or cloned where
 * the file system allows. Other tags, blobs and files of a layout are left alone. image-spec 1.1,
 * image-layout; Docker's manifest.json of `docker save`. */
#pragma once

#include "image/blob.h"
#include "image/document.h"

/* What there is to write: one platform's image. */
typedef struct {
    ImageBlob *manifest, *config; /* in memory */
    GPtrArray *layers;            /* ImageBlob, lowest first; the base's included */
    Platform *platform;
} Image;
/* Makes manifest and config of the layers and of `config` (whose diff_ids are those of the layers);
 * `annotations` of ImagePair or NULL go into the manifest; layer_annotations, or NULL, has for each
 * layer a list of ImagePair or NULL. Takes `layers` only. */
Image *image_new(const ImageConfig *config, GPtrArray *take_layers, const GPtrArray *annotations,
                 const GPtrArray *layer_annotations);
void image_free(Image *image);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Image, image_free)

/* What a tag names: the manifest of a single image, the index of several platforms. The blob is an
 * index that is to be written too when there are several. */
ImageBlob *images_root(const GPtrArray *images);

/* Whether the layout has a blob of that digest and size. */
bool image_layout_has_blob(const char *dir, const char *digest, guint64 size);
/* Whether an image can be put into the folder, before it is made: one that is absent, empty or a
 * layout whose index can be read. Errors: ERROR_INPUT. */
gboolean image_layout_check(const char *dir, GError **error);
/* `tag` NULL: the image is in index.json without a name. One that has the same tag there, or like
 * it none, is replaced; a layer that is nowhere yet has to be in the layout already. The folder is
 * made where it is missing; one that exists, is not empty and no layout is ERROR_INPUT. Safe for
 * several processes at once. */
gboolean image_layout_write(const char *dir, const char *tag, const GPtrArray *images,
                            GError **error);

typedef enum {
    IMAGE_ARCHIVE_OCI,    /* any number of platforms; with manifest.json where there is one */
    IMAGE_ARCHIVE_DOCKER, /* one platform; `tag` is the whole reference: "name:tag" */
} ImageArchiveKind;
/* `path` "-": stdout. Errors: ERROR_INPUT for several platforms where one fits. */
gboolean image_archive_write(ImageArchiveKind kind, const char *path, const char *tag,
                             const GPtrArray *images, GError **error);
