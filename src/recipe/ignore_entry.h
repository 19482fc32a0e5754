/* `ignore:` of a recipe: findings that somebody has looked at and found harmless. */
#pragma once

#include "base/finding.h"
#include "recipe/recipe.h"

/* The entry that covers the finding: of its code and, where the entry has a `match:`, with a
 * distribution or message that fits the glob. NULL: none. */
const RecipeIgnore *recipe_find_ignore(const Recipe *recipe, const Finding *finding);
