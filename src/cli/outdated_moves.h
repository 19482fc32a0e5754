/* What each newer version would change and break: the stages solved with it, everything else held
 * where it is as far as that goes. */
#pragma once

#include "cli/workspace.h"
#include "plan/outdated.h"

/* Fills in the `move` of each entry that can move within the user's lines and constraints, or that
 * only other distributions hold back. `held` has `target`, whose pins are kept. Returns an exit
 * status and has printed why when it is not 0. */
int outdated_find_moves(Workspace *workspace, const WorkTarget *wanted, const Lock *held,
                        const LockTarget *target, Outdated *outdated);
