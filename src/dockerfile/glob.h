/* Patterns of paths, in the dialects that a Dockerfile and its shell commands read.
 *
 * Time is bounded by the pattern's length times the path's, whatever the pattern. Characters are
 * those of UTF-8; a byte that belongs to none counts as one. */
#pragma once

#include "base/error.h"

typedef enum {
    /* Go's filepath.Match, which COPY uses: "*" and "?" stop at "/", "[^a-z]", "\" escapes. */
    GLOB_COPY,
    /* The same with "**" for any number of folders: .dockerignore. */
    GLOB_IGNORE,
    /* A name as a POSIX shell expands it: "*" and "?" take no dot that comes first, "[!a-z]". No
     * escapes: the pattern is quoted but for its wildcards. */
    GLOB_SHELL,
    /* fnmatch() without flags, as find -name and -path have it: "*" takes "/" too. */
    GLOB_FIND,
} GlobDialect;

typedef struct Glob Glob;

/* NULL with ERROR_INPUT, naming the pattern, for one that Go refuses or that is too long; shells
 * take what is malformed literally. `at` is where it stands. */
Glob *glob_new(const char *pattern, GlobDialect dialect, Span at, GError **error);
void glob_free(Glob *glob);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Glob, glob_free)
/* Whether the pattern matches all of the path. */
bool glob_matches(const Glob *glob, const char *path);
/* Whether the text has a wildcard (or an escape) of GLOB_COPY. */
bool glob_has_wildcards(const char *text);
