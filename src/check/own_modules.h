/* Modules of the application itself: files that stages put into the folder which commands run in,
 * into one of PYTHONPATH or beside what pip installs. Python finds them, and `python -c` looks into
 * the first two before all others; the simulation of imports follows wheels and the base alone. */
#pragma once

#include "check/import_roots.h"

/* Makes unknown what run->roots and run->found say of such modules where a check names them.
 * `env` is that of the image, "KEY=value". Needs run->space and run->image. */
void own_modules_settle(const CheckRun *run, const char *const *env);
