/* One search with all that goes before it, and what pip makes of its result. */
#pragma once

#include "python/conflict.h"

/* Reads constraints and requirements, fetches ahead and searches; as resolution_run(). */
gboolean search_run(World *world, Result **ret_result, GPtrArray **ret_causes, GError **error);

/* What pip does with a candidate (the end of resolver.py, Resolver.resolve()). */
PinAction result_action(const Result *result, const Candidate *candidate);
/* Whether the identifier is a name that was pinned, not one with extras or the interpreter. */
bool result_has_name(const Result *result, const Ident *ident);
/* A source distribution that the search took and nobody allowed to be built, or NULL. */
const Candidate *result_find_source(const Result *result);
