/* The solve of one target: its state from stage to stage. For the files of this folder only. */
#pragma once

#include "lock/base_facts.h"
#include "lock/sources.h"
#include "python/foreign_lock.h"
#include "python/install.h"
#include "python/pyproject.h"

/* A package that a stage changed although a declared requirement or protection speaks against it,
 * and said so: a later stage that changes it undoes a decision. */
typedef struct {
    char *name;
    char *version;
    char *stage, *at;
} ForcedPackage;

typedef struct {
    LockSession *session;
    const Recipe *recipe;
    const LockTarget *previous; /* of the lock before, or NULL */
    Lock *lock;
    LockTarget *target;
    BaseFacts *facts;
    Environment *environment; /* as the stages so far left it; NULL: no interpreter */
    MarkerEnvironment *markers;
    TagSet *tags;
    SourceContext sources;
    gint64 exclude_newer;
    GHashTable *files;    /* IndexFile → LockFile, of everything locked so far */
    GHashTable *extras;   /* canonical name → char ** of the extras it was asked for with */
    GPtrArray *forced;    /* ForcedPackage */
    GPtrArray *inputs;    /* StageInputs by stage; NULL for other kinds */
    GPtrArray *solutions; /* Solution: what the environment refers to */
    /* with `resolve: together`, while its stages are applied: what was solved at once; else NULLs
     */
    struct {
        const struct StageInputs *inputs;
        const ResolveOptions *options;
        const GPtrArray *locations;
        Environment *start; /* before the first of them */
    } together;
    Diags *diags;
} Solve;

/* The state before the first stage; borrows everything. */
Solve *solve_new(LockSession *session, const Recipe *recipe, const char *platform, Lock *lock,
                 Diags *diags);
void solve_free(Solve *solve);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Solve, solve_free)
/* Every stage's lines, so that one run reports all mistakes; false: there are some, in diags. */
bool solve_read_inputs(Solve *solve);
/* The base and what its pip sees. */
gboolean solve_find_facts(Solve *solve, const char *platform, GError **error);
/* What the pip of the base is configured to apply to every stage; false: mistakes, in diags. */
bool solve_constrain_by_base(Solve *solve);

/* What the requirement lines and files of a pip stage say. */
typedef struct StageInputs {
    PipInputs *inputs;
    PipInputs *overrides; /* its roots */
    char **exclude;       /* names and globs */
    char **build;         /* canonical names that `build:` names */
    GPtrArray *unread;    /* char *: what the stage's own PIP_CONSTRAINT names and nobody brings */
    ForeignLock *foreign; /* of `lock:`, or NULL */
    PipInputs *project;   /* roots: what extras and groups of `foreign` begin with, or NULL */
    Pyproject *pyproject; /* of `project:`, or NULL */
    char *missing;        /* requirements file inside the image that no files: stage brings */
    Span missing_at;
} StageInputs;

/* Reads them; mistakes go to solve->diags, digests of files to target->inputs. */
StageInputs *stage_inputs_read(Solve *solve, guint stage);
/* Adds those of a stage to others. */
void stage_inputs_add(Solve *solve, guint stage, StageInputs *inputs);
StageInputs *stage_inputs_new(void);
/* A file of requirement lines, or of constraints; `file` of the item counts. */
void solve_add_file(Solve *solve, guint stage, PipInputs *inputs, const FileOrLine *item,
                    bool constraint);
/* A file of the recipe's folder, whose digest goes to the target's inputs. */
Source *solve_read_file(Solve *solve, guint stage, const char *path, GError **error);
void stage_inputs_free(StageInputs *inputs);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(StageInputs, stage_inputs_free)

/* Puts the constraints files of the base (facts->constraints) before those of the stage, where its
 * own environment does not say otherwise; mistakes in them go to solve->diags, their digests to the
 * target's inputs. */
void solve_add_base_constraints(Solve *solve, guint stage, StageInputs *inputs);
/* Why pip would stop at them in this stage; NULL: it does not. */
GError *solve_base_constraints_refusal(const Solve *solve, guint stage);
/* The constraints files that the stage's own PIP_CONSTRAINT names in the place of the base's; NULL:
 * it is not set. Caller frees. */
char **solve_own_constraints(const Stage *stage);
bool solve_replaces_base_constraints(const Stage *stage);

/* The name of an item of `exclude:` or `protect:` (a name, a glob of names, or a requirement whose
 * name counts), canonical; caller frees. */
char *solve_name_pattern(const char *text);

/* Fills `locked` with what the stage does and moves solve->environment on. FALSE: could not find
 * out. An unsatisfiable stage is a success. */
gboolean solve_pip(Solve *solve, guint index, LockStage *locked, GError **error);
/* `resolve: together`: all stages of the target, the pip ones solved at once. */
gboolean solve_together(Solve *solve, GError **error);
/* The stage's requirement lines as read into locked->pip_arguments. */
void solve_note_arguments(const Solve *solve, guint index, LockStage *locked);
/* The steps of solve_pip(). Whether the stage is refused before anything is asked of an index: */
bool solve_refuses(const Solve *solve, guint index, LockStage *locked);
ResolveOptions solve_options(const Solve *solve, const PipStage *pip);
void solve_options_clear(ResolveOptions *options);
/* resolve_stage() over what is installed; pins of the lock before are preferred: those of `stage`,
 * or of all stages (NULL). */
gboolean solve_resolve(Solve *solve, const StageInputs *inputs, const char *stage,
                       const ResolveOptions *options, const GPtrArray *locations,
                       Solution **ret_solution, Conflict **ret_conflict, GError **error);
/* What the solution does to the environment, its findings, and what is installed then. */
gboolean solve_apply(Solve *solve, guint index, Solution *solution, LockStage *locked,
                     GError **error);

/* The kinds that do not change what pip sees. */
void solve_other(Solve *solve, const Stage *stage, LockStage *locked);

/* How a solution is recorded (solve_record.c): its files in the lock, its actions in the stage (in
 * order of installation, those that keep something apart), what is installed now. */
gboolean solve_lock_files(Solve *solve, const Solution *solution, GError **error);
void solve_add_actions(Solve *solve, const Solution *solution, LockStage *locked, bool keep);
void solve_note_environment(const Solve *solve, GPtrArray *entries);
const char *solve_installed_version(const InstalledDistribution *distribution);

/* Marks the stage as one that cannot be satisfied; takes `error`, which is shown to people. */
void stage_set_conflict(LockStage *locked, GError *error);
/* The same from the resolver's answer, of which it keeps the ways out that can be shown. */
void stage_explain(const Solve *solve, guint index, Conflict *conflict);

/* What is known before and after a stage, for its findings. */
typedef struct {
    Solve *solve;
    guint index; /* of the stage */
    LockStage *locked;
    const Solution *solution; /* or the part of one that belongs to the stage */
    const Environment *before;
    const InstallEffects *effects; /* NULL: the stage changed nothing */
} StageChange;

/* Adds the findings of the stages family to change->locked. */
void findings_of_stage(const StageChange *change);
/* What the stage installed whose requirements depend on a patch release that nobody gave. */
void findings_of_patch_release(const Solve *solve, LockStage *locked);

/* "name[extras]specifiers" or "name @ url", without the marker; caller frees. */
char *requirement_clause(const Requirement *requirement);
