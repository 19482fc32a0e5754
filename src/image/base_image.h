/* The image that another one is built on: its configuration and its layers byte for byte, from an
 * OCI layout or archive, a docker archive, or a folder (which becomes one layer). */
#pragma once

#include "image/blob.h"
#include "image/document.h"
#include "image/image_layout.h"
#include "image/rootfs.h"
#include "store/blob_store.h"

typedef struct {
    char *digest;           /* of the manifest, or NULL (folder, scratch) */
    ImageConfig *config;    /* diff_ids are those of `layers` */
    GPtrArray *layers;      /* ImageBlob, lowest first; checked against their digests */
    GPtrArray *annotations; /* ImagePair lists or NULL, one for each layer */
} BaseImage;

/* The base as an image that can be built on. Every layer's digest and diff_id is checked, once per
 * state of the file (image/layer_memory.h), several at once; layers inside compressed archives and
 * those that a folder makes go through the blob store. `platform` is what is wanted. Errors:
 * ERROR_INPUT for a malformed image or a wrong digest naming the layer, ERROR_FAILED. */
BaseImage *base_image_open_layout(ImageLayout *layout, const char *tag, const Platform *platform,
                                  BlobStore *blobs, GError **error);
/* A folder as one gzip layer: sorted, owners 0:0, modes and hard links kept, mtime constant;
 * sockets, pipes, devices and what the kernel makes up below it (proc, sys) are left out. Made
 * again only when the tree has changed, by names, sizes, modes, mtimes and inodes. */
BaseImage *base_image_open_folder(const char *path, const Platform *platform, BlobStore *blobs,
                                  GError **error);
BaseImage *base_image_new_scratch(const Platform *platform);
/* Takes the blob; `annotations` (ImagePair, or NULL) are shared. */
void base_image_add_layer(BaseImage *image, ImageBlob *take_blob, const char *diff_id,
                          const GPtrArray *annotations);
void base_image_free(BaseImage *image);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(BaseImage, base_image_free)
