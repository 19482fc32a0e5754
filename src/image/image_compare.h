/* What differs between two images that should be the same, told by its first difference: for people
 * who ask why a rebuild gave another digest. */
#pragma once

#include "archive/reader.h"
#include "image/blob.h"
#include "image/document.h"

/* The first difference of two layers, entry by entry in the archives' order (path, type, mode,
 * owner, time, link, content), as a sentence "PATH: mode 0644 in the image, 0600 in the rebuild";
 * NULL text where the archives hold the same. The blobs are files, compressed in any way. */
gboolean image_layer_difference(const ImageBlob *theirs, const ImageBlob *ours,
                                char **ret_difference, GError **error);
/* The same of two configurations: architecture, environment, labels, history …, layers left out;
 * NULL: they say the same. Long values are cut. Caller frees. */
char *image_config_difference(const ImageConfig *theirs, const ImageConfig *ours);
