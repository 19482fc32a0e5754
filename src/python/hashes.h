/* Sets of digests that a file may have, as pip's utils/hashes.py.
 *
 * A set is a NULL-terminated list of "algorithm:hex"; an algorithm that lost all its digests in an
 * intersection stays as "algorithm:". NULL and the empty list allow everything. */
#pragma once

#include "python/index.h"

bool hashes_is_empty(char **hashes);
/* What both allow: an empty set gives way to the other; algorithms that only one names are dropped.
 * Caller frees with g_strfreev(). */
char **hashes_and(char **a, char **b);
/* Whether a digest is in the set, not only the names of algorithms. */
bool hashes_has_digest(char **hashes);
/* Whether one of the digests that the index gives for the file is in the set. */
bool hashes_allow_file(char **hashes, const IndexFile *file);
/* Whether the index gives a digest of the file at all. */
bool hashes_file_has_digest(const IndexFile *file);
