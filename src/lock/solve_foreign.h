/* What a pip stage takes from a project's own files.
 *
 * `lock:`: what a lock file of another tool names for the target becomes the stage's
 * requirements, each pinned to its version and, where the file has them, to its digests. What they
 * require is not looked at: the lock file is the whole set (pip's --no-deps).
 *
 * Files are found through indexes, as everywhere: an index of the lock file is that of the recipe
 * or of the language with this URL, the default index where it is its URL or none is said, else one
 * by the URL. `index:` of the stage takes the place of them all.
 *
 * `project:`: what its pyproject.toml requires, as if it were written in the stage. The project
 * itself is not built and not installed, which a finding says. */
#pragma once

#include "lock/solve.h"

/* Reads the file when the stage's inputs are read; mistakes go to solve->diags. */
void solve_read_lock(Solve *solve, guint stage, StageInputs *inputs);
/* `project:`: the requirements in its pyproject.toml, those of the extras and groups too. */
void solve_read_project(Solve *solve, guint stage, StageInputs *inputs);
/* Adds the requirements of the target, which is known now; false: the stage can't be satisfied, and
 * locked->conflict says why. */
bool solve_take_lock(Solve *solve, guint index, LockStage *locked);
