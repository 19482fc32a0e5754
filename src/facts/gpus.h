/* GPUs by name: their compute capability and memory, the pools that a cloud rents them from, and
 * which CUDA compilers know a capability. The table is a file (data/gpus.yaml, which says its
 * sources), so that a newer one needs no new program. */
#pragma once

#include "text/decode.h"

typedef struct {
    char *name;
    unsigned capability; /* major * 10 + minor */
    guint64 vram;        /* bytes */
    GPtrArray *aliases;  /* Text; or NULL */
    char *runpod;        /* RunPod's GPU type id, or NULL */
    Span at;
} GpuModel;

typedef struct {
    char *name;
    GPtrArray *models; /* Text */
    Span at;
} GpuPool;

typedef struct {
    unsigned capability;
    char *name; /* of the architecture */
    Text since, until;
    Span at;
} GpuCapability;

typedef struct {
    guint64 format;
    GPtrArray *models, *pools, *capabilities;
} GpuTable;

/* Something that must work: a model, or an architecture alone. */
typedef struct {
    char *name; /* "RTX 5090", "sm_90" */
    unsigned capability;
    const GpuModel *model; /* the table's; NULL: an architecture */
    const GpuPool *pool;   /* that brought it in, or NULL */
    Span at;               /* of the recipe's item */
} GpuTarget;
void gpu_target_free(void *target);

/* Mistakes go to diags; NULL after an error. */
GpuTable *gpu_table_decode(Source *source, Diags *diags);
void gpu_table_free(GpuTable *table);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(GpuTable, gpu_table_free)

/* By name, alias or type id; case, spaces and "NVIDIA GeForce" do not count. NULL: unknown. */
const GpuModel *gpu_table_find(const GpuTable *table, const char *name);
const GpuPool *gpu_table_find_pool(const GpuTable *table, const char *name);
const GpuCapability *gpu_table_find_capability(const GpuTable *table, unsigned capability);
/* Whether the compiler of a CUDA version, "12.4", makes code for it. */
bool gpu_capability_is_compiled(const GpuCapability *known, const char *cuda);
/* Whether code that it makes can run on a GPU of the capability as it is: that for the capability
 * itself, or for a lower one of the same major number (CUDA C++ Programming Guide, "Binary
 * compatibility"). PTX, which drivers compile, is not asked about. */
bool gpu_table_has_code(const GpuTable *table, unsigned capability, const char *cuda);

/* Adds what `text` names to `targets` (GpuTarget): a model, each member of a pool, or "sm_90",
 * "sm_90a" and "9.0" alike. ERROR_INPUT at `at` with the nearest names. */
gboolean gpu_table_resolve(const GpuTable *table, const char *text, Span at, GPtrArray *targets,
                           GError **error);
/* "12.0" of 120. Caller frees. */
char *capability_text(unsigned capability);
