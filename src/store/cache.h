/* The cache: bytes by bucket and key in a folder, safe for several processes at once and for death
 * at any moment (temporary file, then rename). Entries are checked when read; a damaged one counts
 * as absent and is removed. Thread-safe. Buckets: "pages" (what index pages say, with validators),
 * "metadata", "members" and "sizes" (facts of a file by its sha256, which never go stale), "hosts"
 * (what file hosts were found to serve). */
#pragma once

#include "base/error.h"

typedef struct Cache Cache;

/* `dir` NULL: $XDG_CACHE_HOME/ramekin. Made when first written to. Never fails: a folder that can't
 * be used behaves as an empty one, and cache_problem() says why. */
Cache *cache_new(const char *dir);
void cache_free(Cache *cache);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Cache, cache_free)
const char *cache_dir(const Cache *cache);
/* Why nothing could be written so far ("Not a directory"), or NULL. */
const char *cache_problem(const Cache *cache);

/* The entry's bytes, or NULL. */
GBytes *cache_load(Cache *cache, const char *bucket, const char *key);
void cache_save(Cache *cache, const char *bucket, const char *key, const void *data, size_t length);
void cache_remove(Cache *cache, const char *bucket, const char *key);
