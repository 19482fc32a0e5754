/* Which of RunPod's GPU pools an image can be given to. A pool hands out any of its members, so
 * that all of them must work: each has the compute capability of a GPU that `host: gpus` names, and
 * the memory that `host: min_vram` asks for. */
#pragma once

#include "plan/plan.h"

/* Sets told->value to "ADA_24,AMPERE_48", or leaves it NULL; with reasons. */
void runpod_find_pools(const Plan *plan, PlanValue *told);
/* The type id of a GPU to test on: of the first that `host: gpus` names and RunPod has. */
void runpod_find_type(const Plan *plan, PlanValue *told);
/* Every CUDA version from the floor to the newest that is known, as RunPod compares them one by
 * one: "12.0 12.1 …". */
void runpod_find_cuda(const Plan *plan, PlanValue *told);
