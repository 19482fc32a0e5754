/* What libgit2 last said, as an error of ours. For the files of this folder that use it. */
#pragma once

#include "base/error.h"

/* ERROR_FAILED "WHAT: why", ERROR_INPUT with a hint for a repository of another user; FALSE. */
gboolean git_set_problem(int code, const char *what, GError **error);
