/* Ways out of findings that are computed and were tried: the nearest version on the index with
 * which the finding is gone, of one of both distributions where two are not made for each other, or
 * the change with which a stage can be satisfied. Tried are a few versions, for a few minutes, and
 * of whole wheels to a limit: what is known from all of a wheel is only gone where that says so. */
#pragma once

#include "check/fix_trial.h"

typedef struct {
    const Finding *finding;
    GPtrArray *edits; /* FixEdit */
    char *about;      /* "bitsandbytes 0.45.2" */
} CheckFix;
void check_fix_free(void *fix);

/* CheckFix for the errors and warnings of the run that have one, and for broken requirements of its
 * stages that are whole again with it; at most a few are looked for. The hint of each such finding
 * becomes what is to be changed; of one about two distributions, or about the base's libraries,
 * that has none it says what was tried. Asks the indexes; what can't be had is no way out. */
GPtrArray *check_fixes_find(const FixContext *context);
