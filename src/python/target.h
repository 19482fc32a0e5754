/* The interpreter that an image will have: what decides tags, markers and Requires-Python. It
 * describes the target, never the machine that ramekin runs on. */
#pragma once

#include "base/error.h"

typedef enum {
    LIBC_NONE, /* not linux */
    LIBC_GLIBC,
    LIBC_MUSL,
} LibcKind;

typedef struct {
    unsigned major, minor, micro;
    bool has_micro;       /* false: only X.Y was given, and micro is 0 */
    char *full_version;   /* "3.11.2", "3.13.0rc1": marker python_full_version */
    char *implementation; /* "cpython" */
    char *abi_flags;      /* "", "t" (free-threaded), "d" (debug) */
    char *system;         /* "linux" or "windows" */
    char *machine;        /* marker platform_machine: "x86_64", "aarch64", "AMD64" */
    LibcKind libc;
    unsigned libc_major, libc_minor;
} PythonTarget;

/* `python`: "3.11", "3.11.2" or "3.13t"; a missing micro counts as 0. `libc`: "glibc 2.36",
 * "musl 1.2" or NULL for a system without. `platform`: "linux/amd64", "linux/arm64",
 * "windows/amd64" … Errors: ERROR_INPUT. */
PythonTarget *python_target_new(const char *python, const char *libc, const char *platform,
                                GError **error);
PythonTarget *python_target_copy(const PythonTarget *target);
void python_target_free(PythonTarget *target);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PythonTarget, python_target_free)

/* "glibc 2.36", or NULL; caller frees. */
char *python_target_libc_text(const PythonTarget *target);
