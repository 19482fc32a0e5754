/* `files:` and `remove:` stages, the user that `user:` makes and the folder that `workdir:` names,
 * in a merged tree: the same files that the rendered Dockerfile leaves.
 *
 * Files of the recipe's folder come in by path and size; their bytes are read when their layer is
 * written, but for those of `eol:` and `append:` (STAGE_FILE_BYTES at most). The order of a folder
 * means nothing. */
#pragma once

#include "plan/accounts.h"
#include "plan/merged_tree.h"
#include "recipe/recipe.h"

/* What of one file is held in memory where its bytes are changed. */
#define STAGE_FILE_BYTES ((size_t)64 * 1024 * 1024)

/* Takes files of the recipe's folder that .dockerignore does not exclude. Owners by name are looked
 * up in the tree's passwd and group. Modes: 0644, or 0755 where the source is executable, folders
 * 0755; all of 0:0. A source that is a link is followed inside the recipe's folder; a link in a
 * folder is taken as a link, wherever it leads. Errors, with the recipe line: ERROR_INPUT for what
 * is absent, left out, outside, a socket or a device, for `from:`, and for a place that is taken.
 */
gboolean tree_add_files(MergedTree *tree, const Recipe *recipe, const Stage *stage, unsigned index,
                        GError **error);
/* As `rm -rf` with the globs expanded by a shell: "*" takes no name that begins with a dot, and
 * what is not there is no error. */
gboolean tree_remove_globs(MergedTree *tree, const Stage *stage, unsigned index, GError **error);
/* Creates `user:` in passwd, group, shadow, gshadow, subuid and subgid with its home folder where
 * the tree lacks it, as useradd --create-home does without its clock (plan/accounts.h). No-op
 * where the recipe names none, root, a number, or user and group. */
gboolean tree_add_user(MergedTree *tree, const Recipe *recipe, unsigned index, GError **error);
/* Makes the folder of `workdir:`, as WORKDIR does. */
gboolean tree_add_workdir(MergedTree *tree, const Recipe *recipe, unsigned index, GError **error);

/* ERROR_INPUT, at its line, when a `files:` stage takes what lies at the absolute path `output`: an
 * image that holds the one before it never comes out the same. */
gboolean tree_check_output(const Recipe *recipe, const char *output, GError **error);

/* Absolute paths (char*) of base files whose content the functions above read: what the base must
 * be opened with. */
GPtrArray *tree_wanted_base_paths(const Recipe *recipe);
