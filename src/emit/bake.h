/* plans → docker-bake.json: one target for each row and platform, and a group of all of them, so
 * that `docker buildx bake` builds them side by side. Docker's Bake file reference, JSON form; the
 * contexts are folders beside the file, as `render -o DIR` makes them.
 *
 * What a string of a bake file would take for a template (`${`, `%{`: HCL's JSON syntax) is
 * escaped.
 */
#pragma once

#include "emit/dockerfile.h"

typedef struct {
    Plan *plan;
    char *context;      /* folder below the bake file's, "." for the same */
    char *tag;          /* "train:golden" */
    char *recipe_dir;   /* from the bake file's folder: what paths of secrets count from */
    GPtrArray *secrets; /* char *: ids that the Dockerfile mounts */
} BakeTarget;
void bake_target_free(void *target);

/* `targets` (BakeTarget) by row, then platform. */
EmittedFile *bake_emit(const GPtrArray *targets);
