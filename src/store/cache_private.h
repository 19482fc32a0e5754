/* What the files of the cache share. */
#pragma once

#include "store/cache.h"

/* The folders of blobs and of trees, which are no entries. */
#define CACHE_BLOBS "blobs"
#define CACHE_TREES "trees"

/* Whether the file of an entry is whole, and lies where its key belongs. */
bool cache_entry_is_sound(const char *path);
