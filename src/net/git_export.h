/* The files of one revision of a git repository, written to a folder: recipes as they were. Nothing
 * of the repository is run, no filter of it applied. */
#pragma once

#include "base/error.h"

/* Whether `path` lies in a repository (a bare one too) that has such a revision. */
bool git_revision_exists(const char *path, const char *revision);
/* Writes the revision's regular files of at most 4 MiB below `dir`, which exists and is empty;
 * links and submodules are left out. *ret_prefix (caller frees): where `path` lies in the
 * repository, "" or "sub/folder/". ERROR_INPUT: no repository, no such revision, names that no
 * folder can have, too many files; ERROR_FAILED: it can't be read or written. */
gboolean git_revision_export(const char *path, const char *revision, const char *dir,
                             char **ret_prefix, GError **error);
