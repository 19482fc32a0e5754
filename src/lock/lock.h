/* The lock: what every stage of every target resolves to, as a value and as ramekin.lock.
 *
 * A Lock is self-contained: plan, diff and emit need no index and no resolver beside it. Files are
 * named by index name, file name and sha256, never by an index's URL, so that a lock holds behind
 * any mirror. In memory a target may have unsatisfiable and skipped stages; only solved targets are
 * saved. Format: ramekin.lock/1, ramekin-lock(5).
 *
 * In the file, one line is one file, action, edge or distribution, so that it diffs and merges; the
 * environment after a stage is written as what differs from the stage before ("gone": names and
 * versions that are there no more, "environment": entries that are new or have changed). */
#pragma once

#include "base/diags.h"
#include "base/finding.h"
#include "lock/lock_conflict.h"
#include "lock/lock_import.h"

#include <stdbool.h>

typedef enum {
    LOCK_SOURCE_INDEX, /* index: its name */
    LOCK_SOURCE_URL,   /* url, credentials stripped */
    LOCK_SOURCE_PATH,  /* path relative to the recipe */
    LOCK_SOURCE_GIT,   /* url and commit */
} LockSourceKind;

typedef struct {
    char *id; /* how stages name it: 12 digits of the sha256, "@", index name, "url", "path" … */
    char *name; /* canonical */
    char *version;
    char *file;   /* decoded file name */
    char *sha256; /* hex */
    guint64 size; /* bytes; 0: unknown */
    LockSourceKind source;
    char *source_name;     /* index name, url or path */
    char *commit;          /* LOCK_SOURCE_GIT */
    char *requires_python; /* or NULL */
} LockFile;

/* Who asked for a distribution: a line of the user or a distribution of the graph. */
typedef struct {
    char *from; /* "file:line", or canonical name of a distribution */
    bool from_line;
    char *requirement; /* clause as written */
} LockEdge;

typedef struct {
    char *action;       /* install upgrade downgrade reinstall remove keep */
    char *name;         /* canonical */
    char *version;      /* after; before, for remove */
    char *from_version; /* before: upgrade, downgrade, reinstall; else NULL */
    LockFile *file;     /* borrowed from lock->files; NULL for remove and for keep of the base's */
    bool requested;
    char **extras;
    GPtrArray *edges; /* LockEdge; the chains of the plan are computed from these */
} LockAction;

typedef enum {
    STAGE_SOLVED,
    STAGE_UNSATISFIABLE,
    STAGE_SKIPPED,
} StageStatus;

/* One distribution installed after a stage, with what it requires (for chains, why and diff). */
typedef struct {
    char *name; /* canonical */
    char *version;
    char *stage;     /* that put it there; NULL: the base */
    LockFile *file;  /* or NULL */
    char **requires; /* Requires-Dist clauses whose markers hold, as written */
    bool ghost;      /* a second dist-info that pip does not see */
} LockDistribution;

typedef struct {
    char *name, *kind;
    char *at; /* "file:line" */
    StageStatus status;
    GPtrArray *actions;        /* LockAction in order of installation; keep ones last */
    GPtrArray *findings;       /* Finding */
    GPtrArray *environment;    /* LockDistribution, by name: everything installed after the stage */
    char *explanation;         /* of an unsatisfiable stage: text for people; never saved */
    GPtrArray *conflict_lines; /* LockConflictLine: a smallest set of lines that conflict; empty
                                  where that is not known; never saved */
    GPtrArray *ways_out;       /* LockWayOut, the best first; never saved */
    GError *conflict;     /* the same as an error with span, notes and hint; or NULL; never saved */
    char **pip_arguments; /* requirement lines, of a stage that is not solved too; or NULL */
} LockStage;

/* How the facts of the base came about. */
typedef enum {
    LOCK_FACTS_DECLARED, /* by the recipe; the installed set is empty */
    LOCK_FACTS_READ,     /* from the base's files */
} LockFacts;

