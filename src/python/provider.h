/* pip's side of the search (resolution/resolvelib/provider.py and factory.find_candidates()): which
 * candidates meet what is asked of an identifier, and which identifier is pinned next. */
#pragma once

#include "python/candidates.h"

/* The candidates for an identifier under some requirements, best first. Lazy: the index is asked
 * when the first candidate that is not installed is needed, metadata when a candidate is tried.
 * Reference-counted. */
typedef struct {
    unsigned refs;
    Ident *ident;
    GPtrArray *candidates; /* named by URL, or the interpreter; NULL: of the index */
    GPtrArray *specs;      /* Spec that must all accept a version of the index */
    const Need *template;  /* the first requirement that asked */
    char **hashes;
    Candidate *installed;
    bool prefers_installed;
    GPtrArray *incompatible; /* Candidate that were tried in vain; NULL: none */
    /* filled when the index was asked */
    Project *project;
    guint64 *bits; /* versions */
    bool takes_yanked;
    GPtrArray *by_hashes; /* FoundFile in order, when hashes decide */
} Matches;

Matches *matches_ref(Matches *matches);
void matches_unref(Matches *matches);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Matches, matches_unref)

/* `infos` (Info) are the requirements on the identifier, `base_infos` those on its base when it has
 * extras, else NULL. */
Matches *provider_find_matches(World *world, Ident *ident, const GPtrArray *infos,
                               const GPtrArray *base_infos, GPtrArray *incompatible,
                               GError **error);

typedef struct {
    World *world;
    Matches *matches;
    bool started;           /* the preferred installed one was offered */
    bool installed_pending; /* the installed one was offered before the file at hand */
    guint position;
    guint tried;    /* candidates whose metadata was asked for */
    guint64 *found; /* versions that were yielded */
    bool installed_found;
} MatchIter;

void match_iter_init(MatchIter *iter, World *world, Matches *matches);
/* The next candidate, NULL after the last. `prepare`: with its metadata, skipping unusable files.
 */
gboolean match_iter_next(MatchIter *iter, bool prepare, Candidate **ret_candidate, GError **error);
void match_iter_clear(MatchIter *iter);

/* What decides which identifier comes first (get_preference()); of its requirements. */
typedef struct {
    bool direct, pinned, upper, unfree;
} Preference;

Preference provider_preference(const GPtrArray *infos);
/* Whether `a` is pinned before `b`. */
bool provider_prefers(const Ident *a, Preference of_a, const Ident *b, Preference of_b);
