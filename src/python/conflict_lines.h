/* The smallest part of the user's lines on which a search fails, and what would do instead. */
#pragma once

#include "python/trial.h"

/* The conflict of a request whose search failed with `causes`. Lines that can be left out without
 * making it solvable are left out; what is left is conflict->lines, and the causes are those of a
 * search over these lines alone. Then come the ways out. */
Conflict *search_explain(World *world, const GPtrArray *causes);
/* The conflict of a source distribution that pip would take and build, with the ways out. */
Conflict *search_explain_source(World *world, const Candidate *candidate, const GPtrArray *infos);
/* The conflict of an error at which pip stops, with the ways out where it is a source distribution
 * that would have to be built. */
Conflict *search_explain_error(World *world, const GError *error);
