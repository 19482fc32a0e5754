/* plan → script: makes the virtual environment of a `target: env` recipe on the machine that it is
 * run on, install.sh for Linux and macOS, install.ps1 for Windows.
 *
 * Exactness is by construction: each stage is a list of files by name, version and digest,
 * installed without dependencies in the order of the lock, by pip or by uv, into an environment
 * that the script made itself; one that holds anything else is left alone. Beside the script lie
 * the lists (requirements/), verify.py, which compares what is there with expect.json, and the
 * check.py (plan/start_check.h) that it asks with. */
#pragma once

#include "emit/dockerfile.h"

typedef struct {
    bool pins;   /* false: --no-pins, an error: nothing but what is locked can be installed so */
    bool single; /* one text that carries its files, for stdout; false: files beside the script */
    const char *remark; /* a further line of the first comment; or NULL */
} ScriptOptions;

typedef struct {
    GPtrArray *files;   /* EmittedFile, the script first */
    GPtrArray *context; /* char*: wheels of the recipe's folder, which the lists name relative to
                           the script (a single one: to the folder that it is run in); sorted */
} EmittedScript;
void emitted_script_free(EmittedScript *script);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(EmittedScript, emitted_script_free)

/* Errors: ERROR_INPUT for what a script can't carry, with the recipe's line. */
gboolean script_emit(const Plan *plan, const ScriptOptions *options, EmittedScript **ret_script,
                     GError **error);
