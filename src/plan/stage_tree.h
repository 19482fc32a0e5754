/* Recipe and lock → merged tree: applies the stages of a target in order to the tree over the base.
 */
#pragma once

#include "plan/plan.h"
#include "plan/wheel_install.h"

/* Where files of the recipe's folder lie while a RUN of a Dockerfile needs them; the RUN removes
 * it.
 */
#define BUILD_TEMP "/tmp/ramekin"

typedef struct {
    const Plan *plan;
    const ImageRoot *base;       /* NULL: scratch */
    const char *const *env;      /* of the base: "KEY=value" */
    GHashTable *wheels;          /* LockFile* → WheelArchive* of every file that is installed */
    const InstallTarget *target; /* NULL: no Python, and no pip stage installs anything */
    const Environment *environment; /* of the base, as the facts have it; or NULL */
    const PythonTarget *python;     /* the same */
    GPtrArray *findings; /* gets a Finding for each two wheels that write the same files; or NULL */
} StageTreeInput;

/* The name as the first requirement for it spells it: what its folder of headers is called. NULL:
 * as METADATA has it. Caller frees. */
char *stage_tree_spelled_name(const LockAction *action, const char *pip_version);

/* Kinds of stages that need a program to run (run, apt, build of sources …) or that fetch something
 * a lock does not hold yet, and source distributions of the lock, are ERROR_INPUT naming the stage
 * and `ramekin render` as the way out. */
gboolean stage_tree_check(const Recipe *recipe, const LockTarget *target, GError **error);

/* The stages in order, then the user and the folder of `workdir:`. Checks as above first. */
gboolean stage_tree_build(const StageTreeInput *input, MergedTree **ret_tree, GError **error);
