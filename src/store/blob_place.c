#include "base/auto.h"
#include "base/io.h"
#include "base/limits.h"
#include "store/blob_store.h"
#include "store/new_file.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

/* The bytes that are still to be copied. */
typedef struct {
    int from, to;
    guint64 offset, left;
} Copy;

/* Shares the blocks of a whole file, where the file system can. */
static bool clone_whole(const Copy *copy)
{
    return ioctl(copy->to, FICLONE, copy->from) == 0;
}

/* Lets the kernel copy as much as it will; what is left has to be read and written. */
static void copy_in_kernel(Copy *copy)
{
    while (copy->left > 0) {
        off_t offset = (off_t)copy->offset;
        size_t length = (size_t)MIN(copy->left, (guint64)1024 * MIB);
        ssize_t n = copy_file_range(copy->from, &offset, copy->to, NULL, length, 0);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return;
        copy->offset += (guint64)n;
        copy->left -= (guint64)n;
    }
}

static gboolean copy_rest(Copy *copy, GError **error)
{
    g_autofree char *buffer = copy->left > 0 ? g_malloc(MIB) : NULL;
    while (copy->left > 0) {
        size_t length = (size_t)MIN(copy->left, (guint64)MIB);
        gssize n = io_read_at(copy->from, buffer, length, copy->offset, error);
        if (n < 0)
            return FALSE;
        if (n == 0)
            return error_set(error, ERROR_FAILED, SPAN_NONE, "its bytes end too early");
        if (!io_write_all(copy->to, buffer, (size_t)n, error))
            return FALSE;
        copy->offset += (guint64)n;
        copy->left -= (guint64)n;
    }
    return TRUE;
}

static gboolean place_copy(Copy *copy, bool whole, const char *to, GError **error)
{
    g_auto(NewFile) file = NEW_FILE_NONE;
    g_autofree char *dir = g_path_get_dirname(to);
    if (!new_file_open(&file, dir, error))
        return FALSE;
    copy->to = file.fd;
    if (!whole || !clone_whole(copy)) {
        copy_in_kernel(copy);
        if (!copy_rest(copy, error))
            return FALSE;
    }
    return new_file_replace(&file, to, error);
}

static bool is_same_file(const struct stat *st, const char *to)
{
    struct stat other;
    return lstat(to, &other) == 0 && other.st_dev == st->st_dev && other.st_ino == st->st_ino;
}

static gboolean place(const char *from, guint64 offset, guint64 size, bool may_link, const char *to,
                      GError **error)
{
    AUTO_FD int fd = open(from, O_RDONLY | O_CLOEXEC);
    struct stat st;
    if (fd < 0 || fstat(fd, &st) < 0)
        return error_set_errno(error, ERROR_FAILED, errno, "cannot read %s", from);
    guint64 have = (guint64)st.st_size;
    if (!S_ISREG(st.st_mode) || offset > have || size > have - offset)
        return error_set(error, ERROR_FAILED, SPAN_NONE, "%s is shorter than it was", from);
    bool whole = offset == 0 && size == have;
    if (whole && may_link && (is_same_file(&st, to) || new_file_link(from, to)))
        return TRUE;
    return place_copy(&(Copy){.from = fd, .offset = offset, .left = size}, whole, to, error);
}

gboolean blob_place(const char *from, guint64 offset, guint64 size, bool link, const char *to,
                    GError **error)
{
    GError *cause = NULL;
    if (place(from, offset, size, link, to, &cause))
        return TRUE;
    return error_wrap(error, cause, SPAN_NONE, "cannot place %s", to);
}
