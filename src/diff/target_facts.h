/* What tells one target of a recipe from another, in few words: whether it resolves, its torch, the
 * CUDA version and the driver that it needs, the GPUs that it serves, what has to be downloaded,
 * how much speaks against it. From recipe and lock alone, or of a target that was checked. */
#pragma once

#include "check/check.h"
#include "text/jsonw.h"

typedef enum {
    GPU_SERVED,
    GPU_NOT_SERVED,
    GPU_POSSIBLE,   /* the compiler of the CUDA version knows it; the wheels were not read */
    GPU_IMPOSSIBLE, /* no native code for it can be there */
} GpuAnswer;

typedef struct {
    const char *name; /* of `host: {gpus}`; NULL: a capability of the table */
    unsigned capability;
    GpuAnswer answer;
} GpuFact;

/* An item of `checks:` of a target that was checked. */
typedef struct {
    char *name; /* "gpu: import bitsandbytes" */
    ResultKind kind;
    char *reason; /* NULL where it holds */
} CheckFact;

typedef struct {
    const Recipe *recipe;
    const LockTarget *target;
    char *name;              /* of the row, with its platform where there are several */
    const LockStage *failed; /* the first that can't be satisfied; NULL: the target is solved */
    char *reason;            /* why, on one line; or NULL */
    char *at;                /* the user's line that is to blame, or the stage's; or NULL */
    char *torch;             /* version; its own word, "2.6.0+cu124", where it was read; or NULL */
    char *cuda, *min_cuda, *min_driver; /* or NULL */
    GArray *gpus; /* GpuFact; empty: nothing for GPUs is there, or nothing tells */
    guint64 download_bytes;
    guint unknown_sizes;
    guint distributions;
    GHashTable *versions;   /* of what is installed in the end, by canonical name; borrowed texts */
    guint errors, warnings; /* neither acknowledged nor ignored */
    bool judged;            /* the wheels were looked into */
    GPtrArray *checks;      /* CheckFact, in order; empty: not judged, or there are none */
} TargetFacts;

/* From recipe and lock alone; borrows both. */
TargetFacts *target_facts_new(const char *name, const Recipe *recipe, const LockTarget *target);
void target_facts_free(TargetFacts *facts);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(TargetFacts, target_facts_free)

/* Adds what a judged run has found; its scene is still open. */
void target_facts_judge(TargetFacts *facts, const CheckRun *run);

/* The version under which a canonical name is installed in the end, or NULL. */
const char *target_facts_version(const TargetFacts *facts, const char *name);
/* "holds", "fails", "needs a driver", "not known" of the item of this name, or NULL. */
const char *target_facts_check(const TargetFacts *facts, const char *name);
/* "all 3 hold", "1 of 3 fails, 1 not known"; NULL: there are none. Caller frees. */
char *target_facts_checks_text(const TargetFacts *facts);
/* "7.5-9.0, 12.0"; of named ones "2 of 3, not RTX 5090". NULL: nothing is known. Caller frees. */
char *target_facts_gpus_text(const TargetFacts *facts);
/* The same of any answers, of one CUDA version: what its compiler knows. */
char *gpu_facts_text(const GArray *gpus);
/* `gpus`: [{name, capability, answer}], the next member of an object. */
void gpu_facts_write(JsonWriter *writer, const GArray *gpus);
/* GpuFact of the recipe's GPUs, else of every capability that the table knows, with what the
 * compiler of a CUDA version can have code for. Caller frees. */
GArray *gpu_facts_of_cuda(const Recipe *recipe, const char *cuda);
