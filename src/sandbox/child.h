/* What runs between fork and exec, where nothing but system calls is safe: the process that makes
 * the namespaces of a run and mounts its root, and the one inside that becomes the runner.
 *
 * Both die with the thread that forked them, and the second with the first. Neither allocates:
 * everything is prepared in a ChildPlan, whose strings are borrowed. What goes wrong is reported as
 * a ChildProblem through a pipe, which closes when the runner has been started. */
#pragma once

#include "base/error.h"

#include <sys/types.h>

/* Where the root is put together. Every machine has the folder, and only those look into it who
 * handle control groups, which programs of ours have none of; crun refuses to run where it shows
 * two versions of them. runc looks for its own there, so that for runc the whole moves. */
#define CHILD_SCRATCH "/sys/fs/cgroup"
#define CHILD_SCRATCH_MOVED "/tmp"

/* What was being done. */
typedef enum {
    CHILD_NONE,
    CHILD_NAMESPACES,
    CHILD_IDS,
    CHILD_NETWORK,
    CHILD_SCRATCH_MOUNT,
    CHILD_OVERLAY,
    CHILD_PLAIN,
    CHILD_FOLDERS,
    CHILD_BIND,
    CHILD_WORKDIR,
    CHILD_PROGRAM,
    CHILD_CONFIG,
    CHILD_FORK,
    CHILD_PROC,
    CHILD_EXEC,
} ChildStep;

typedef struct {
    int step; /* ChildStep */
    int errnum;
} ChildProblem;

typedef struct {
    const char *source;
    const char *target; /* without "/" at its start */
    bool writable;
    bool may_fail; /* then the root is without it */
} ChildBind;

typedef struct {
    pid_t parent;       /* who forks */
    int report;         /* pipe for a ChildProblem */
    uid_t uid;          /* of the caller */
    gid_t gid;          /* likewise */
    gint64 id_base;     /* of the range that files and programs belong to; -1: the caller */
    int user_namespace; /* of the range; -1 */

    const char *const *trees; /* uppermost first; NULL-terminated */
    const char *overlay;      /* mount data, in which the trees are "0", "1" …; NULL: none */
    const char *upper;        /* folder for "u" and "w" on the disk; NULL: in memory */
    const char *scratch;      /* mount data of the folder in memory */
    bool probe;               /* ends here */

    const ChildBind *binds;
    guint bind_count;
    const char *workdir;         /* without "/" at its start; made where it is missing */
    const char *const *programs; /* where the program may be; NULL: not looked for */
    bool network;
    guint64 memory_bytes;
    bool interactive;

    bool moved;       /* to CHILD_SCRATCH_MOVED */
    bool enters;      /* the runner starts inside the user namespace of the range, as its root */
    gid_t gid_inside; /* and with this group */
    const char *const *argv, *const *env; /* of the runner */
    const char *config; /* of an OCI runtime, which finds it in "run"; NULL: none */
    int gate;           /* what the runner is handed besides; -1 */
    int log;            /* pipe for what an OCI runtime has logged; -1 */
    int out, err;       /* for stdout and stderr; -1: the caller's */
} ChildPlan;

/* In the forked process. Does not return. */
void child_run(const ChildPlan *plan) G_GNUC_NORETURN;
/* "the overlay cannot be mounted" */
const char *child_step_text(ChildStep step);

/* A new user namespace in which `count` ids from 0 on are those from `id_base` on: an open file; -1
 * with errno where that may not be. */
int child_user_namespace(gint64 id_base, unsigned count);
