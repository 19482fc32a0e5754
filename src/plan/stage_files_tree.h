/* `files:` and `remove:` stages, and the users that `user:` makes, in a merged tree. */
#pragma once

#include "plan/merged_tree.h"
#include "recipe/recipe.h"

/* Takes files of the recipe's folder that .dockerignore does not exclude; sorted, so that the order
 * of a folder means nothing. Owners by name are looked up in the tree's passwd and group. Modes:
 * 0644, or 0755 where the source is executable, folders 0755. A link in the source is taken as a
 * link; one that leads out of the recipe's folder, sockets and devices are ERROR_INPUT with the
 * recipe line. */
gboolean tree_add_files(MergedTree *tree, const Recipe *recipe, const Stage *stage, unsigned index,
                        GError **error);
gboolean tree_remove_globs(MergedTree *tree, const Stage *stage, unsigned index, GError **error);
/* Creates `user:` in /etc/passwd, group, shadow, gshadow with home folder where the base lacks it,
 * as useradd does without its clock. No-op where the recipe names none or a number. */
gboolean tree_add_user(MergedTree *tree, const Recipe *recipe, unsigned index, GError **error);
