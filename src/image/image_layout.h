/* Images on this machine: an OCI layout in a folder or a tar file, or what `docker save` writes.
 *
 * Documents are limited in size and checked against the digests that name them; a layer's digest
 * and diff_id are checked when it has been read to its end. image-spec 1.1 (image-layout, manifest,
 * config) and Docker's manifest.json; an archive may be compressed and may hold both. */
#pragma once

#include "archive/reader.h"
#include "image/document.h"
#include "image/layer_stream.h"
#include "image/layout_files.h"
#include "image/platform.h"

typedef enum {
    LAYOUT_FOLDER,
    LAYOUT_ARCHIVE, /* an OCI layout in a tar file */
    LAYOUT_DOCKER,  /* docker save */
} LayoutKind;

typedef struct {
    char *digest;           /* "sha256:…" of the blob; NULL: an old docker archive does not say */
    char *diff_id;          /* of the tar inside; NULL: the configuration does not say */
    guint64 size;           /* of the blob; 0: the archive does not say */
    char *path;             /* of the blob in the layout */
    char *media_type;       /* as OCI names it, or NULL */
    GPtrArray *annotations; /* ImagePair; or NULL */
    char *name;             /* what errors call it */
} ImageLayer;

typedef struct {
    char *digest; /* of the manifest; of the configuration in a docker archive */
    ImageConfig *config;
    GPtrArray *layers; /* ImageLayer, lowest first */
} ImageManifest;

void image_manifest_free(ImageManifest *manifest);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(ImageManifest, image_manifest_free)

typedef struct ImageLayout ImageLayout;

/* `name` is what errors call it. Errors: ERROR_INPUT, ERROR_FAILED. */
ImageLayout *image_layout_open(LayoutKind kind, const char *path, const char *name, GError **error);
/* The same for oci:DIR[:TAG], oci-archive:FILE[:TAG] or docker-archive:FILE[:NAME]; where colons
 * are in names, the shortest path that exists is meant. *ret_tag, to free, is NULL where none is
 * named. ERROR_USAGE for another name. */
ImageLayout *image_layout_open_named(const char *name, char **ret_tag, GError **error);
void image_layout_free(ImageLayout *layout);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(ImageLayout, image_layout_free)

/* The image that `tag` names (NULL: the only one, or the only one for the platform). */
ImageManifest *image_layout_read(ImageLayout *layout, const char *tag, const Platform *platform,
                                 GError **error);
/* All images that `tag` names, one for each platform, as their index lists them (NULL: all there
 * are, when they have one name). *ret_digest is that of what the tag names, an index where it is
 * one; NULL where index.json itself lists the platforms. Layers need not be there. */
GPtrArray *image_layout_read_all(ImageLayout *layout, const char *tag, char **ret_digest,
                                 GError **error);

/* Calls `each` with a reader of the layer's entries, then checks that the layer is what the image
 * says; `blobs` (or NULL) remembers that it is. */
typedef gboolean (*ImageLayerFunc)(void *data, ArchiveReader *reader, GError **error);
gboolean image_layout_read_layer(ImageLayout *layout, const ImageLayer *layer, BlobStore *blobs,
                                 ImageLayerFunc each, void *data, GError **error);

/* Where the layer's blob lies by itself. Those inside a compressed archive are first put into the
 * blob store, in one pass. */
gboolean image_layout_extract(ImageLayout *layout, const ImageManifest *manifest, BlobStore *blobs,
                              GError **error);
gboolean image_layout_find_layer(ImageLayout *layout, const ImageLayer *layer, FilePlace *ret_place,
                                 GError **error);
