/* One pip install, resolved: resolvelib's search with pip's provider, over an environment, without
 * running anything (pip's resolution/resolvelib, 26.3).
 *
 * The request borrows everything; the solution owns what it names except files and metadata, which
 * belong to the IndexClient, and requirements, which belong to the request's inputs or to metadata.
 */
#pragma once

#include "python/environment.h"
#include "python/pip_inputs.h"
#include "python/tag.h"

typedef struct {
    bool no_deps, force_reinstall, ignore_installed;
    bool upgrade; /* -U */
    char *
        *upgrade_names; /* canonical: as -U for these names alone (a key of the recipe), or NULL */
    bool upgrade_eager; /* --upgrade-strategy eager */
    bool pre, prefer_binary, require_hashes;
    FormatControl format; /* of the command; the files' options come on top */
    gint64 exclude_newer; /* seconds since 1970, exclusive; -1: none */
} ResolveOptions;

typedef struct {
    const PythonTarget *target;
    const TagSet *tags;
    const MarkerEnvironment *markers;
    const PipInputs *inputs;
    const ResolveOptions *options;
    const GPtrArray *locations; /* IndexLocation in pip's order: find-links, index, extras;
                                   `packages` routing is applied by the finder */
    const GPtrArray
        *overrides; /* PipRequirement: replaces every declared requirement on the name */
    const char *const *exclude; /* canonical names or globs that are never installed, or NULL */
    const char *const *build; /* canonical names whose source distribution may be chosen, or NULL */
    const Environment *installed;
    /* InstalledDistribution that are not counted as installed, and whose names are also looked for
     * where these copies came from; or NULL */
    const GPtrArray *relaxed;
    GHashTable *preferred; /* canonical → version text to try first (pins that are kept), or NULL */
    IndexClient *client;
    Progress *progress;
} ResolveRequest;

/* Who asked: one edge of the final graph. */
typedef struct {
    const Requirement *requirement;
    const PipRequirement *root; /* the user's line, or NULL */
    char *parent;               /* canonical name of the distribution that requires it, or NULL */
    char *extra;                /* the extra of the parent under which it is required, or NULL */
} Edge;

typedef enum {
    PIN_INSTALL, /* not there before */
    PIN_UPGRADE,
    PIN_DOWNGRADE,
    PIN_REINSTALL, /* the same version again, or another file of it */
    PIN_KEEP,      /* installed already and good enough */
} PinAction;

/* What another index has of a name: its newest usable version, whatever is asked of the name. */
typedef struct {
    const IndexLocation *location;
    Version *version; /* reference */
} Rival;

typedef struct {
    char *name, *canonical;
    const Version *version;
    const Metadata *metadata;
    const IndexFile *file;                  /* NULL: the installed one is kept */
    const InstalledDistribution *installed; /* the copy pip saw before, or NULL */
    PinAction action;
    char **extras;    /* canonical, sorted */
    bool requested;   /* a root names it: REQUESTED */
    char *direct_url; /* for direct_url.json, or NULL */
    GPtrArray *edges; /* Edge, in the order they were met */
    /* of a pin with a file of an index; else 0 and empty */
    unsigned newer_tried; /* newer versions that the search tried and gave up */
    GPtrArray *rivals;    /* Rival: of each other index that has the name, in pip's order */
} Pin;

/* Why a file or a version was not taken. */
typedef enum {
    REFUSED_NONE,
    REFUSED_TAG,
    REFUSED_PYTHON,
    REFUSED_LIBC,
    REFUSED_YANKED,
    REFUSED_HASH,
    REFUSED_DATE,
    REFUSED_SPECIFIER,
    REFUSED_FORMAT,
    REFUSED_METADATA,
    REFUSED_PRERELEASE,
    REFUSED_EXCLUDED,
} Refusal;

typedef struct {
    const IndexFile *file;
    char *version;
    Refusal reason;
    char *detail; /* "needs glibc 2.39, the target has 2.36"; or NULL */
} RefusedFile;

