/* plan → Dockerfile: a text that any builder takes and that builds what the plan says. */
#pragma once

#include "plan/plan.h"

typedef struct {
    bool pins;     /* a generated constraints file per pip stage; false: --no-pins */
    bool heredocs; /* one self-contained text (stdout); false: files beside the Dockerfile */
} DockerfileOptions;

typedef struct {
    char *path; /* below the output folder: "Dockerfile", "pins/02-requirements.pins" … */
    char *text;
    unsigned mode;
} EmittedFile;
void emitted_file_free(EmittedFile *file);

/* *ret_files: EmittedFile, the Dockerfile first. Errors: ERROR_INPUT for what a Dockerfile can't
 * carry, with the recipe line. */
gboolean dockerfile_emit(const Plan *plan, const DockerfileOptions *options, GPtrArray **ret_files,
                         GError **error);
