/* Runs a program in an image's root file system, with no rights, devices or network of this
 * machine.
 *
 * The program sees the image's files, a /proc of its own, a small /dev, an empty /tmp, the host
 * name "ramekin" and a fixed environment: PATH, HOME, LANG=C.UTF-8, TZ=UTC, SOURCE_DATE_EPOCH,
 * over them what the image's configuration says, over that what the caller does. It can gain no
 * privileges. Only with `network` has it the machine's network, /etc/resolv.conf and /etc/hosts;
 * else there is "lo" alone. What it writes is gone when it ends, and so is every process that it
 * started. When the calling process dies, in whatever way, the kernel ends them all: they live in a
 * PID namespace, their mounts in a mount namespace of the run.
 *
 * Bubblewrap is preferred, then crun, then runc; the first that works for a root is kept. */
#pragma once

#include "sandbox/root.h"

typedef enum {
    SANDBOX_RUNNER_AUTO,
    SANDBOX_RUNNER_BWRAP,
    SANDBOX_RUNNER_CRUN,
    SANDBOX_RUNNER_RUNC,
} SandboxRunner;

typedef enum {
    SANDBOX_STDOUT,
    SANDBOX_STDERR,
} SandboxStream;

/* One line without its end; the last one may have had none. Bytes of any kind, but no NUL: those
 * become "?". Lines are cut at SANDBOX_LINE_BYTES. */
typedef void (*SandboxLineFunc)(void *data, SandboxStream stream, const char *line);

enum {
    SANDBOX_LINE_BYTES = 16 * 1024,
    SANDBOX_OUTPUT_BYTES = 16 * 1024 * 1024, /* the limit where the caller names none */
    SANDBOX_EPOCH = 315532800,               /* 1980-01-01, the time of files in layers */
};

/* A file or folder of this machine at a path of the root. For root's runs it has to be readable for
 * everybody where it is writable, or where the kernel can't give it other owners (Linux 5.12). */
typedef struct {
    const char *source;
    const char *target; /* absolute; made in the root where nothing is there */
    bool writable;
} SandboxBind;

/* What to run. All zero but for argv: as the image says, without limits and network. */
typedef struct {
    const char *const *argv;  /* looked for in PATH of the environment where it has no "/" */
    const char *const *env;   /* "NAME=value", over the image's; or NULL */
    const char *user;         /* as the image's `USER`: "app", "1000:1000"; NULL: the image's */
    const char *workdir;      /* NULL: the image's, else "/"; made where it is missing */
    const SandboxBind *binds; /* or NULL */
    guint bind_count;
    bool network;
    guint timeout_ms;         /* 0: none */
    guint64 memory_bytes;     /* of data, for each process (RLIMIT_DATA); 0: no limit */
    guint64 output_bytes;     /* after so much the program is ended; 0: SANDBOX_OUTPUT_BYTES */
    gint64 source_date_epoch; /* seconds since 1970; 0: SANDBOX_EPOCH */
    SandboxRunner runner;
    bool interactive;     /* stdin, stdout and stderr are those of the caller; no `line` then */
    SandboxLineFunc line; /* or NULL; called by the thread that runs */
    void *data;           /* of `line` */
} SandboxCommand;

typedef struct {
    int status; /* exit status of the program as a shell has it: 128 and more for a signal */
    int signal; /* that ended it, by its status; 0: none */
    bool timed_out, output_exceeded; /* then it was ended for that */
    SandboxRunner runner;            /* that was used */
    guint milliseconds;
} SandboxResult;

/* Returns when the program has ended. Several threads may run in one root. ERROR_INPUT: the image
 * has no such program, user or working folder; ERROR_FAILED: no runner could start it, with each
 * one's reason as a note. A program that fails is no error: its status tells. */
gboolean sandbox_run(SandboxRoot *root, const SandboxCommand *command, SandboxResult *ret_result,
                     GError **error);

const char *sandbox_runner_name(SandboxRunner runner); /* "bwrap" */
