/* What a host must bring to run a target: driver, CUDA version, device. Computed from recipe and
 * lock alone, the one source for plan, labels, the start check, RunPod's and Kubernetes' files.
 *
 * CUDA version means the one that a driver is for, as nvidia-smi shows it. By CUDA's minor version
 * compatibility (CUDA Compatibility, NVIDIA) any driver for CUDA 12 runs what was built with any
 * toolkit 12.x; a newer driver runs older builds. A value that the recipe states and that is higher
 * is kept; a lower one is an error (host_floors_judge()), and the computed one counts, unless
 * `ignore:` says that it is meant. */
#pragma once

#include "lock/lock.h"
#include "plan/plan_value.h"
#include "recipe/recipe.h"

typedef struct {
    bool needs_gpu;       /* checks for one, a stated need, or wheels that are built for CUDA */
    char *cuda;           /* that the wheels are built for, "12.4"; or NULL */
    char *built;          /* which distribution says so, "torch 2.6.0+cu124"; or NULL */
    char *evidence;       /* "torch 2.6.0+cu124 is built for CUDA 12.4"; or NULL */
    char *wheels_cuda;    /* that their driver must be for at least, "12.0"; or NULL */
    char *min_cuda;       /* the same of everything that is known; or NULL */
    char *min_driver;     /* "525.60.13"; NULL: not known */
    GArray *capabilities; /* unsigned (major * 10 + minor), ascending: of `host: gpus`; or empty */
    guint64 min_vram;     /* bytes, as the recipe states it; 0: not said */
    /* What the image sets NVIDIA_REQUIRE_CUDA to, so that the container runtime refuses a host
     * whose driver is too old; NULL: it is the recipe's own, or the base's is right or not known.
     */
    char *require_cuda;
} HostFloors;

/* Adds each of them with its reasons to `values` (PlanValue). */
HostFloors *host_floors_new(const Recipe *recipe, const LockTarget *target, GPtrArray *values);
void host_floors_free(HostFloors *floors);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(HostFloors, host_floors_free)

/* The finding that `host:` states less than what was built for this CUDA version needs ("torch");
 * NULL: it does not. */
Finding *host_floors_refusal(const Recipe *recipe, const char *what, const char *cuda);
/* The same of what the target installs. */
Finding *host_floors_judge(const Recipe *recipe, const LockTarget *target);
/* "8.6, 8.9"; caller frees. */
char *capabilities_text(const GArray *capabilities);
