/* What `ramekin cache` prints: texts for people and ramekin.cache/1; callers free. */
#pragma once

#include "store/blob_store.h"
#include "store/tree_store.h"

typedef struct {
    const char *dir;
    GPtrArray *buckets; /* CacheBucket, or NULL: not asked for */
    GPtrArray *blobs;   /* BlobInfo, by digest, or NULL */
    GPtrArray *trees;   /* TreeInfo, by key, or NULL */
} CacheReport;

char *cache_report_size(const CacheReport *report, bool json);
char *cache_report_list(const CacheReport *report, bool json, bool colour);
typedef struct {
    guint64 removed;                /* bytes */
    guint64 blobs_left, trees_left; /* likewise */
} CachePruned;
char *cache_report_pruned(const char *dir, const CachePruned *pruned, bool json);
typedef struct {
    guint64 entries, damaged_entries;
    guint64 blobs, trees;
    const GPtrArray *damaged, *damaged_trees; /* digests of blobs, keys of trees */
} CacheChecked;
char *cache_report_checked(const char *dir, const CacheChecked *checked, bool json);
char *cache_report_dir(const char *dir, bool json);
