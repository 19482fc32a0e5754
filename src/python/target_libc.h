/* The C library that programs of a file tree are loaded with. */
#pragma once

#include "python/file_tree.h"

/* Where libraries lie that a program finds without a path of its own: ld.so(8)'s folders and those
 * that Debian's ldconfig is told. NULL at the end. */
extern const char *const target_library_folders[];

/* "glibc 2.36" or "musl 1.2"; NULL: unknown. `loader`: PT_INTERP of the interpreter, or NULL for
 * one that is linked statically, which is taken for a program of whatever library is there. */
char *target_libc_find(const FileTree *tree, const char *loader);
