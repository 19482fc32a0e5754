/* pip and uv commands of RUN scripts: their options as pip's cmdoptions.py and uv's `pip` interface
 * have them. */
#pragma once

#include "dockerfile/run_script.h"

/* An option as it is given. */
typedef struct {
    const char *name;            /* the long one, "--upgrade" */
    const RunArgument *argument; /* NULL of a letter in a row of them */
    const char *value;           /* borrowed; NULL: it takes none, or it is not known */
} PipGiven;

/* One `pip install` (or download, wheel, uninstall), in whichever spelling. */
typedef struct {
    const RunCommand *command;
    bool uv;
    const char *verb;
    char *environment; /* "" for the interpreter on PATH, else what tells environments apart */
    const RunArgument *verb_argument;
    GPtrArray *requirements; /* RunArgument: names, URLs, paths */
    GPtrArray *options;      /* PipGiven: all that are given, in order */
    GPtrArray *files, *constraints, *editables, *extra_indexes, *find_links; /* RunArgument */
    const RunArgument *index;
    const RunArgument *ignore_installed, *force_reinstall, *upgrade; /* the options, or NULL */
    char *index_setting, *extra_setting; /* of the environment, where no option is given; or NULL */
    bool constrained;                    /* by an option or the environment */
    bool no_deps, no_cache, no_index, require_hashes;
    bool understood; /* false: an option is not known; the lists are not to be trusted */
} PipCommand;

/* NULL: the command is none of pip's. Its `verb` is whatever is given. */
PipCommand *pip_command_read(const RunCommand *command);
void pip_command_free(PipCommand *pip);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PipCommand, pip_command_free)

/* "python", "python3", "python3.11" for the stem "python". */
bool run_is_versioned(const char *name, const char *stem);
