/* Version constraints as poetry writes them (python-poetry.org, dependency specification): PEP 440
 * clauses, carets, tildes, wildcards, and `||` between alternatives. */
#pragma once

#include "python/specifier.h"

/* The same as PEP 440 clauses: "^1.2" is ">=1.2,<2.0". Errors: ERROR_INPUT, for alternatives too,
 * which PEP 440 can't say. The caller frees it. */
char *poetry_constraint_clauses(const char *text, GError **error);
/* Whether a version satisfies one of the alternatives; a constraint that can't be read does not
 * exclude any. */
bool poetry_constraint_allows(const char *text, const Version *version);