typedef struct {
    char *reference; /* as the recipe spells it, or NULL */
    char *digest;    /* or NULL */
    LockFacts facts;
    char *python;      /* "3.11.2" */
    char *libc;        /* "glibc 2.36" or NULL */
    char *pip_version; /* of the base, or NULL */
    char *scheme, *prefix;
    bool externally_managed;
    char *user;           /* whom the base runs as, where that is not root; or NULL */
    char *require_cuda;   /* NVIDIA_REQUIRE_CUDA of the base, where it is heeded; or NULL */
    GPtrArray *installed; /* LockDistribution, by name */
} LockBase;

typedef struct {
    char *row; /* or NULL */
    char *platform;
    GPtrArray
        *inputs; /* LockInput: digests of recipe, files and variables this target depends on */
    char **substituted;     /* index names, or NULL */
    char *substituted_base; /* the reference that another base stands in for, or NULL */
    LockBase base;
    GPtrArray *stages;  /* LockStage */
    GPtrArray *imports; /* LockImport, in the order of `checks:`; none before check has decided */
} LockTarget;

typedef struct {
    char *name;   /* "recipe", "file requirements.txt", "var torch", "python" … */
    char *sha256; /* of the content */
} LockInput;

typedef struct {
    GPtrArray *files;   /* LockFile, by name, version, file */
    GPtrArray *targets; /* LockTarget, by row in recipe order, then platform */
} Lock;

Lock *lock_new(void);
void lock_free(Lock *lock);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Lock, lock_free)

/* Empty values, with their lists made. */
LockTarget *lock_target_new(const char *row, const char *platform);
void lock_target_free(LockTarget *target);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(LockTarget, lock_target_free)
LockStage *lock_stage_new(const char *name, const char *kind, const char *at);
void lock_stage_free(LockStage *stage);
LockAction *lock_action_new(const char *action, const char *name, const char *version);
void lock_action_free(LockAction *action);
LockEdge *lock_edge_new(const char *from, bool from_line, const char *requirement);
void lock_edge_free(LockEdge *edge);
LockDistribution *lock_distribution_new(const char *name, const char *version);
void lock_distribution_free(LockDistribution *distribution);
void lock_input_free(LockInput *input);
void lock_file_free(LockFile *file);

/* Adds a file, or finds the same file of the same source; takes `file`, gives it its id, returns
 * the one in the lock. */
LockFile *lock_take_file(Lock *lock, LockFile *file);
const char *lock_source_name(LockSourceKind kind); /* "index", "url", "path", "git" */

/* Canonical bytes; the same lock always gives the same ones. Unsolved targets are left out. */
char *lock_encode(const Lock *lock, size_t *ret_length);
/* The same with this target alone and its files. */
char *lock_encode_target(const Lock *lock, const LockTarget *target, size_t *ret_length);
/* Strict: unknown keys, dangling ids, wrong types and impossible digests are ERROR_INPUT. */
Lock *lock_decode(const char *name, const char *text, size_t length, GError **error);
/* *ret_lock is NULL when there is no such file. */
gboolean lock_load(const char *path, Lock **ret_lock, GError **error);
/* The same for a file that messages call `name`. */
gboolean lock_load_as(const char *path, const char *name, Lock **ret_lock, GError **error);
gboolean lock_save(const Lock *lock, const char *path, GError **error);

LockTarget *lock_find_target(const Lock *lock, const char *row, const char *platform);
bool lock_target_is_solved(const LockTarget *target);
/* The first stage that can't be satisfied, or NULL. */
const LockStage *lock_target_failed(const LockTarget *target);
/* The last stage that is solved, whose environment is the image's; or NULL. */
const LockStage *lock_target_last(const LockTarget *target);
/* LockFile of everything that some stage installs, each once, in order; the target's. The caller
 * frees the array. */
GPtrArray *lock_target_installs(const LockTarget *target);
/* The distribution as pip sees it after the stage, or NULL. */
const LockDistribution *lock_stage_find(const LockStage *stage, const char *name);
