/* An image as one tar file: what its layers are once they are laid over each other.
 *
 * Layers are read twice: first for what of each is left in the end, then for the contents, which
 * are copied on. Folders come first, by path; then, layer by layer, files and links in the order
 * that their layer has them, further names of a file right behind it. Whiteouts and links in
 * parents mean what they mean to image_root_apply(). Devices, fifos and sockets are left out, since
 * who unpacks the file may not make them, and so are extended attributes of folders; those of
 * files (security.capability) are kept. Times before 1970 become 0. */
#pragma once

#include "image/blob.h"

/* `layers` of ImageBlob, lowest first; `path` as tar_output_make() has it. Memory grows with the
 * number of entries, not with their contents. Errors: ERROR_INPUT naming layer and entry,
 * ERROR_FAILED. */
gboolean image_flatten(const GPtrArray *layers, const char *path, GError **error);
