/* What is installed: the distributions of a base and of the stages so far, in the order in which
 * Python would find them, and which paths each one lists.
 *
 * Later stages see exactly what pip would see: two dist-infos of one name may remain after
 * ignore_installed, a base copy outside the environment is shadowed rather than removed, files are
 * deleted without reference counts. Which of two dist-infos in one folder pip sees depends on the
 * order in which the file system lists them; here it is the first by name of the dist-info.
 *
 * Distributions are reference-counted and shared between copies of an environment; but for `paths`,
 * which are filled in when they are first needed, they do not change once they are in one. */
#pragma once

#include "python/index.h"

typedef enum {
    SCHEME_POSIX,  /* prefix/lib/pythonX.Y/site-packages */
    SCHEME_DEBIAN, /* prefix/lib/pythonX.Y/dist-packages, headers elsewhere (posix_local) */
    SCHEME_VENV,
    SCHEME_WINDOWS_VENV,
} InstallScheme;

typedef struct {
    char *name; /* as spelled in METADATA */
    char *canonical;
    Metadata *metadata;
    char *site_dir;   /* folder that holds the dist-info, absolute inside the image */
    char *dist_info;  /* "torch-2.6.0.dist-info", or an egg-info name */
    char *installer;  /* INSTALLER's text, or NULL */
    char *direct_url; /* url of direct_url.json, or NULL */
    bool editable;
    bool has_record;         /* without it pip refuses to uninstall */
    bool outside;            /* not in the environment pip writes to: shadowed, never uninstalled */
    GPtrArray *paths;        /* absolute paths the RECORD lists, sorted; NULL: not known yet */
    GPtrArray *path_digests; /* sha256 as RECORD has it, or NULL, for each of `paths` */
    /* where it came from, for stages; all NULL for the base's */
    const IndexFile *file;
    char *stage;
    bool requested;
} InstalledDistribution;

typedef struct {
    InstallScheme scheme;
    char *prefix;                                       /* "/usr/local", "/opt/venv" */
    char *purelib, *platlib, *scripts, *headers, *data; /* absolute inside the image */
    char *python;             /* the interpreter as wrappers' first line names it */
    char *cache_tag;          /* "cpython-311": of the byte-compiled files pip removes */
    GPtrArray *path;          /* char*: folders of sys.path that hold distributions, in order */
    GPtrArray *distributions; /* InstalledDistribution, in the order Python finds them */
    GHashTable *gone;         /* set of paths that an installed distribution lists but an uninstall
                                 of another one has deleted */
} Environment;

/* An empty environment. SCHEME_DEBIAN's prefix is where pip writes ("/usr/local"). */
Environment *environment_new(InstallScheme scheme, const char *prefix, const PythonTarget *target);
Environment *environment_copy(const Environment *environment);
void environment_free(Environment *environment);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Environment, environment_free)

InstalledDistribution *installed_distribution_new(const char *name, Metadata *take_metadata);
InstalledDistribution *installed_distribution_ref(InstalledDistribution *distribution);
void installed_distribution_free(InstalledDistribution *distribution); /* drops a reference */
/* Adds a path, in any order, and sorts them once all are there. `digest` may be NULL. */
void installed_distribution_add_path(InstalledDistribution *distribution, const char *path,
                                     const char *digest);
void installed_distribution_sort_paths(InstalledDistribution *distribution);

/* Puts the folder behind those of the path, or before all of them. */
void environment_add_folder(Environment *environment, const char *folder, bool first);
/* Puts a distribution where Python finds it; one with the same dist-info is replaced. Takes it. */
void environment_add(Environment *environment, InstalledDistribution *distribution);
void environment_remove(Environment *environment, const InstalledDistribution *distribution);

/* The copy that pip sees, or NULL. */
const InstalledDistribution *environment_find(const Environment *environment,
                                              const char *canonical);
/* What pip's uninstall deletes: the listed paths and their byte-compiled twins, sorted; folders
 * that are empty afterwards go too. The distribution's paths must be known. Owned by the caller. */
GPtrArray *environment_uninstall_paths(const Environment *environment,
                                       const InstalledDistribution *distribution);
