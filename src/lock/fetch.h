/* lock → files on this machine: every file of a lock from where its source says, through the
 * indexes as this session reaches them (mirrors and substitutes included). */
#pragma once

#include "facts/wheel_native.h"
#include "lock/lock_recipe.h"

/* The session's cache, in which blobs lie; belongs to it. */
Cache *lock_session_cache(LockSession *session);

/* Where the session finds an index by the name that locks give it, without asking it: a mirror,
 * what the recipe (or NULL) or the language says, for `main` what pip is configured to. NULL: not
 * known. The caller frees; it may hold credentials. */
char *lock_session_index_url(LockSession *session, const Recipe *recipe, const char *name);
/* Facts of torch as it is installed in the end that an earlier run has read from its wheel; NULL:
 * none has, or there is no torch. Asks nobody. */
WheelNative *lock_session_recall_torch(LockSession *session, const Recipe *recipe,
                                       const LockTarget *target);

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

/* The same files looked into wherever they are (wheel_view.h): whole on this machine, or by ranges
 * at their index. A file that no index of the recipe has any more is one of which nothing is known.
 * The session, `blobs` and the files outlive the views. */
gboolean lock_session_view_wheels(LockSession *session, const Recipe *recipe,
                                  const LockTarget *target, BlobStore *blobs, GPtrArray *files,
                                  WheelViews **ret_views, GError **error);

/* Where the files are, by the pages of their indexes: *ret_urls has a URL without credentials for
 * each, NULL for what comes from a path or from git. Errors: as wheels_fetch(). */
gboolean lock_session_find_urls(LockSession *session, const Recipe *recipe,
                                const LockTarget *target, const GPtrArray *files,
                                GPtrArray **ret_urls, GError **error);
