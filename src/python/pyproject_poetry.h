/* Dependencies in poetry's tables as requirements. For pyproject.c only. */
#pragma once

#include "base/error.h"
#include "text/toml.h"

/* The requirements that an entry of a table of dependencies means, NULL-terminated; an optional one
 * only where `optional` is set. Errors: ERROR_INPUT at the entry. Caller frees. */
char **poetry_requirements(const char *name, const Node *entry, bool optional, GError **error);
