/* check: findings on a target that the bytes of its wheels prove, before anything is built.
 *
 * A rule is a pure function of a CheckRun: the recipe, its lock and facts that were read before.
 * What is not known is said to be unknown, and never is an error. The families are the files
 * rule_*.c, the table is in check.c. Findings of the stages are made by lock (lock/findings.h). */
#pragma once

#include "check/image_files.h"
#include "check/imports.h"
#include "facts/source_kinds.h"
#include "facts/wheel_native.h"
#include "plan/plan.h"
#include "recipe/checks.h"

/* Facts of one wheel that an action of the target installs. */
typedef struct {
    const LockFile *file;
    WheelView *view;
    WheelNative *native; /* NULL: not read */
} CheckWheel;

/* A source distribution that an action of the target builds and installs. */
typedef struct {
    const LockFile *file;
    bool read; /* `counts` are known */
    SourceCounts counts;
} CheckSource;

typedef struct {
    const Recipe *recipe;
    const LockTarget *target;
    const Plan *plan;
    GPtrArray *wheels;           /* CheckWheel, by name and version */
    GPtrArray *sources;          /* CheckSource, by name; of recipes for RunPod alone */
    const FileSpace *space;      /* NULL: the wheels were not looked into */
    const ImageFiles *image;     /* NULL: not looked at */
    GPtrArray *roots;            /* ImportRoot: what is imported (import_roots.h), or NULL */
    GPtrArray *found;            /* ImportFound, or NULL: not simulated */
    GPtrArray *deferred;         /* ImportFailure: of functions where there is a GPU; or NULL */
    GPtrArray *refusals;         /* LibraryRefusal (library_load.h): loads that fail for symbols */
    const char *const *base_env; /* of the base's configuration; NULL: unknown */
    const ImageRoot *base_root;  /* the base's files; NULL: not on this machine */
    unsigned base_layers;        /* 0: not known, or none */
    guint64 base_packed;         /* bytes of the blobs of the base's layers; 0: not known */
    bool deep;           /* natives of all libraries were read, not torch's arch string alone */
    GPtrArray *findings; /* Finding: what the rules add, in order */
    GPtrArray *results;  /* CheckResult: one for each item of `checks:` */
} CheckRun;

typedef enum {
    RESULT_HOLDS,
    RESULT_FAILS,
    RESULT_MOVED,   /* an import that needs a driver: it runs where the GPU is */
    RESULT_UNKNOWN, /* needs the sandbox, or a fact that is not known */
} ResultKind;

typedef struct {
    const Check *check; /* of the recipe */
    const char *when;   /* "build", "runtime", "gpu" */
    char *item;         /* "torch==2.6.0+cu124" */
    ResultKind kind;
    char *reason; /* why; NULL where it holds */
} CheckResult;
void check_result_free(void *result);

/* A run in which only recipe and lock are known. Borrows both. */
CheckRun *check_run_new(const Recipe *recipe, const LockTarget *target);
void check_run_free(CheckRun *run);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CheckRun, check_run_free)

/* Adds a finding with the table's severity; takes `message`. The caller sets what else there is. */
Finding *check_add(CheckRun *run, const char *code, Span at, char *message);
/* The same at a place as locks have it ("file:line"), or nowhere (NULL). */
Finding *check_add_at(CheckRun *run, const char *code, const char *at, char *message);
/* The last stage of the target, which has what is installed in the end; NULL: there is none. */
const LockStage *check_last_stage(const CheckRun *run);
/* The place of the stage that installed the distribution: of the user's line that asks for it where
 * there is one. NULL: the base's. Caller frees. */
char *check_place_of(const CheckRun *run, const LockDistribution *distribution);
const CheckWheel *check_find_wheel(const CheckRun *run, const char *distribution);
/* What is installed under the name after the last stage, or NULL. */
const LockDistribution *check_installed(const CheckRun *run, const char *distribution);

/* Runs every family, then decides the items of `checks:`. Of a target that is not solved only what
 * the recipe alone says is judged. */
void check_judge(CheckRun *run);
