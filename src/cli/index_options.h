/* What --index, --substitute-index and --upgrade name must exist: a slip of the pen would otherwise
 * change nothing, silently. */
#pragma once

#include "cli/options.h"
#include "lock/lock.h"
#include "recipe/recipe.h"

/* `recipes`: Recipe of every row asked for; `lock` may be NULL. Errors: ERROR_USAGE. */
gboolean index_options_check(const Options *options, const GPtrArray *recipes, GError **error);
gboolean upgrade_names_check(const Options *options, const Lock *lock, GError **error);
