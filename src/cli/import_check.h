/* import --check: what became of each pip command of a Dockerfile. */
#pragma once

#include "cli/workspace.h"
#include "import/import.h"

/* Prints the Dockerfile's lints, and for each of its pip commands the stage that it became, whether
 * that is solved, what it does and what it breaks. The recipe is at -o. Exit status: 1 where a
 * stage has no solution, or an error is found. */
int import_check(Invocation *invocation, const ImportKind *kind, const ImportInput *input,
                 const Draft *draft);
