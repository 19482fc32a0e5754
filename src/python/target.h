/* The interpreter that an image will have: what decides tags, markers and Requires-Python. It
 * describes the target, never the machine that ramekin runs on. */
#pragma once

#include "base/error.h"

typedef enum {
    LIBC_NONE, /* windows */
    LIBC_GLIBC,
    LIBC_MUSL,
    LIBC_MACOS, /* libSystem, which has the version of its macOS */
} LibcKind;

typedef struct {
    unsigned major, minor, micro;
    bool has_micro;       /* false: only X.Y was given, and micro is 0 */
    char *full_version;   /* "3.11.2", "3.13.0rc1": marker python_full_version */
    char *implementation; /* "cpython" */
    char *abi_flags;      /* "", "t" (free-threaded), "d" (debug) */
    char *system;         /* "linux", "macos" or "windows" */
    char *machine;        /* marker platform_machine: "x86_64", "aarch64", "arm64", "AMD64" */
    LibcKind libc;
    unsigned libc_major, libc_minor;
} PythonTarget;

/* The macOS that wheels may ask for where nobody says another: what wheels of torch ask for
 * since 2.12. */
#define MACOS_DEFAULT "14.0"

/* `python`: "3.11", "3.11.2" or "3.13t"; a missing micro counts as 0. `libc`: "glibc 2.36",
 * "musl 1.2", "macOS 14.0", or NULL: none, on macOS the default. `platform`: "linux/amd64",
 * "macos/arm64", "windows/amd64" … Errors: ERROR_INPUT, also for a libc of another system. */
PythonTarget *python_target_new(const char *python, const char *libc, const char *platform,
                                GError **error);
PythonTarget *python_target_copy(const PythonTarget *target);
void python_target_free(PythonTarget *target);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PythonTarget, python_target_free)

/* "glibc 2.36", "macOS 14.0", or NULL; caller frees. */
char *python_target_libc_text(const PythonTarget *target);
