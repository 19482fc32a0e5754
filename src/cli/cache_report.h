/* What `ramekin cache` prints: texts for people and ramekin.cache/1; callers free. */
#pragma once

#include "store/blob_store.h"

typedef struct {
    const char *dir;
    GPtrArray *buckets; /* CacheBucket, or NULL: not asked for */
    GPtrArray *blobs;   /* BlobInfo, by digest, or NULL */
} CacheReport;

char *cache_report_size(const CacheReport *report, bool json);
char *cache_report_list(const CacheReport *report, bool json, bool colour);
char *cache_report_pruned(const char *dir, guint64 removed_bytes, guint64 left_bytes, bool json);
/* `damaged` are digests of blobs. */
char *cache_report_checked(const char *dir, guint64 entries, guint64 damaged_entries, guint64 blobs,
                           const GPtrArray *damaged, bool json);
char *cache_report_dir(const char *dir, bool json);
