/* What the files of the blob store share. */
#pragma once

#include "store/blob_store.h"

#include <sys/stat.h>

struct BlobStore {
    Cache *cache;
    char *dir; /* of the blobs: AB/REST of the digest */
    /* Where the cache can't be written a store of this run's own; NULL: not needed so far. */
    BlobStore *spare;
    char *refused; /* then: why */
    GMutex lock;   /* of both */
};

char *blob_path(const BlobStore *store, const char *sha256);
/* Notes how the file of a blob looks whose digest has just been found right, and whether it still
 * looks so. `sha256` is a valid one. */
void blob_note_save(BlobStore *store, const char *sha256, const struct stat *st);
void blob_note_forget(BlobStore *store, const char *sha256);
bool blob_note_holds(BlobStore *store, const char *sha256, const struct stat *st);
char *blob_name(BlobStore *store, const char *sha256); /* or NULL */
/* Hashes the open file from its beginning; what is read does not count as use. */
char *blob_hash_fd(int fd, const char *path, GError **error);
/* Opens without leaving a trace of it where that is allowed. */
int blob_open(const char *path);
