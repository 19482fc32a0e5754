/* The Python that a file tree holds, found without running it: which
 * interpreter a `pip install` there would serve, its version and ABI, the C library, the scheme of
 * its folders and what is installed. */
#pragma once

#include "python/environment.h"
#include "python/file_tree.h"

typedef struct {
    char *path;         /* as PATH and pip's first line name it: "/usr/local/bin/python3" */
    char *real;         /* links resolved: "/usr/local/bin/python3.11" */
    char *prefix;       /* sys.base_prefix: "/usr/local", "/usr", "/opt/conda" */
    char *stdlib;       /* "/usr/local/lib/python3.11" */
    const char *layout; /* "docker", "debian", "venv", "conda" or "unknown" */
    PythonTarget *target;
    Environment *environment; /* with everything that is installed */
    char *pip_version;        /* or NULL */
    char *externally_managed; /* path of EXTERNALLY-MANAGED, or NULL */
    GPtrArray *warnings;      /* char*: what could not be known, one sentence each */
} Interpreter;

/* `env`: "KEY=value" of the image's configuration. `platform`: "linux/amd64". NULL with ERROR_INPUT
 * when there is no interpreter, or one that we can't tell the version of; the message says which.
 */
Interpreter *interpreter_find(const FileTree *tree, const char *const *env, const char *platform,
                              GError **error);
void interpreter_free(Interpreter *interpreter);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Interpreter, interpreter_free)

/* Whether interpreter_find() may want the content of the file at `path`. */
bool interpreter_wants(const char *path, guint64 size);
enum {
    INTERPRETER_WANTS_VERSION =
        2, /* rises whenever its answers change: trees are cached with them */
};
/* The value of KEY in "KEY=value" entries, or NULL. */
const char *interpreter_env(const char *const *env, const char *key);
