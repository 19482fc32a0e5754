/* The files that imports see in the image of a target: those of wheels and the base (FileSpace),
 * and those that stages put there, the application itself. */
#pragma once

#include "check/imports.h"

typedef struct {
    ImportFiles files;
    const FileSpace *space;
    const ImageFiles *image; /* or NULL */
    bool in_site;            /* stages put files beside what pip installs */
} SceneFiles;

/* Borrows what the scene refers to, and must not move. */
void scene_files_init(SceneFiles *files, const ImportScene *scene);
/* Whether more files than these may be below an absolute path. */
bool scene_files_are_open(const SceneFiles *files);
