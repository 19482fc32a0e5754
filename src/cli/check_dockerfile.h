/* check --dockerfile FILE: the lints of check/lint.h, printed as check prints findings. */
#pragma once

#include "cli/workspace.h"

/* Exit status. The folder of the file is taken for its build context. */
int check_dockerfile(Invocation *invocation, const char *path);
