/* A recipe with edits, resolved and judged in memory as the real one is: whether a change really
 * makes a finding go away. */
#pragma once

#include "check/fix_edit.h"
#include "check/scene.h"

typedef struct {
    LockSession *session;
    const RecipeOptions *recipe_options;
    SourceBook *book;
    const Recipe *recipe;     /* as it is */
    const Lock *lock;         /* with `target`: its other versions are kept */
    const LockTarget *target; /* that was judged */
    const CheckRun *run;      /* its run */
    guint64 *budget; /* bytes of wheels that may still be fetched whole; NULL: any number */
} FixContext;

typedef struct {
    RecipeFile *file;
    Recipe *recipe;
    Lock *lock;
    CheckRun *run;
    GHashTable *texts;
} FixTrial;

/* Which wheels are read whole that are not known so yet. */
typedef enum {
    TRIAL_NONE,
    TRIAL_CHANGED, /* those that come with the edits */
    TRIAL_ALL,
} TrialDepth;

/* NULL: the edited recipe is wrong, can't be satisfied, or could not be looked into, which
 * *ret_unseen says. `only`: as SceneOptions. */
FixTrial *fix_trial_new(const FixContext *context, const GPtrArray *edits, const GPtrArray *only,
                        TrialDepth depth, bool *ret_unseen);
void fix_trial_free(FixTrial *trial);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(FixTrial, fix_trial_free)

/* Whether the finding is gone, and no error has come that the target did not have. */
bool fix_trial_helps(const FixContext *context, const FixTrial *trial, const Finding *finding);
