/* Whether the wheels of a target have code for a GPU: the question behind rule_gpu and the items of
 * `checks: arch`, and what a table of rows says of them. */
#pragma once

#include "check/check.h"

/* torch by the list of architectures that it names; it has one. */
bool gpu_list_serves(const WheelNative *native, unsigned capability);
bool gpu_is_torch_library(const char *member);
/* Whether a library is one of several for CUDA versions, and for another one than torch's
 * ("libbitsandbytes_cuda118.so"): it is not the one that is loaded. */
bool gpu_is_of_other_cuda(const CheckRun *run, const char *member);
/* Whether the wheel is an extension of torch: it requires it, or brings libraries for its CUDA
 * versions. Others, such as those of CUDA itself, know which of their code runs where. */
bool gpu_extends_torch(const CheckRun *run, const CheckWheel *wheel);

typedef enum {
    COVERS_ALL,  /* torch and every extension of it has code */
    COVERS_NOT,  /* one of them has none: *ret_reason */
    COVERS_OPEN, /* not known: *ret_reason */
} GpuCovers;
/* *ret_reason: a sentence to free where there is one. */
GpuCovers gpu_covers(const CheckRun *run, unsigned capability, char **ret_reason);
