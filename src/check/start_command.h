/* The Python that a container starts: which files and modules `entrypoint:` and `cmd:` run, and
 * where Python looks for the modules beside them.
 *
 * Read are commands of Python itself, the programs that wheels bring, servers that are told an
 * application ("uvicorn app.main:app"), launchers of other programs, `sh -c` and shell scripts
 * among the image's files. A shell script is read as far as what it does before is known to leave
 * Python's files and settings alone; what it may not run is not read. */
#pragma once

#include "check/check.h"

typedef enum {
    START_SCRIPT, /* a file that Python executes */
    START_MODULE, /* a module that is imported */
} StartKind;

typedef struct {
    StartKind kind;
    char *name;   /* "/app/main.py", "app.main" */
    char *folder; /* the first of sys.path; NULL: not known */
    Span at;      /* the word of the recipe that it comes from */
} StartItem;

/* StartItem, in the order in which they begin, each once. Needs run->space and run->image. */
GPtrArray *start_command_find(const CheckRun *run);
