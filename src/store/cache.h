/* The cache: bytes by bucket and key in a folder, safe for several processes at once and for death
 * at any moment (temporary file, then rename). Entries are checked when read; a damaged one counts
 * as absent and is removed. Thread-safe. Buckets: "pages" (what index pages say, with validators),
 * "metadata", "members" and "sizes" (facts of a file by its sha256, which never go stale), "hosts"
 * (what file hosts were found to serve), "directories" and "extracts" (ends of wheels and the
 * members that were looked into, by sha256 and who served them), "natives" (facts of the shared
 * objects in a wheel), "roots" (file trees of images by their digest), "imports" (what importing
 * does, by everything that decides it). */
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

/* What `ramekin cache` shows and does; blobs are no entries. A cache that is not there has none. */
typedef struct {
    char *name;
    guint64 entries, bytes;
} CacheBucket;
void cache_bucket_free(CacheBucket *bucket);
GPtrArray *cache_list(const Cache *cache, GError **error); /* CacheBucket, by name */
/* Reads every entry and removes the damaged ones, and what killed processes left behind. */
gboolean cache_check(const Cache *cache, guint64 *ret_checked, guint64 *ret_damaged,
                     GError **error);
/* Removes what was neither written nor read since `before` (seconds since 1970). */
gboolean cache_prune(const Cache *cache, gint64 before, guint64 *ret_removed_bytes, GError **error);
