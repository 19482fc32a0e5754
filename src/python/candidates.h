/* The values that the search works on, each of which exists once, so that pointers can be compared:
 * identifiers, requirements as the search sees them, candidates (pip's candidates.py,
 * requirements.py and factory.py).
 *
 * An Ident is what is pinned: a name ("foo"), a name with extras ("foo[a,b]", which requires
 * exactly the same candidate of "foo"), or the interpreter, on which Requires-Python is a
 * requirement. Everything belongs to the World. A function that fails with ERROR_INPUT met
 * something that makes pip stop at once: the stage cannot be satisfied. */
#pragma once

#include "python/finder.h"

typedef struct Candidate Candidate;

/* One requirement and who has it; parent NULL: the user. */
typedef struct {
    const struct Need *need;
    Candidate *parent;
} Info;

/* Constraint lines on one name, added up. */
typedef struct {
    const Spec *spec;
    char **hashes;
    GPtrArray *links; /* Candidate: URL constraints */
    bool unsupported; /* a URL constraint that is a wheel for another platform */
    GPtrArray *lines; /* PipRequirement */
} Constraint;

typedef struct Ident {
    guint id;
    char *text;
    char *canonical;
    char **extras;      /* canonical, sorted */
    struct Ident *base; /* without extras; itself when there are none */
    bool is_python;
    Constraint *constraint; /* of the base; NULL: none */
    bool user_requested;    /* a root's first requirement is this one */
    unsigned user_order;    /* its place, G_MAXUINT when there is none */
    Project *project;       /* of the base; NULL: not asked yet */
    Candidate *installed;   /* of the base; NULL: not installed or not looked at */
    const InstalledDistribution *distribution; /* of the base, what pip sees as installed */
    unsigned conflicts;                        /* how often it was unpinned in a conflict */
    bool promoted;
} Ident;

typedef enum {
    NEED_SPECIFIER, /* name and specifiers */
    NEED_CANDIDATE, /* exactly one candidate: a URL, the base of an extra */
    NEED_PYTHON,    /* Requires-Python */
    NEED_IMPOSSIBLE,
} NeedKind;

/* A requirement of the search. */
typedef struct Need {
    NeedKind kind;
    Ident *ident;
    const Spec *spec;     /* of NEED_SPECIFIER and NEED_PYTHON */
    Candidate *candidate; /* of NEED_CANDIDATE; of NEED_PYTHON: the interpreter if it is accepted */
    const Requirement *requirement; /* as declared; NULL for NEED_PYTHON and the base of an extra */
    const PipRequirement *root;     /* the user's line */
    const PipRequirement *override; /* what replaced the declared specifiers */
    char *extra;                    /* the extra under which it is required, or NULL */
} Need;

struct Candidate {
    Ident *ident;
    Candidate *base;       /* of a candidate with extras; else itself */
    const IndexFile *file; /* NULL: installed, or the interpreter */
    const InstalledDistribution *installed;
    Version *version;
    Project *project; /* where it was found, NULL: URL or installed */
    guint number;     /* of its version there */
    const Metadata *metadata;
    bool bad;      /* its metadata is unusable */
    char *problem; /* why */
    bool direct;   /* named by URL or path */
    bool needs_build;
    bool touched;           /* a template was chosen */
    bool requested;         /* the template is the user's: REQUESTED is written */
    GPtrArray *needs;       /* Need; NULL: not asked yet */
    const Info *because;    /* the first requirement for which it was tried, NULL: never tried */
    GPtrArray *with_extras; /* Candidate of which this is the base */
};

typedef struct {
    const ResolveRequest *request;
    Finder *finder;
    bool require_hashes;
    GPtrArray *idents;       /* by id */
    GHashTable *ident_table; /* text → Ident */
    GHashTable *constraints; /* canonical → Constraint */
    GHashTable *links;       /* URL → Candidate */
    GPtrArray *candidates;
    GPtrArray *needs;
    GPtrArray *infos;            /* what the search allocates: freed with the world */
    GPtrArray *files;            /* IndexFile of URLs */
    Candidate *python;           /* the interpreter */
    const Spec *anything;        /* the empty set */
    Ident *stopped_at;           /* what an ERROR_INPUT is about; NULL: unknown */
    Refusal stopped_by;          /* what kind of refusal it is; REFUSED_NONE: another */
    const Candidate *stopped_on; /* then: the candidate */
    GPtrArray
        *stopped;      /* Info: what was asked of the identifier that was looked at then, or NULL */
    guint steps;       /* rounds of the search and candidates that it tried */
    guint max_steps;   /* the search is given up after so many; 0: LIMIT_RESOLVE_ROUNDS alone */
    const char *first; /* canonical name that is pinned before others, or NULL */
} World;

World *world_new(const ResolveRequest *request);
void world_free(World *world);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(World, world_free)

/* The identifier of a name with extras, canonical and sorted; NULL: without. */
Ident *world_ident(World *world, const char *canonical, char **extras);
/* Reads the constraints; before anything else is asked. */
gboolean world_read_constraints(World *world, GError **error);
bool world_excludes(const World *world, const char *canonical);
/* The user's requirements as needs, in pip's order: those with extras last. */
GPtrArray *world_collect_roots(World *world, GError **error);
/* Loads the files of the ident's name. */
Project *world_project(World *world, Ident *ident, GError **error);

/* Candidates by where they come from; `ident` without extras. */
Candidate *world_found_candidate(World *world, Ident *ident, FoundFile *found);
Candidate *world_installed_candidate(World *world, Ident *ident);
Candidate *world_extras_candidate(World *world, Candidate *base, Ident *ident);

/* Makes the metadata known. TRUE with candidate->bad when the file is unusable. */
gboolean world_prepare(World *world, Candidate *candidate, GError **error);
/* What a prepared candidate requires (Need), in order; belongs to it. */
const GPtrArray *world_needs(World *world, Candidate *candidate, GError **error);
bool need_is_satisfied(const Need *need, const Candidate *candidate);
/* The first look at a candidate, on behalf of `need`: pip takes from that requirement whether it is
 * the user's, and checks hashes against it. `hashes` are the constraint's. */
gboolean world_touch(World *world, Candidate *candidate, const Need *need, char **hashes,
                     GError **error);
/* A file that the user or a distribution names; NULL with *ret_unsupported: a wheel for another
 * platform. */
Candidate *world_link_candidate(World *world, Ident *ident, const char *link, const char *base_dir,
                                bool *ret_unsupported, GError **error);