/* One requirement that takes part in the conflict. */
typedef struct {
    char *requirement;          /* text, name and specifiers */
    const PipRequirement *root; /* the user's line (constraint lines too), or NULL */
    bool constraint;
    char *parent, *parent_version; /* the distribution that requires it, or NULL */
    char **chain; /* "app 1.0", "mid 2.1": who brought whom, from the user's line to the parent */
    const PipRequirement *chain_root; /* that line, or NULL */
} ConflictCause;

typedef struct {
    char *name;      /* of the index */
    bool links;      /* a find-links location */
    char **versions; /* that it has of the blocked name, usable or not, oldest first */
} IndexVersions;

typedef enum {
    WAY_CHANGE, /* `text` in the place of the line */
    WAY_DROP,   /* without the line */
    WAY_ADD,    /* `text` as one more constraint: pip's search finds the solution then */
    WAY_WHEELS, /* only wheels count of the name in `text` */
    WAY_OTHER,  /* an earlier stage installs `text` instead of what it installs */
    WAY_BASE,   /* without the constraints of the base's own, of which `line` is one */
} WayOutKind;

/* A change of the input with which the request can be satisfied: tried by a search of its own. */
typedef struct {
    WayOutKind kind;
    const PipRequirement *line; /* the user's, or NULL */
    bool constraint;            /* the line is a constraint */
    char *text;                 /* "numpy==1.26.4", "numpy"; NULL for WAY_DROP */
    char *gives;   /* "numpy 1.26.4": what is had of the blocked name then; NULL: nothing */
    char *remains; /* settles this conflict, and this other one remains; NULL: none */
} WayOut;

typedef struct {
    char *name;        /* canonical name that could not be pinned; "" when there is none */
    char *message;     /* one sentence */
    GPtrArray *causes; /* ConflictCause */
    GPtrArray *lines;  /* PipRequirement: a smallest set of the user's lines, constraints included,
                          that cannot be satisfied together; empty when that is not known */
    GPtrArray *inherited; /* const InstalledDistribution: what earlier stages installed and belongs
                             to that set as well: if its name had any version there is where it
                             came from, the lines could be satisfied. Borrowed */
    GPtrArray *refused;   /* RefusedFile of that name: versions that were asked for, then others,
                             newest first, at most 1000 */
    Refusal reason;       /* the one reason for which all files of the versions that were asked for
                             were refused; REFUSED_NONE: several, or not all were */
    bool all_refused;     /* there are such files, and none of them can be taken */
    char *older, *newer;  /* then: the nearest versions with a wheel that could be taken, or NULL */
    GPtrArray *notes;     /* char *: what else there is to know, one sentence each */
    char **versions;      /* every version the indexes have of it, oldest first */
    char **asked;         /* when none of them has it: the indexes, with a 403 said; else NULL */
    char *nearest;        /* then: a project there is that may have been meant, or NULL */
    GPtrArray *indexes;   /* IndexVersions, in pip's order */
    GPtrArray *ways;      /* WayOut, the best first */
    bool solvable;        /* a solution exists, and pip's search does not find it */
    bool stopped; /* the search for a smallest set or for ways out was stopped before its end:
                     `lines` may be more than needed, `ways` fewer than there are */
    bool unread;  /* because of what the cache does not hold: fetched, it goes further */
} Conflict;
void conflict_free(Conflict *conflict);

typedef struct {
    GPtrArray *pins; /* Pin in order of installation (§2.6), PIN_KEEP ones included, at the end */
    GPtrArray *warnings; /* Finding: yanked, unknown extra … */
    GPtrArray *files;    /* IndexFile of URLs and paths, which pins point to */
    GHashTable *by_name; /* of solution_find(); NULL: not made yet */
} Solution;
void solution_free(Solution *solution);
/* The pin of a canonical name, or NULL. The pins do not change any more. */
const Pin *solution_find(const Solution *solution, const char *canonical);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Solution, solution_free)

/* Fetches what the searches of these requests (ResolveRequest, of one client) will probably ask
 * for, all of them side by side, so that many resolves wait for as many answers as the deepest
 * graph has levels. Never fails. */
void resolve_look_ahead(const GPtrArray *requests);
/* TRUE: either *ret_solution or *ret_conflict is set. FALSE with *error: could not find out
 * (network). */
gboolean resolve_stage(const ResolveRequest *request, Solution **ret_solution,
                       Conflict **ret_conflict, GError **error);
