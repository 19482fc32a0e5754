/* Why a stage cannot be satisfied, from the search's own data. */
#pragma once

#include "python/resolution.h"

/* Of the causes of the last conflict (Info). */
Conflict *conflict_from_causes(World *world, const GPtrArray *causes);
/* Of an error that makes pip stop at once (ERROR_INPUT). */
Conflict *conflict_from_error(World *world, const GError *error);
/* No index has conflict->name: says so, who was asked, and what may have been meant. */
void conflict_set_absent(World *world, Conflict *conflict);
/* pip would take and build a source distribution. */
Conflict *conflict_from_source(World *world, const Candidate *candidate, const GPtrArray *infos);

/* What the indexes have of the name, and why each file was not taken (conflict_files.c). Pages are
 * known by now; one that is not is left out. `specs` (Spec) are the clauses on the name; `version`
 * is the one that pip stopped at, or NULL. */
void conflict_add_files(World *world, Conflict *conflict, Ident *ident, const GPtrArray *specs,
                        const Version *version);
/* Which digests the index has of the file that pip stopped at, and whose those are that were given
 * (conflict_hashes.c). */
void conflict_add_digests(World *world, Conflict *conflict);
void refused_file_free(gpointer data);
