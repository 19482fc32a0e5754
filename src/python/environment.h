/* What is installed: the distributions of a base and of the stages so far, in the order in which
 * Python would find them, and which paths each one lists.
 *
 * Later stages see exactly what pip would see: two dist-infos of one name may remain after
 * ignore_installed (the first in path and listing order is the one pip sees), a base copy outside
 * the environment is shadowed rather than removed, files are deleted without reference counts. */
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
    bool has_record;  /* without it pip refuses to uninstall */
    bool outside;     /* not in the environment pip writes to: shadowed, never uninstalled */
    GPtrArray *paths; /* absolute paths the RECORD lists, sorted; NULL: not known yet */
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
    GPtrArray *distributions; /* InstalledDistribution, in the order Python finds them */
} Environment;

Environment *environment_new(InstallScheme scheme, const char *prefix, const PythonTarget *target);
Environment *environment_copy(const Environment *environment);
void environment_free(Environment *environment);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Environment, environment_free)

InstalledDistribution *installed_distribution_new(const char *name, Metadata *take_metadata);
void installed_distribution_free(InstalledDistribution *distribution);

/* The copy that pip sees, or NULL. */
const InstalledDistribution *environment_find(const Environment *environment,
                                              const char *canonical);
