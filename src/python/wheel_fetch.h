/* Brings the wheels of a lock onto this machine, whole: from the cache, from where the user has
 * them (a find-links folder, a path), else by download from the index that the lock names. */
#pragma once

#include "python/index.h"
#include "store/blob_store.h"

typedef struct {
    /* what is wanted */
    const char *filename, *sha256;
    guint64 size;                  /* 0: unknown */
    const char *canonical;         /* project */
    const IndexLocation *location; /* where to ask for it; NULL: `url` */
    const char *url;               /* of a file named by URL or path; or NULL */
    guint index;                   /* the caller's */
    /* answer */
    char *path; /* of a file with that sha256; the caller frees it */
} WheelWanted;

/* Whether it has to be asked for over the network, unless it is in the blob store. */
bool wheel_wanted_is_remote(const WheelWanted *wheel);
/* *ret_url is where the file is, by the page of its index, which must not have another digest for
 * it; may hold credentials; caller frees. */
gboolean wheel_wanted_find_url(IndexClient *client, const WheelWanted *wheel, char **ret_url,
                               GError **error);

/* Called in the caller's thread as each file is there, so that work on it can begin while others
 * arrive. FALSE with an error ends everything. */
typedef gboolean (*WheelArrived)(void *data, WheelWanted *wheel, GError **error);

/* Those that are on this machine arrive first, largest first. Files are found in their index by
 * name and checked by sha256; downloads run in parallel, largest first, are resumed where they
 * break off and go into the blob store. A file of another digest is never used and never kept:
 * ERROR_VERIFY naming the URL, the expected and the found digest. */
gboolean wheels_fetch(IndexClient *client, BlobStore *blobs, GPtrArray *wanted,
                      WheelArrived arrived, void *data, GError **error);
