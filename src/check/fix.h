/* Ways out of findings that are computed and were tried: the nearest version on the index with
 * which the finding is gone, or the change with which a stage can be satisfied. */
#pragma once

#include "check/fix_trial.h"

typedef struct {
    const Finding *finding;
    GPtrArray *edits; /* FixEdit */
    char *about;      /* "bitsandbytes 0.45.2" */
} CheckFix;
void check_fix_free(void *fix);

/* CheckFix for the errors and warnings of the run that have one; at most a few are looked for. The
 * hint of each such finding becomes what is to be changed. Asks the indexes; what can't be had is
 * no way out. */
GPtrArray *check_fixes_find(const FixContext *context);
