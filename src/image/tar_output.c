#include "image/tar_output.h"

#include "archive/tar_write.h"
#include "base/auto.h"
#include "base/io.h"
#include "base/limits.h"
#include "store/new_file.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

enum {
    BUFFER_BYTES = 256 * KIB,
};

struct TarOutput {
    int fd;
    size_t used;
    guint8 buffer[BUFFER_BYTES];
};

static gboolean flush(TarOutput *out, GError **error)
{
    size_t used = out->used;
    out->used = 0;
    return io_write_all(out->fd, out->buffer, used, error);
}

gboolean tar_output_write(void *data, const void *bytes, size_t length, GError **error)
{
    TarOutput *out = data;
    if (length > BUFFER_BYTES - out->used && !flush(out, error))
        return FALSE;
    if (length >= BUFFER_BYTES)
        return io_write_all(out->fd, bytes, length, error);
    if (length > 0)
        memcpy(out->buffer + out->used, bytes, length);
    out->used += length;
    return TRUE;
}

gboolean tar_output_header(TarOutput *out, const ArchiveEntry *entry, GError **error)
{
    guint8 header[TAR_HEADER_BYTES];
    size_t length;
    return tar_header_write(entry, header, &length, error) &&
           tar_output_write(out, header, length, error);
}

static const guint8 zeros[TAR_END_BYTES];

gboolean tar_output_pad(TarOutput *out, guint64 size, GError **error)
{
    return tar_output_write(out, zeros, tar_padding(size), error);
}

static gboolean write_archive(int fd, TarOutputFunc write, void *data, GError **error)
{
    g_autofree TarOutput *out = g_new(TarOutput, 1);
    out->fd = fd;
    out->used = 0;
    return write(out, data, error) && tar_output_write(out, zeros, TAR_END_BYTES, error) &&
           flush(out, error);
}

/* Pipes and devices: renaming a new file over them would replace them. */
static gboolean write_stream(const char *path, TarOutputFunc write, void *data, GError **error)
{
    AUTO_FD int fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd < 0)
        return error_set_errno(error, ERROR_FAILED, errno, "cannot open it");
    return write_archive(fd, write, data, error);
}

static gboolean write_file(const char *path, TarOutputFunc write, void *data, GError **error)
{
    g_auto(NewFile) file = NEW_FILE_NONE;
    g_autofree char *dir = g_path_get_dirname(path);
    return io_make_dirs(dir, error) && new_file_open(&file, dir, error) &&
           write_archive(file.fd, write, data, error) && new_file_replace(&file, path, error);
}

static gboolean make(const char *path, TarOutputFunc write, void *data, GError **error)
{
    struct stat st;
    if (g_str_equal(path, "-"))
        return write_archive(STDOUT_FILENO, write, data, error);
    bool exists = stat(path, &st) == 0;
    if (exists && S_ISDIR(st.st_mode))
        return error_set(error, ERROR_INPUT, SPAN_NONE, "it is a folder");
    return exists && !S_ISREG(st.st_mode) ? write_stream(path, write, data, error)
                                          : write_file(path, write, data, error);
}

gboolean tar_output_make(const char *path, TarOutputFunc write, void *data, GError **error)
{
    GError *cause = NULL;
    if (make(path, write, data, &cause))
        return TRUE;
    return error_wrap(error, cause, SPAN_NONE, "cannot write %s",
                      g_str_equal(path, "-") ? "the archive" : path);
}
