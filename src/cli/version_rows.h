/* `ramekin matrix --versions NAME`: asks indexes what versions they have, and prints them as rows.
 */
#pragma once

#include "cli/workspace.h"

/* Of the first target of the workspace. Returns an exit status and has printed. */
int version_rows_print(Workspace *workspace, const char *name);
