/* Nearest names, for "did you mean". */
#pragma once

#include <stddef.h>

/* The entry of names[0..count) that is nearest to `text` by edits of one character, if it is near
 * enough to be a slip (at most a third of its length, at least one edit); else NULL. Entries may be
 * NULL. */
const char *names_nearest(const char *text, const char *const *names, size_t count);
/* The same with at most `limit` edits. */
const char *names_nearest_within(const char *text, const char *const *names, size_t count,
                                 unsigned limit);
