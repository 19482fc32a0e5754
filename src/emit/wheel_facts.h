/* What a wheel holds, remembered by its sha256 when it is looked into: for plans of layers. */
#pragma once

#include "python/wheel_archive.h"
#include "store/blob_store.h"

void wheel_facts_save(BlobStore *blobs, const WheelArchive *wheel);
/* FALSE: not known. */
bool wheel_facts_load(BlobStore *blobs, const char *sha256, gint64 *ret_members,
                      gint64 *ret_raw_size);
