/* Files as imports see them: names of folders for the finder, and trees of Python sources, kept for
 * all machines of a scene. */
#pragma once

#include "check/imports.h"
#include "facts/python_parse.h"

typedef struct {
    const char *path;
    GBytes *bytes;    /* NULL: cannot be read */
    PyTree *tree;     /* NULL: not Python */
    char *problem;    /* why there is no tree */
    unsigned mistake; /* its line: no Python reads the file; 0: one may */
    GArray *lines;    /* size_t: where lines begin; made on demand */
} ImportSource;

const ImportScene *sources_scene(const ImportSources *sources);
bool sources_partial(const ImportSources *sources);
/* What the base has is not known, and all else is: it is taken to be a plain Python. Absent
 * top-level modules are walked as absent ones, but what ends an import for that reason is no
 * failure. */
bool sources_assumed(const ImportSources *sources);
/* Whether a file or folder that is not among these may be there: never within a folder that is. */
bool sources_open(ImportSources *sources, const char *path);
/* Whether a folder has an entry: "torch/" is a folder, "torch.py" a file. */
bool sources_has(ImportSources *sources, const char *folder, const char *name);
/* Names of a folder, sorted; the sources'. NULL: no such folder. */
const GPtrArray *sources_list(ImportSources *sources, const char *folder);
bool sources_is_file(ImportSources *sources, const char *path);
bool sources_is_folder(ImportSources *sources, const char *path);
const char *sources_distribution(ImportSources *sources, const char *path);
char **sources_needed(ImportSources *sources, const char *path);
/* Whether there is certainly no library of this name, or, with `stem`, one that begins so. */
bool sources_lack_library(const ImportSources *sources, const char *name, bool stem);
/* What stands against loading a shared object, or NULL. The caller frees. */
LibraryProblem *sources_problem(ImportSources *sources, const char *path, bool lazy);
GBytes *sources_read(ImportSources *sources, const char *path);
/* Reads and parses, once. Never NULL. */
const ImportSource *sources_tree(ImportSources *sources, const char *path);
/* Reads and parses files of wheels that were brought, several at once, so that sources_tree() has
 * them: SpaceFile. */
void sources_prepare(ImportSources *sources, const GPtrArray *files);
/* A source that is no file: a recipe's script. */
const ImportSource *sources_script(ImportSources *sources, const char *name, const char *text,
                                   size_t length);
const char *import_source_text(const ImportSource *source, size_t *ret_length);
/* Where a line begins, from 1. */
bool import_source_find_line(const ImportSource *source, unsigned line, size_t *ret_offset);
/* A line without the space around it; "" where there is none. The caller frees. */
char *import_source_line(const ImportSource *source, unsigned line);
