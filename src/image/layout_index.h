/* The index.json of an OCI layout, edited: what is not ours stays as it is, keys and values that we
 * do not know included. Private to the writers of images. */
#pragma once

#include "image/document.h"

/* What the file oci-layout says. */
#define IMAGE_LAYOUT_FILE "{\"imageLayoutVersion\":\"1.0.0\"}"

#define ANNOTATION_REF_NAME "org.opencontainers.image.ref.name"
/* The whole name of the image, which containerd and newer Dockers give it. */
#define ANNOTATION_CONTAINERD_NAME "io.containerd.image.name"

/* `old` NULL: there was none; otherwise it is index.json's text, called `name` in messages. Entries
 * that have the reference name of `entry` (or like it none) are replaced by it, at the place of the
 * first. */
char *layout_index_edit(const char *name, const char *old, size_t length,
                        const ImageDescriptor *entry, size_t *ret_length, GError **error);
/* How index.json lists the images: their root, with the tag (or NULL) as reference name. */
ImageDescriptor *images_describe(const GPtrArray *images, const char *tag);
/* Whether a reference name may be so written (image-spec, annotations.md, the grammar of ref.name);
 * ERROR_INPUT saying what it is made of. */
gboolean image_ref_name_check(const char *name, GError **error);
