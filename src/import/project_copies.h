/* Whether building a Python project puts the files of its folder into the wheel as they are, so
 * that PYTHONPATH can stand for its install. Nothing is executed. */
#pragma once

#include "python/pyproject.h"

/* False where the back end is none of those known to copy, where pyproject.toml names a build step
 * (pyproject_has_build_step()), and where the folder's setup.py is not read, calls setup() nowhere
 * that is sure to run, or passes it what compiles, generates or moves files. */
bool project_only_copies(const Pyproject *project, const char *folder);
