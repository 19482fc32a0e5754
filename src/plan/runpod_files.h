/* What RunPod's Hub reads of a repository: .runpod/hub.json and .runpod/tests.json (the publishing
 * guide at https://docs.runpod.io/hub/publishing-guide), from the recipe's `runpod:` block. What
 * the block says in the platform's own keys is taken as it stands; what it leaves out is computed
 * where recipe and lock tell it, and left out with the reason where they do not. */
#pragma once

#include "plan/plan.h"

#define RUNPOD_HUB ".runpod/hub.json"
#define RUNPOD_TESTS ".runpod/tests.json"

typedef struct {
    char *hub, *tests; /* JSON that ends with a newline; NULL: not written */
    GPtrArray *values; /* PlanValue: what was computed, or could not be */
} RunpodFiles;

/* NULL where the recipe has no `runpod:` that is for the Hub. */
RunpodFiles *runpod_files_new(const Plan *plan);
void runpod_files_free(RunpodFiles *files);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RunpodFiles, runpod_files_free)
