/* What a source distribution has to compile, counted by the ends of its files' names: an upper
 * bound, since which of them its build really compiles is up to its own scripts. */
#pragma once

#include "base/error.h"

typedef enum {
    SOURCE_CUDA, /* .cu */
    SOURCE_CXX,  /* .cpp .cc .cxx */
    SOURCE_C,    /* .c */
    SOURCE_CYTHON,
    SOURCE_RUST,
    SOURCE_FORTRAN,
    SOURCE_KINDS,
} SourceKind;

typedef struct {
    guint files[SOURCE_KINDS];
    guint64 bytes[SOURCE_KINDS];
} SourceCounts;

/* Of an open .tar.gz, .tar.xz …, or .zip; `name` is its file name. Nothing is unpacked to disk.
 * Errors: ERROR_INPUT for what is no archive, ends in the middle, or has more than
 * LIMIT_SDIST_FILE_BYTES in it. */
gboolean source_counts_read(int fd, const char *name, SourceCounts *ret_counts, GError **error);
/* All files that need a compiler. */
guint source_counts_sum(const SourceCounts *counts);
/* "14 CUDA sources of 1.2 MB, 3 C++ sources of 40 kB", the kinds that there are; `size` writes a
 * number of bytes. Caller frees. */
char *source_counts_describe(const SourceCounts *counts, char *(*size)(guint64 bytes));
