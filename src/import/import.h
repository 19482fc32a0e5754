/* Imports: files of other tools become the draft of a recipe.
 *
 * Each kind of file is a row of the table in import.c: how it is recognised, and the function that
 * makes a draft of it. Nothing is fetched or run. What the reader of a kind does not understand is
 * kept or named in the draft's notes; it is an error only when the file can't be read at all. */
#pragma once

#include "import/draft.h"

typedef struct {
    const char *path; /* as the user wrote it; messages call the file by it */
    const char *name; /* its last part: "Dockerfile.gpu" */
    bool is_folder;
    Source *source; /* NULL of a folder; borrowed */
} ImportInput;

typedef struct {
    const char *name;  /* as on the command line: "dockerfile" */
    const char *title; /* in messages: "a Dockerfile" */
    bool (*matches)(const ImportInput *input);
    Draft *(*make)(const ImportInput *input, GError **error);
} ImportKind;

/* Reads the file, or sees that it is a folder. Errors: ERROR_INPUT, ERROR_FAILED. */
gboolean import_input_open(const char *path, ImportInput *ret_input, GError **error);
void import_input_clear(ImportInput *input);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(ImportInput, import_input_clear)

/* The kind of that name; NULL: the first whose rows take the input, by its name and contents. NULL
 * with ERROR_INPUT when there is none. */
const ImportKind *import_kind_find(const char *name, const ImportInput *input, GError **error);
/* In the order of the table, for the table of options. */
#define IMPORT_KIND_CHOICE "auto|dockerfile|lock|project|environment|requirements"
const char *import_kind_name(int choice); /* NULL for auto */

/* The kinds: one function and one file each. */
Draft *import_dockerfile(const ImportInput *input, GError **error);
/* uv.lock, poetry.lock, pylock.toml */
Draft *import_lock(const ImportInput *input, GError **error);
/* pyproject.toml */
Draft *import_project(const ImportInput *input, GError **error);
/* a virtual environment */
Draft *import_environment(const ImportInput *input, GError **error);
/* a requirements file, a `pip freeze` */
Draft *import_requirements(const ImportInput *input, GError **error);
