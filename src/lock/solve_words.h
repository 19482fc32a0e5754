/* The words of a conflict: ranges of versions and ways out. For the files of this folder only. */
#pragma once

#include "lock/solve.h"

/* " (allows 2.0.0 to 2.1.0)": which of the blocked name's versions a clause on it lets through; ""
 * where that says nothing new. Caller frees. */
char *explain_allowed(const Conflict *conflict, const char *requirement);
/* "numpy on main: 1.26.4, 2.1.0; on cu124: none", or NULL. Caller frees. */
char *explain_indexes(const Conflict *conflict);
/* The best ways out, one a line, or NULL. Caller frees. */
char *explain_ways(const Conflict *conflict);
/* " (stage 'torch', ramekin.yaml:9)" of a distribution that is installed in this version, "" of
 * others. Caller frees. */
char *explain_origin(const Solve *solve, const char *name, const char *version);
