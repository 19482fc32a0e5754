/* What every command that works on a recipe shares: the recipe's rows and platforms, the lock file
 * beside it, and the session that resolves (made when first needed: a current lock costs nothing).
 *
 * Functions that return int return an exit status and have printed why when it is not 0. */
#pragma once

#include "cli/output.h"
#include "lock/lock_recipe.h"

struct Invocation {
    const Command *command;
    const Options *options;
    Output *output;
};

#define DEFAULT_RECIPE "ramekin.yaml"

typedef struct {
    const Recipe *recipe; /* of the row */
    const char *row;      /* or NULL */
    const char *platform;
} WorkTarget;

/* A recipe that is not read from where the user has it: git has it in a revision. */
typedef struct {
    char *path;   /* of the file or its folder */
    char *shown;  /* "sub/ramekin.yaml": as locks call it */
    char *origin; /* "HEAD:": what messages put before that */
} RecipeCopy;

typedef struct {
    Output *output;
    const Options *options;
    char *recipe_path;  /* as the user wrote it */
    char *file_path;    /* where the recipe is read from */
    RecipeCopy copy;    /* NULLs: the user's own file is read */
    char *wanted_row;   /* behind "#", or NULL */
    bool named_by_file; /* with -f, if at all */
    char *lock_path;    /* beside the recipe, .lock for its extension */
    RecipeFile *file;
    HostTables *tables;
    char *shipped_stages;
    RecipeOptions recipe_options; /* with which the recipe was read */
    Diags *diags;                 /* of the whole run: nothing is said twice */
    GPtrArray *recipes;           /* Recipe, one for each row that is worked on */
    GArray *targets;              /* WorkTarget, by row in recipe order, then platform */
    Lock *lock;                   /* the file's content; NULL: there is none */
    LockOptions lock_options;
    LockSession *session;
} Workspace;

typedef enum {
    TARGETS_ALL, /* every row and platform, unless the command line narrows it */
    TARGETS_ONE, /* one row is needed; the first platform */
} TargetChoice;

/* The recipe is the first argument of the command line. */
int workspace_open(const Invocation *invocation, TargetChoice choice, Workspace **ret_workspace);
/* `recipe` NULL: the one here. For commands that take it with -f. */
int workspace_open_recipe(const Invocation *invocation, TargetChoice choice, const char *recipe,
                          Workspace **ret_workspace);
/* `row`: or NULL. */
int workspace_open_copy(const Invocation *invocation, TargetChoice choice, const RecipeCopy *copy,
                        const char *row, Workspace **ret_workspace);
void workspace_free(Workspace *workspace);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Workspace, workspace_free)

const WorkTarget *workspace_target(const Workspace *workspace, guint index);
/* "row golden, linux/amd64": how messages call a target; "" parts are left out. Caller frees. */
char *work_target_label(const Workspace *workspace, const WorkTarget *target);

typedef enum {
    LOCKED_MISSING, /* no lock file, or none for this target */
    LOCKED_STALE,
    LOCKED_CURRENT,
} LockedState;

/* *ret_reason: a sentence to free when stale. */
int workspace_locked_state(const Workspace *workspace, const WorkTarget *target,
                           LockedState *ret_state, char **ret_reason);

/* The session of the run, which prefers the pins of the lock file. */
LockSession *workspace_session(Workspace *workspace);
/* Resolves into `lock`. The result may have unsatisfiable stages; that is printed by
 * workspace_explain_unsolved(). */
int workspace_resolve(Workspace *workspace, const WorkTarget *target, Lock *lock,
                      LockTarget **ret_target);
/* Before many targets are resolved: fetches what those without a current lock will ask for, all at
 * once. Says nothing and never fails: what is wrong shows when they are resolved. */
void workspace_look_ahead(Workspace *workspace);
/* The lock's target when it is current, else one resolved into `fresh`; nothing is written. With
 * --locked a stale or missing one is refused. */
int workspace_find_or_resolve(Workspace *workspace, const WorkTarget *wanted, Lock *fresh,
                              LockTarget **ret_target);
void workspace_explain_unsolved(const Workspace *workspace, const LockTarget *target);

/* Whether a finding stops lock, render and build: an error (with --strict a warning too) that
 * neither `acknowledge:` nor `ignore:` covers. */
bool workspace_finding_counts(const Workspace *workspace, const Recipe *recipe,
                              const Finding *finding);
/* Prints findings (Finding), notes left out; how many count. */
unsigned workspace_report(const Workspace *workspace, const Recipe *recipe,
                          const GPtrArray *findings);
/* The same of all stages of a target but unsatisfiable ones, whose explanation tells. */
unsigned workspace_report_findings(const Workspace *workspace, const Recipe *recipe,
                                   const LockTarget *target);
