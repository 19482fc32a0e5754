#include "store/new_file.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

enum {
    FILE_MODE = 0644,
    NAME_TRIES = 100, /* to find a name that nobody has */
};

static char *descriptor_path(int fd)
{
    return g_strdup_printf("/proc/self/fd/%d", fd);
}

/* What kernels and file systems answer that know no unnamed files. */
static bool has_no_unnamed(int errnum)
{
    return errnum == EOPNOTSUPP || errnum == EISDIR || errnum == EINVAL || errnum == ENOENT;
}

static int open_unnamed(const char *dir)
{
    int fd = open(dir, O_TMPFILE | O_RDWR | O_CLOEXEC, FILE_MODE);
    if (fd < 0)
        return -1;
    /* Without /proc it could never be given a name. */
    g_autofree char *path = descriptor_path(fd);
    if (access(path, F_OK) == 0)
        return fd;
    close(fd);
    errno = EOPNOTSUPP;
    return -1;
}

gboolean new_file_open(NewFile *file, const char *dir, GError **error)
{
    *file = (NewFile)NEW_FILE_NONE;
    file->fd = open_unnamed(dir);
    if (file->fd >= 0)
        return TRUE;
    if (has_no_unnamed(errno)) {
        g_autofree char *path = g_build_filename(dir, NEW_FILE_PREFIX "XXXXXX", NULL);
        file->fd = g_mkstemp_full(path, O_RDWR | O_CLOEXEC, FILE_MODE);
        if (file->fd >= 0) {
            file->path = g_steal_pointer(&path);
            return TRUE;
        }
    }
    return error_set_errno(error, ERROR_FAILED, errno, "cannot write to the folder %s", dir);
}

/* One more name for it; FALSE with errno. */
static bool name_file(const NewFile *file, const char *to)
{
    if (file->path)
        return link(file->path, to) == 0;
    g_autofree char *path = descriptor_path(file->fd);
    return linkat(AT_FDCWD, path, AT_FDCWD, to, AT_SYMLINK_FOLLOW) == 0;
}

static NewFileResult placed(NewFile *file)
{
    new_file_clear(file);
    return NEW_FILE_PLACED;
}

static gboolean set_failed(GError **error, const char *to)
{
    return error_set_errno(error, ERROR_FAILED, errno, "cannot write %s", to);
}

NewFileResult new_file_place(NewFile *file, const char *to, GError **error)
{
    if (name_file(file, to))
        return placed(file);
    if (errno == EEXIST)
        return NEW_FILE_EXISTS;
    /* File systems without hard links can rename. */
    if (file->path && (errno == EPERM || errno == EOPNOTSUPP) && rename(file->path, to) == 0) {
        g_clear_pointer(&file->path, g_free);
        return placed(file);
    }
    set_failed(error, to);
    return NEW_FILE_FAILED;
}

/* A name beside `to` that nobody had a moment ago; NULL with errno. */
static char *free_name(const char *to)
{
    g_autofree char *dir = g_path_get_dirname(to);
    g_autofree char *name = g_build_filename(dir, NEW_FILE_PREFIX "XXXXXX", NULL);
    int fd = g_mkstemp_full(name, O_RDWR | O_CLOEXEC, 0600);
    if (fd < 0)
        return NULL;
    close(fd);
    unlink(name);
    return g_steal_pointer(&name);
}

/* Two names of one file are left alone by rename(). */
static bool rename_over(const char *name, const char *to)
{
    int status = rename(name, to), errnum = errno;
    unlink(name);
    errno = errnum;
    return status == 0;
}

gboolean new_file_replace(NewFile *file, const char *to, GError **error)
{
    NewFileResult result = new_file_place(file, to, error);
    if (result != NEW_FILE_EXISTS)
        return result == NEW_FILE_PLACED;
    if (file->path) {
        if (rename(file->path, to) < 0)
            return set_failed(error, to);
        g_clear_pointer(&file->path, g_free);
        return placed(file) == NEW_FILE_PLACED;
    }
    for (unsigned i = 0; i < NAME_TRIES; i++) {
        g_autofree char *name = free_name(to);
        if (name && name_file(file, name))
            return rename_over(name, to) ? placed(file) == NEW_FILE_PLACED : set_failed(error, to);
        if (!name || errno != EEXIST)
            break;
    }
    return set_failed(error, to);
}

bool new_file_link(const char *from, const char *to)
{
    if (link(from, to) == 0)
        return true;
    for (unsigned i = 0; i < NAME_TRIES && errno == EEXIST; i++) {
        g_autofree char *name = free_name(to);
        if (!name)
            return false;
        if (link(from, name) == 0)
            return rename_over(name, to);
    }
    return false;
}

void new_file_clear(NewFile *file)
{
    if (file->fd >= 0)
        close(file->fd);
    if (file->path)
        unlink(file->path);
    g_clear_pointer(&file->path, g_free);
    file->fd = -1;
}
