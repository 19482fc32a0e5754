/* What is known of layer blobs that lie on this machine: read and hashed once for each state of the
 * file (path, size, mtime, inode), remembered in the blob store's cache. The change time is not
 * part of the state, because outputs make hard links to the blobs of their base. */
#pragma once

#include "image/layer_stream.h"
#include "image/layout_files.h"

/* FALSE: nothing is remembered of the blob as it is now. */
bool layer_memory_load(BlobStore *blobs, const FilePlace *place, LayerFound *ret_found);
/* What was found by reading all of the blob. A file that has just changed is not remembered. */
void layer_memory_save(BlobStore *blobs, const FilePlace *place, const LayerFound *found);
