/* Layers in a folder, one file each, for tools that put images together of layers:
 *
 *     layers.json            {"schema": "ramekin.layers/1", "layers": [{"file", "source", "digest",
 *                            "diff_id", "size", "media_type"} …]}, lowest first
 *     000-0123456789ab.tar.gz    place in the image and begin of the digest
 *
 * layers.json appears after them; layers of an earlier run that it does not list are removed. */
#pragma once

#include "image/blob.h"

/* `layers` of ImageBlob, lowest first; `sources` says of each in words what it is made of, and
 * `diff_ids` has the digests of the tar files. The folder is made where it is missing; one that
 * exists, is not empty and has no such layers.json is ERROR_INPUT. */
gboolean image_layers_write(const char *dir, const GPtrArray *layers, const GPtrArray *sources,
                            const GPtrArray *diff_ids, GError **error);
