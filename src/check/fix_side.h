/* A distribution whose version could be changed so that a finding is gone: the line that decides
 * it, and the versions that are worth a try. */
#pragma once

#include "check/fix_trial.h"
#include "lock/survey.h"

typedef struct {
    const LockDistribution *installed;
    char *at;            /* of the user's line that asks for it, or constrains it */
    char *requirement;   /* there: "torchaudio==2.5.1" */
    GPtrArray *versions; /* texts, the first to be tried first */
    bool fits;           /* what is installed and the first of them agree by their metadata */
} FixSide;

typedef enum {
    FIX_NEWER,   /* the nearest newer ones, and the newest */
    FIX_NEAREST, /* older ones too: first those that agree with all that is installed */
} FixReach;

/* Asks the indexes of the stage for its versions; with FIX_NEAREST for the metadata of some, which
 * is compared with what is installed. NULL: `name` is not installed by a stage, no line decides its
 * version, or nothing else can be had. */
FixSide *fix_side_new(const FixContext *context, LockSurvey *survey, const char *name,
                      FixReach reach);
void fix_side_free(FixSide *side);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(FixSide, fix_side_free)

/* FixEdit: the line, with constraints, overrides and items of `checks:` that would not have the
 * version. NULL: one of them can't be changed. The caller frees. */
GPtrArray *fix_side_edits(const FixContext *context, LockSurvey *survey, const FixSide *side,
                          const char *wanted);
