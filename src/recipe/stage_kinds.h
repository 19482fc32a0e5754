/* The table of built-in kinds; for the stage_<kind>.c files and stage.c only. */
#pragma once

#include "recipe/context.h"

/* Fields of the maps: what is common, and the kind's body. */
extern const Shape pip_shape, apt_shape, files_shape, git_shape, download_shape, model_shape,
    run_shape, remove_shape;

/* The keys that all kinds have: name, when, each, layer. */
enum {
    STAGE_FIELD_COUNT = 4,
};
extern const Field stage_fields[STAGE_FIELD_COUNT];
