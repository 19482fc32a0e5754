/* For which CUDA an environment is made, as its distributions' names, versions and requirements say
 * without their files: torch's local label (+cu124), else the CUDA runtime that it brings along. */
#pragma once

#include "lock/lock.h"

/* "12.4"; NULL: nothing of CUDA is there, or nothing tells. `environment` (LockDistribution) may be
 * NULL. The caller frees. */
char *environment_cuda(const GPtrArray *environment);
/* The distribution that tells it, and "12.4", which the caller frees; NULL and NULL as above. */
const LockDistribution *environment_cuda_source(const GPtrArray *environment, char **ret_cuda);
/* The lowest CUDA version that a driver must be for to run it, by CUDA's minor version
 * compatibility (CUDA Compatibility, NVIDIA): "12.0"; NULL as above. The caller frees. */
char *environment_min_cuda(const GPtrArray *environment);
