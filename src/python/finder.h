/* What could be installed: the files of a project that pip's finder would consider, in its order of
 * preference, and which of its versions a set of specifiers accepts.
 *
 * A Project pools the pages of every index that is asked for its name (pip's
 * index/package_finder.py; routing by `packages` and `only` is a key of the recipe). Its files
 * passed pip's LinkEvaluator: format control, wheel name, tags, upload time, Requires-Python of the
 * page. Versions are numbered newest first; sets of versions are bit sets over these numbers.
 * Everything belongs to the Finder. */
#pragma once

#include "python/resolve.h"

/* The copy of the name that the request does not count as installed, or NULL. */
const InstalledDistribution *request_find_relaxed(const ResolveRequest *request,
                                                  const char *canonical);

typedef struct Finder Finder;
struct Candidate;

/* A specifier set, interned by its text: the same set is the same pointer. */
typedef struct {
    SpecifierSet *set;
    bool prereleases; /* it names a pre-release, which lets in all of them */
    bool exact;       /* has == or === without wildcard */
    bool upper;       /* has <, <=, ~= or ==.* */
    bool any;         /* has a clause at all */
} Spec;

typedef struct {
    const IndexPage *page;
    guint index;   /* of the file in the page */
    guint version; /* number of the version */
    int rank;      /* of the best tag, 0 is best; sources come last */
    bool wheel;
    bool yanked;
    struct Candidate *candidate; /* the resolver's, NULL until it was looked at */
} FoundFile;

typedef struct {
    char *canonical;
    guint n_versions;
    Version **versions; /* newest first */
    guint n_files;
    FoundFile *files; /* best first */
    guint n_words;    /* of a bit set over the versions */
    guint64 *finals;  /* versions that are no pre-releases */
    guint64 *offered; /* versions with a file that is not yanked */
    int preferred;    /* number of the version to try first, or -1 */
    GHashTable *accepted;
} Project;

Finder *finder_new(const ResolveRequest *request);
void finder_free(Finder *finder);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Finder, finder_free)

const Spec *finder_spec(Finder *finder, const SpecifierSet *set);

/* Starts fetching the pages of a name. */
void finder_want(Finder *finder, const char *canonical);
/* The project, without files when no index has it. Errors: what the index client says. */
Project *finder_project(Finder *finder, const char *canonical, GError **error);
/* The locations that are asked for a name, in pip's order (IndexLocation; caller frees). */
GPtrArray *finder_locations(const Finder *finder, const char *canonical);
/* Whether `options` let pre-releases in for every name. */
bool finder_prereleases(const Finder *finder);
/* Why pip's finder left a file out; REFUSED_NONE: it is a candidate. `ret_version` (may be NULL) is
 * the version in its name, or NULL; `ret_detail` the reason in words, or NULL. Caller frees both.
 */
Refusal finder_refusal(Finder *finder, const char *canonical, const IndexFile *file,
                       char **ret_version, char **ret_detail);

static inline IndexFile *found_file(const FoundFile *found)
{
    return index_page_file(found->page, found->index);
}

/* The versions of a project that a set of specifiers accepts, pre-releases included; belongs to the
 * project. */
const guint64 *project_accepted(Project *project, const Spec *spec);
static inline bool bits_test(const guint64 *bits, guint index)
{
    return bits[index / 64] >> (index % 64) & 1;
}
static inline void bits_set(guint64 *bits, guint index)
{
    bits[index / 64] |= (guint64)1 << (index % 64);
}
