/* What a project requires, by its pyproject.toml: [project] (PEP 621), [dependency-groups] (PEP
 * 735), the files that setuptools reads dependencies from, and the tables of poetry.
 *
 * Nothing is built: a project that only its build back end can ask is refused. Sources that uv or
 * poetry give a name (tool.uv.sources) are theirs alone and not looked at, but for direct
 * references in poetry's tables. */
#pragma once

#include "base/diags.h"

typedef struct Pyproject Pyproject;

/* NULL after mistakes, which are in diags. Keeps a reference to `source`. */
Pyproject *pyproject_read(Source *source, Diags *diags);
void pyproject_free(Pyproject *project);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Pyproject, pyproject_free)

/* As written; NULL where the file has none. They belong to the project. */
const char *pyproject_name(const Pyproject *project);
Span pyproject_place(const Pyproject *project); /* of the name */
/* PEP 440 clauses, *ret_at where they stand. */
const char *pyproject_requires_python(const Pyproject *project, Span *ret_at);
/* Whether it names a build back end, so that it can be installed itself. */
bool pyproject_is_built(const Pyproject *project);

/* The module of the build back end; NULL where it names none, which means setuptools. */
const char *pyproject_backend(const Pyproject *project);
/* Whether the tables of setuptools, setuptools-scm, setuptools-rust, hatchling, pdm or poetry name
 * what is compiled, generated or run when the project is built. */
bool pyproject_has_build_step(const Pyproject *project);
/* The programs that an install makes, "NAME=MODULE:ATTRIBUTE" each; caller frees. */
char **pyproject_scripts(const Pyproject *project);

/* One requirement, or a file of requirements. */
typedef struct {
    char *text; /* for pip's command line, paths relative to the project's folder; or NULL */
    char *file; /* relative to the project's folder, or NULL */
    Span at;
} ProjectLine;

/* What the project, its extras and its groups require, in that order: ProjectLine. Errors:
 * ERROR_INPUT for an extra or group that it does not have, and for what only a build could tell. */
GPtrArray *pyproject_requirements(const Pyproject *project, const char *const *extras,
                                  const char *const *groups, GError **error);
/* Names of the groups or extras that the file declares, as written; caller frees. */
char **pyproject_extras(const Pyproject *project);
char **pyproject_groups(const Pyproject *project);
