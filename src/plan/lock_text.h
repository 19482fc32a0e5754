/* A lock as lines that a person can read and that `git diff` compares well: what `ramekin inspect`
 * prints of a lock file, and a textconv driver for git. */
#pragma once

#include "lock/lock.h"

/* A function of the lock alone: no width, no colour. One line for each action, finding and
 * distribution; places in the recipe, which move with every edit above them, are left out. Caller
 * frees. */
char *lock_format_text(const Lock *lock);
