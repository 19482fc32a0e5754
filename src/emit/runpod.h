/* plan → the files that RunPod's Hub reads (plan/runpod_files.h). */
#pragma once

#include "emit/dockerfile.h"

/* EmittedFile: .runpod/hub.json and .runpod/tests.json, as far as there is something to say. */
GPtrArray *runpod_emit(const Plan *plan);
