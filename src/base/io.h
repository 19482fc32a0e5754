/* Whole files in and out. A file that is written appears under its name complete or not at all. */
#pragma once

#include "base/error.h"

/* Reads a regular file of at most `limit` bytes; *ret_text is NUL-terminated beyond its length and
 * owned by the caller; ret_length may be NULL. Errors: ERROR_INPUT when absent, not a regular file
 * or too large; ERROR_FAILED. */
gboolean io_load(const char *path, size_t limit, char **ret_text, size_t *ret_length,
                 GError **error);
/* The same for a file that messages call `name`. */
gboolean io_load_as(const char *path, const char *name, size_t limit, char **ret_text,
                    size_t *ret_length, GError **error);
/* Writes to a temporary file beside `path`, then renames it. Mode is 0644 less the umask. */
gboolean io_save(const char *path, const char *text, size_t length, GError **error);
/* The same for a file of the user that is there: what a link leads to is written, and its mode
 * stays. */
gboolean io_replace(const char *path, const char *text, size_t length, GError **error);
/* Makes `path` and its parents, 0777 less the umask. */
gboolean io_make_dirs(const char *path, GError **error);
/* One read of at most `length` bytes from where the file stands: the number read, 0 at the end, -1
 * on error. EINTR is tried again. */
gssize io_read(int fd, void *buffer, size_t length, GError **error);
/* Reads up to `length` bytes at `offset`; returns the number read (less only at the end), -1 on
 * error. */
gssize io_read_at(int fd, void *buffer, size_t length, guint64 offset, GError **error);
/* All of it, through short writes and EINTR. */
gboolean io_write_all(int fd, const void *data, size_t length, GError **error);
/* Removes a file, or a folder with everything in it, which may lie LIMIT_PATH_DEPTH deep; links are
 * removed, not followed. What is not there is fine. */
gboolean io_remove_tree(const char *path, GError **error);
