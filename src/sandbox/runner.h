/* What each runner is started with. */
#pragma once

#include "sandbox/root_private.h"

/* A run as a runner sees it; everything absolute and resolved. */
typedef struct {
    const char *program; /* path of the runner on this machine */
    const char *scratch; /* the folder in which the root "m" and "run" are */
    const char *const *argv, *const *env;
    const char *workdir;
    guint32 uid, gid;
    bool ranged;        /* many ids */
    int user_namespace; /* of the range, or -1 */
    int gate;           /* a byte can be read from it, which shows that the root is made */
    bool read_only;     /* the root is mounted so, and stays so */
    bool terminal;      /* it has one */
} RunnerInput;

typedef struct {
    SandboxRunner runner;
    const char *name, *package;
    bool moved;   /* ChildPlan */
    bool runtime; /* an OCI runtime: reads a configuration, needs a /proc of its own */
    char **(*argv)(const RunnerInput *input);
} RunnerKind;
extern const RunnerKind runner_kinds[];
extern const size_t runner_kind_count;
/* Whether the runner starts inside the user namespace of the range: bubblewrap alone becomes an
 * ordinary user of it from outside. */
bool runner_enters(const RunnerKind *kind, const RunnerInput *input);

/* config.json of an OCI runtime (runtime-spec 1.0). */
char *runtime_config(const RunnerInput *input, const RunnerKind *kind);
/* The program of that name, or NULL: in PATH, else where administrators' programs are. */
char *runner_find(const char *name);
