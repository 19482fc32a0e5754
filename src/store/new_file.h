/* A file in the making that appears under its name whole or not at all. Where the file system has
 * unnamed files (O_TMPFILE, Linux), death at any moment leaves nothing behind; elsewhere a file
 * ".new-XXXXXX" that nobody reads. */
#pragma once

#include "base/error.h"

typedef struct {
    int fd;     /* -1: not open */
    char *path; /* of the temporary name; NULL: it has none */
} NewFile;

#define NEW_FILE_NONE                                                                              \
    {                                                                                              \
        .fd = -1                                                                                   \
    }
/* How names of temporary files begin. */
#define NEW_FILE_PREFIX ".new-"

/* Makes it in the folder `dir`, which is there; mode 0644 less the umask. */
gboolean new_file_open(NewFile *file, const char *dir, GError **error);
typedef enum {
    NEW_FILE_PLACED,
    NEW_FILE_EXISTS, /* something has that name already; the file is still open */
    NEW_FILE_FAILED,
} NewFileResult;
/* Gives it the name `to` on the same file system, unless something has that name. */
NewFileResult new_file_place(NewFile *file, const char *to, GError **error);
/* The same; what has that name is replaced in one step. */
gboolean new_file_replace(NewFile *file, const char *to, GError **error);
/* A second name for the file `from`, in place of what may have that name. FALSE with errno when
 * that can't be had. */
bool new_file_link(const char *from, const char *to);
void new_file_clear(NewFile *file); /* what was not placed is gone */
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(NewFile, new_file_clear)
