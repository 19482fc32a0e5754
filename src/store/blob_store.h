/* Large files of the cache, by their sha256: layers that were made and wheels that were fetched.
 *
 * A blob is written to an unnamed or temporary file beside its place, hashed on the way, and
 * given its name; what is there is whole. At use its size, mtime and inode are compared with what
 * was noted when it was written; where they differ, as in a cache that was copied, or the note is
 * lost, it is hashed once. When it was last used is its access time; its digest is checked whenever
 * its bytes are read through here, and by blob_store_check(). Safe for several processes at once;
 * two that write the same blob both succeed. */
#pragma once

#include "base/error.h"
#include "store/cache.h"

typedef struct BlobStore BlobStore;

/* Borrows the cache, in whose folder the blobs lie. Never fails; a folder that can't be written is
 * an ERROR_FAILED of blob_writer_new(). */
BlobStore *blob_store_new(Cache *cache);
void blob_store_free(BlobStore *store);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(BlobStore, blob_store_free)

/* The path of the blob, or NULL; one that has changed since it was written counts as absent and is
 * removed. `sha256` is hex; `size` 0: unknown. The caller frees it. Marks the blob as used now.
 * Thread-safe. */
char *blob_store_find(BlobStore *store, const char *sha256, guint64 size);

/* A blob in the making; the digest need not be known before. Thread-safe between writers. */
typedef struct BlobWriter BlobWriter;
BlobWriter *blob_writer_new(BlobStore *store, GError **error);
/* Why blobs go into a temporary folder, which is removed with the store, instead of a cache that
 * can't be written; NULL: they don't. Caller frees. */
char *blob_store_refused(BlobStore *store);
/* The form of a DeflateSink; `writer` is a BlobWriter. */
gboolean blob_writer_write(void *writer, const void *bytes, size_t length, GError **error);
/* What was written is void; the writer begins anew. */
gboolean blob_writer_restart(BlobWriter *writer, GError **error);
/* `sha256` is what was written, by the caller's own hashing of the very bytes; *ret_path is where
 * the blob is now. */
gboolean blob_writer_commit(BlobWriter *writer, const char *sha256, char **ret_path,
                            GError **error);
void blob_writer_free(BlobWriter *writer); /* an uncommitted one leaves nothing behind */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(BlobWriter, blob_writer_free)

/* Whether a file of the user (a wheel on disk, a blob of a base) has this sha256: hashed once per
 * state of the file (path, size, mtime, change time, inode), then remembered. FALSE without error:
 * it has another digest, given in *ret_found where that is not NULL. */
gboolean blob_store_verify_file(BlobStore *store, const char *path, const char *sha256,
                                bool *ret_same, char **ret_found, GError **error);
/* The same memory for facts of another kind, such as the diff_id of a layer blob: small texts by
 * key that are functions of bytes. */
char *blob_store_load_fact(BlobStore *store, const char *kind, const char *key);
void blob_store_save_fact(BlobStore *store, const char *kind, const char *key, const char *text);

/* Puts a copy of [offset, offset + size) of `from` at `to`: a hard link where `link` and the file
 * system allow, else a clone, else a copy; through a temporary file and rename. */
gboolean blob_place(const char *from, guint64 offset, guint64 size, bool link, const char *to,
                    GError **error);

/* What `ramekin cache` calls a blob: the file name of a wheel, "layer: wheel torch 2.6.0". */
void blob_store_set_name(BlobStore *store, const char *sha256, const char *name);

typedef struct {
    char *sha256;
    char *name; /* as it was set, or NULL */
    guint64 size;
    gint64 used; /* seconds since 1970: when it was last used */
} BlobInfo;
void blob_info_free(BlobInfo *info);
/* By digest. */
GPtrArray *blob_store_list(BlobStore *store, GError **error);
gboolean blob_store_remove(BlobStore *store, const char *sha256, GError **error);
/* Reads every blob; those whose digest is wrong are removed and their digests listed. */
gboolean blob_store_check(BlobStore *store, GPtrArray **ret_damaged, GError **error);
/* Removes what was not used since `before` (seconds since 1970), then the least recently used until
 * at most `keep_bytes` are left (G_MAXUINT64: no limit). */
gboolean blob_store_prune(BlobStore *store, gint64 before, guint64 keep_bytes,
                          guint64 *ret_removed_bytes, GError **error);
