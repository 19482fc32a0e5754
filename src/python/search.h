/* One search with all that goes before it, and the smallest part of the user's lines on which it
 * fails. */
#pragma once

#include "python/conflict.h"

/* Reads constraints and requirements, fetches ahead and searches; as resolution_run(). */
gboolean search_run(World *world, Result **ret_result, GPtrArray **ret_causes, GError **error);

/* The conflict of a request whose search failed with `causes`. Lines that can be left out without
 * making it solvable are left out, one after another from the last to the first; what is left is
 * conflict->lines, and the causes are those of a search over these lines alone. */
Conflict *search_explain(World *world, const GPtrArray *causes);
