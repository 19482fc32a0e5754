/* Files of the recipe's folder as COPY sees them: those that .dockerignore does not leave out,
 * found by path or pattern, sorted by name, and never outside of that folder. */
#pragma once

#include "archive/reader.h"
#include "dockerfile/ignore.h"

typedef struct {
    char *path;     /* below its source, "a/b"; "" for the source itself */
    EntryKind kind; /* file, folder or symbolic link */
    bool executable;
    guint64 size;    /* of a file */
    char *target;    /* of a link */
    char *host_path; /* of a file */
} ContextFile;

/* What one path, or one match of a pattern, brings. */
typedef struct {
    char *name; /* its last part; "" for the recipe's folder itself */
    bool is_folder;
    GPtrArray *files; /* ContextFile: a folder comes before what is in it */
} ContextSource;
void context_source_free(ContextSource *source);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(ContextSource, context_source_free)

typedef struct BuildContext BuildContext;

/* Reads `dir`/.dockerignore, if there is one. Errors: as ignore_rules_parse(). */
BuildContext *build_context_open(const char *dir, GError **error);
void build_context_free(BuildContext *context);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(BuildContext, build_context_free)

/* ContextSource of what `src`, relative to the folder, names; by name where it is a pattern of
 * GLOB_COPY. A source that is a link is followed; links below it are taken as links, wherever they
 * lead. Errors, at `at`: ERROR_INPUT when nothing is there, .dockerignore leaves it out, a link
 * leads out of the folder, or something is neither file, folder nor link. */
GPtrArray *build_context_find(const BuildContext *context, const char *src, Span at,
                              GError **error);
/* Whether the source `src` would bring what is at `path`, relative to the folder, if it were there.
 */
bool build_context_takes(const BuildContext *context, const char *src, const char *path);
