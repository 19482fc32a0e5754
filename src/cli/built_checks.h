/* Build checks of an image that `build` has just made: run in it, told, and counted. */
#pragma once

#include "cli/workspace.h"
#include "emit/image.h"

typedef struct {
    Workspace *workspace;
    const WorkTarget *wanted;
    const Plan *plan;
    Cache *cache;
    const char *layout; /* where blobs lie that the cache has not; or NULL */
} BuiltChecks;

/* Fills in built->build_checks. Exit status: 1 where an item does not hold, which has been printed;
 * 0 for a recipe without any. */
int built_checks_run(const BuiltChecks *checks, BuiltImage *built);
/* "3 build checks hold", "2 were not run (--no-sandbox)"; as notes. */
void built_checks_note(const Workspace *workspace, const BuiltImage *built);
