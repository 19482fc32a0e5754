/* The search: resolvelib 1.2.1, the algorithm that pip 26.3 vendors.
 *
 * Pins one identifier after another; a pin that later requirements make unfit is replaced while its
 * parents stay; when nothing fits, it jumps back to a pin that has to do with the conflict,
 * optimistically first. */
#pragma once

#include "python/provider.h"

/* Everything known about one identifier. Immutable but for the memo, reference-counted. */
typedef struct {
    unsigned refs;
    GPtrArray *infos; /* Info */
    Matches *matches;
    GPtrArray *incompatible; /* Candidate, NULL: none */
    Preference preference;
    const Candidate *checked; /* the pin that `fits` is about */
    bool fits;
} Criterion;

typedef struct {
    World *world;
    guint n;              /* identifiers */
    Criterion **criteria; /* by identifier, NULL: not asked for */
    Candidate **pins;     /* by identifier, NULL: not pinned */
    bool *connected;      /* by identifier: it has a route to a root */
    GPtrArray *order;     /* Ident in the order in which they were pinned */
} Result;

void result_free(Result *result);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Result, result_free)

/* TRUE: *ret_result, or *ret_causes (Info, owned by the world; empty: the search was given up after
 * LIMIT_RESOLVE_ROUNDS or world->max_steps) is set. FALSE with ERROR_INPUT: pip would stop at once;
 * with other errors: we could not find out. */
gboolean resolution_run(World *world, const GPtrArray *roots, Result **ret_result,
                        GPtrArray **ret_causes, GError **error);

/* Fetches ahead of the search what it will probably need, level by level of the graph, so that a
 * cold resolve waits for as many answers as the graph is deep. Never fails. */
void prefetch_graph(World *world, const GPtrArray *roots);

/* The order of installation (resolver.py, get_topological_weights()) of the identifiers without
 * extras for which `wanted` is set; Ident. */
GPtrArray *install_order(const Result *result, const bool *wanted);
