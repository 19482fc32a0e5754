/* The C library that programs of a file tree are loaded with. */
#pragma once

#include "python/file_tree.h"

/* "glibc 2.36" or "musl 1.2"; NULL: unknown. `loader`: PT_INTERP of the interpreter, or NULL for
 * one that is linked statically, which is taken for a program of whatever library is there. */
char *target_libc_find(const FileTree *tree, const char *loader);
