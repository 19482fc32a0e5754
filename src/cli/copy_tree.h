/* Copies what a build context needs: regular files (0644, or 0755 where executable), folders and
 * links, in order of names. */
#pragma once

#include "base/error.h"

/* `path` below `from` (a file, a folder, or a glob) to the same place below `to`. Errors:
 * ERROR_INPUT when nothing is there, ERROR_FAILED. */
gboolean copy_tree(const char *from, const char *path, const char *to, GError **error);
