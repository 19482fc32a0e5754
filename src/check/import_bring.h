/* What the simulation of imports will read, brought before it begins: from file to file along the
 * statements that import, without executing any, many members with few requests. What only a run
 * of the code would find (lazy modules, names made of texts) is fetched when it is read. */
#pragma once

#include "check/imports.h"

typedef struct {
    const char *name, *text; /* of a script */
    size_t length;
} ImportScript;

/* `modules`: char*, what will be imported; `scripts`: ImportScript; `folders`: char*, absolute ones
 * that Python looks into first. What can't be had is no error. */
void import_bring(ImportSources *sources, WheelViews *views, const FileSpace *space,
                  const GPtrArray *modules, const GPtrArray *scripts, const GPtrArray *folders);
