/* Folders of the cache: trees of files that were unpacked once, by key.
 *
 * A tree is made in a temporary folder and appears under its name whole or not at all. Who uses one
 * holds a lock on it, so that nobody prunes it meanwhile; temporary folders whose maker has died
 * are removed by the next one who makes a tree. How many entries and bytes it has is noted beside
 * it and compared once after every start of the machine, since a tree is never written out to the
 * disk on purpose. When it was last used is the modification time of its folder. Safe for several
 * processes at once. The store is borrowed by what it gives out. */
#pragma once

#include "base/error.h"
#include "store/cache.h"

typedef struct TreeStore TreeStore;

/* Borrows the cache, in whose folder the trees lie. Never fails. */
TreeStore *tree_store_new(Cache *cache);
void tree_store_free(TreeStore *store);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(TreeStore, tree_store_free)

/* A tree in use. */
typedef struct {
    char *path; /* of the folder with its files */
    int lock;   /* open folder that holds it */
} CacheTree;
void cache_tree_free(CacheTree *tree);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CacheTree, cache_tree_free)

/* NULL: there is none, or it was damaged and is removed. `key`: at least three of a-z, 0-9, "-".
 * Marks it as used now. Thread-safe. */
CacheTree *tree_store_find(TreeStore *store, const char *key);

/* A tree in the making. */
typedef struct TreeWriter TreeWriter;
TreeWriter *tree_writer_new(TreeStore *store, GError **error);
const char *tree_writer_path(const TreeWriter *writer); /* an empty folder, mode 0755 */
/* `name` is what `ramekin cache` calls it. Where somebody else was faster, his is given. */
CacheTree *tree_writer_commit(TreeWriter *writer, const char *key, const char *name,
                              GError **error);
void tree_writer_free(TreeWriter *writer); /* an uncommitted one leaves nothing behind */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(TreeWriter, tree_writer_free)

typedef struct {
    char *key, *name;
    guint64 entries, bytes; /* of its files */
    gint64 used;            /* seconds since 1970 */
} TreeInfo;
void tree_info_free(TreeInfo *info);
/* By key. */
GPtrArray *tree_store_list(TreeStore *store, GError **error);
/* Removes what was not used since `before` (seconds since 1970), then the least recently used until
 * at most `keep_bytes` are left (G_MAXUINT64: no limit); what is in use stays. */
gboolean tree_store_prune(TreeStore *store, gint64 before, guint64 keep_bytes,
                          guint64 *ret_removed_bytes, GError **error);
/* Counts what is in every tree; those that have less or more than they had are removed and their
 * keys listed. */
gboolean tree_store_check(TreeStore *store, GPtrArray **ret_damaged, GError **error);

/* Removes a folder with everything in it, however deep, and those that nobody may write to as well;
 * links are removed, not followed. What is not there is fine. */
gboolean tree_remove(const char *path, GError **error);
