/* lock → files on this machine: every file of a lock from where its source says, through the
 * indexes as this session reaches them (mirrors and substitutes included). */
#pragma once

#include "lock/lock_recipe.h"
#include "store/blob_store.h"

/* The session's cache, in which blobs lie; belongs to it. */
Cache *lock_session_cache(LockSession *session);

/* `path` holds the file's bytes, whose digest was checked. Called in the caller's thread while
 * other files are on their way; FALSE with an error ends everything. */
typedef gboolean (*LockFileArrived)(void *data, const LockFile *file, const char *path,
                                    GError **error);

/* `files` are LockFile of the target's lock, each once. Indexes are only asked for files that are
 * neither in the blob store nor on this machine. Errors: as wheels_fetch(); ERROR_INPUT for an
 * index that the recipe no longer names. */
gboolean lock_session_fetch_wheels(LockSession *session, const Recipe *recipe,
                                   const LockTarget *target, BlobStore *blobs, GPtrArray *files,
                                   LockFileArrived arrived, void *data, GError **error);
