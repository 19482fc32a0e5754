/* Which inputs a target depends on, as digests: what the recipe says about it part by part, and the
 * files that its requirements came from (recorded while they are read).
 *
 * A part's digest covers the values of the row after substitution and the lines they stand on,
 * which locks and plans name; other rows, comments behind and keys that do not bear on the solve
 * are not in it. */
#pragma once

#include "lock/lock_recipe.h"

/* "base", "indexes", "rules", "stage NAME" for each stage, and "imports" where `checks:` import. */
void inputs_of_recipe(const Recipe *recipe, LockTarget *target);
/* Records an input of the target, once by name. */
void inputs_add(LockTarget *target, const char *name, const void *content, size_t length);
