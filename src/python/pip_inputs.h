/* What a pip command line says: requirements, constraints and the options that requirement files
 * may hold, each line with its span (pip's req_file.py and req/constructors.py).
 */
#pragma once

#include "base/diags.h"
#include "python/requirement.h"

typedef struct {
    /* for a wheel's bare URL or path: name and version of the file, url set; of other bare links
     * the name in its egg= fragment, else NULL: nobody knows the name before the build */
    Requirement *requirement;
    char *link;           /* URL or path as the user wrote it, variables expanded; or NULL */
    bool editable;        /* -e, or a folder: needs a build */
    bool needs_build;     /* vcs, folder or sdist link */
    char **hashes;        /* "sha256:hex", NULL-terminated; never NULL */
    char **extras_wanted; /* NULL, or extras of a bare path */
    char *text;           /* the line as the user wrote it, trimmed */
    char *base_dir;       /* folder a relative path counts from */
    Span at;              /* borrowed from inputs->sources */
    bool of_base;         /* a constraint of the base's own, which nobody can edit */
} PipRequirement;

typedef struct {
    bool all;         /* :all: */
    GPtrArray *names; /* canonical */
} FormatNames;

/* --only-binary / --no-binary, a later option overriding an earlier one (pip's FormatControl). */
typedef struct {
    FormatNames only_binary, no_binary;
} FormatControl;

/* --all-releases / --only-final; --pre is --all-releases :all: (pip's ReleaseControl). */
typedef struct {
    FormatNames all_releases, only_final;
} ReleaseControl;

/* An option of a requirements file that counts, where it stands. */
typedef struct {
    const char *name; /* the long one, "--index-url" */
    char *value;      /* NULL of a flag */
    Span at;
} PipOptionLine;

/* An index that a lock file names for some packages alone. */
typedef struct {
    char *url;
    GPtrArray *names; /* char *: canonical */
    Span at;
} PipRoute;

typedef struct {
    GPtrArray *sources;     /* Source, every file read */
    GPtrArray *options;     /* PipOptionLine, in order */
    GPtrArray *roots;       /* PipRequirement in pip's order */
    GPtrArray *constraints; /* PipRequirement */
    /* Options of the files; they are global to the command, whichever line they stand on. */
    char *
        index_url; /* the last -i, or NULL; replaces the command's own and drops extras before it */
    bool no_index;
    GPtrArray *extra_index_urls; /* char* */
    GPtrArray *routes;           /* PipRoute, of a lock file */
    GPtrArray *find_links;       /* char*, paths made absolute */
    GPtrArray *trusted_hosts;    /* char*: "host" or "host:port" */
    FormatControl format;
    ReleaseControl release;
    bool pre;
    bool prefer_binary;
    bool require_hashes; /* --require-hashes, or a --hash somewhere and no --no-require-hashes */
    bool hash_seen, require_hashes_seen,
        no_require_hashes_seen; /* what the line above is made of */
} PipInputs;

PipInputs *pip_inputs_new(void);
void pip_inputs_free(PipInputs *inputs);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PipInputs, pip_inputs_free)

/* How file contents are found: from disk below the recipe, or inside the image from what an earlier
 * stage put there. `path` as joined by the parser. */
typedef Source *(*PipFileReader)(void *data, const char *path, GError **error);

typedef struct {
    PipFileReader read; /* NULL: from disk */
    void *read_data;
    const char *const *environment; /* "KEY=value" for ${VAR}; NULL: none is set */
    const char *base_dir;           /* what relative paths of requirements count from: pip's working
                                       directory; NULL: the folder of the file that was asked for */
} PipInputsOptions;

/* One item of a recipe list ("torch==2.6.0", "./x.whl", "name @ url"). Mistakes go to diags with
 * the place inside the text. Return value: whether the line was usable. */
bool pip_inputs_add_requirement(PipInputs *inputs, const char *text, Span at, bool constraint,
                                const char *base_dir, Diags *diags);
/* A whole requirement or constraints file with everything it includes. `at` is who asked for it.
 * A relative path stays relative for `read`, and counts from base_dir then. */
bool pip_inputs_add_file(PipInputs *inputs, const char *path, Span at, bool constraint,
                         const PipInputsOptions *options, Diags *diags);

/* The route of this URL, which is added where there is none; `at` says who names it. */
PipRoute *pip_inputs_route(PipInputs *inputs, const char *url, Span at);

/* The last line with the option, and with this value unless it is NULL; or NULL. */
const PipOptionLine *pip_inputs_find_option(const PipInputs *inputs, const char *name,
                                            const char *value);

/* The files that the lines of a decoded file include with -r and -c, joined to its path; URLs are
 * left out, and so are lines with mistakes. NULL-terminated; caller frees. */
char **pip_file_includes(Source *source, const char *path);

void format_control_add(FormatControl *control, bool only_binary, const char *value);
/* Which kinds pip would consider for a canonical name. */
void format_control_allows(const FormatControl *control, const char *canonical, bool *ret_wheels,
                           bool *ret_sdists);
void format_control_clear(FormatControl *control);

void release_control_add(ReleaseControl *control, bool only_final, const char *value);
/* What is said about pre-releases of a canonical name. */
Prereleases release_control_allows(const ReleaseControl *control, const char *canonical);
void release_control_clear(ReleaseControl *control);
