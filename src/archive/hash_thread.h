/* SHA-256 of two streams in a thread beside the one that makes them. Digests are the same as
 * without it; what is gained is time, on a machine with an idle processor. */
#pragma once

#include <glib.h>

typedef struct HashThread HashThread;

enum {
    HASH_LANES = 2
};

HashThread *hash_thread_new(void);
/* Ends the thread; also in the middle of a stream. */
void hash_thread_free(HashThread *thread);
/* Takes a copy. Waits while the thread is more than 2 MiB behind. */
void hash_thread_update(HashThread *thread, unsigned lane, const void *bytes, size_t length);
/* Hex text of both, owned by the caller; the thread may only be freed afterwards. */
void hash_thread_finish(HashThread *thread, char *ret_digests[HASH_LANES]);
