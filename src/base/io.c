#include "base/io.h"

#include "base/limits.h"

#include "base/auto.h"
#include "base/limits.h"
#include "base/sorted.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

static gboolean load_failed(GError **error, const char *name, int errnum)
{
    bool user_input = errnum == ENOENT || errnum == ENOTDIR || errnum == EISDIR;
    return error_set_errno(error, user_input ? ERROR_INPUT : ERROR_FAILED, errnum, "cannot read %s",
                           name);
}

gssize io_read(int fd, void *buffer, size_t length, GError **error)
{
    for (;;) {
        ssize_t n = read(fd, buffer, length);
        if (n >= 0)
            return n;
        if (errno == EINTR)
            continue;
        error_set_errno(error, ERROR_FAILED, errno, "read failed");
        return -1;
    }
}

gssize io_read_at(int fd, void *buffer, size_t length, guint64 offset, GError **error)
{
    size_t done = 0;
    while (done < length) {
        ssize_t n = pread(fd, (char *)buffer + done, length - done, (off_t)(offset + done));
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0) {
            error_set_errno(error, ERROR_FAILED, errno, "read failed");
            return -1;
        }
        if (n == 0)
            break;
        done += (size_t)n;
    }
    return (gssize)done;
}

gboolean io_load(const char *path, size_t limit, char **ret_text, size_t *ret_length,
                 GError **error)
{
    return io_load_as(path, path, limit, ret_text, ret_length, error);
}

static gboolean set_too_large(GError **error, const char *name, size_t limit)
{
    return limit % MIB == 0 ? error_set(error, ERROR_INPUT, SPAN_NONE,
                                        "%s is larger than the limit of %zu MiB", name, limit / MIB)
                            : error_set(error, ERROR_INPUT, SPAN_NONE,
                                        "%s is larger than the limit of %zu bytes", name, limit);
}

gboolean io_load_as(const char *path, const char *name, size_t limit, char **ret_text,
                    size_t *ret_length, GError **error)
{
    AUTO_FD int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return load_failed(error, name, errno);
    struct stat st;
    if (fstat(fd, &st) < 0)
        return load_failed(error, name, errno);
    if (!S_ISREG(st.st_mode))
        return error_set(error, ERROR_INPUT, SPAN_NONE, "%s is not a regular file", name);
    if ((guint64)st.st_size > limit)
        return set_too_large(error, name, limit);
    g_autofree char *text = g_malloc((size_t)st.st_size + 1);
    gssize length = io_read_at(fd, text, (size_t)st.st_size, 0, error);
    if (length < 0)
        return FALSE;
    text[length] = '\0';
    *ret_text = g_steal_pointer(&text);
    if (ret_length)
        *ret_length = (size_t)length;
    return TRUE;
}

gboolean io_write_all(int fd, const void *data, size_t length, GError **error)
{
    size_t done = 0;
    while (done < length) {
        ssize_t n = write(fd, (const char *)data + done, length - done);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return error_set_errno(error, ERROR_FAILED, errno, "write failed");
        done += (size_t)n;
    }
    return TRUE;
}

/* `mode` 0: what a new file has. */
static gboolean save(const char *path, const char *text, size_t length, mode_t mode, GError **error)
{
    g_autofree char *temporary = g_strconcat(path, ".XXXXXX", NULL);
    AUTO_FD int fd = g_mkstemp_full(temporary, O_WRONLY | O_CLOEXEC, 0666);
    if (fd < 0)
        return error_set_errno(error, ERROR_FAILED, errno, "cannot write %s", path);
    g_autoptr(GError) cause = NULL;
    gboolean ok = io_write_all(fd, text, length, &cause);
    if (ok && mode != 0 && fchmod(fd, mode) < 0)
        ok = error_set_errno(&cause, ERROR_FAILED, errno, "cannot set the mode of %s", temporary);
    if (ok && rename(temporary, path) < 0)
        ok = error_set_errno(&cause, ERROR_FAILED, errno, "cannot rename %s", temporary);
    if (ok)
        return TRUE;
    unlink(temporary);
    return error_wrap(error, g_steal_pointer(&cause), SPAN_NONE, "cannot write %s", path);
}

gboolean io_save(const char *path, const char *text, size_t length, GError **error)
{
    return save(path, text, length, 0, error);
}

gboolean io_replace(const char *path, const char *text, size_t length, GError **error)
{
    char *resolved = realpath(path, NULL);
    struct stat status;
    if (!resolved || stat(resolved, &status) < 0) {
        free(resolved);
        return error_set_errno(error, ERROR_FAILED, errno, "cannot write %s", path);
    }
    gboolean ok = save(resolved, text, length, status.st_mode & 07777, error);
    free(resolved);
    return ok;
}

gboolean io_make_dirs(const char *path, GError **error)
{
    if (g_mkdir_with_parents(path, 0777) == 0)
        return TRUE;
    return error_set_errno(error, ERROR_FAILED, errno, "cannot make the folder %s", path);
}

static gboolean remove_tree(const char *path, unsigned depth, GError **error)
{
    bool is_folder =
        g_file_test(path, G_FILE_TEST_IS_DIR) && !g_file_test(path, G_FILE_TEST_IS_SYMLINK);
    if (is_folder) {
        if (access(path, R_OK | W_OK | X_OK) < 0)
            chmod(path, 0700); /* its owner may, even where the folder says otherwise */
        g_autoptr(GPtrArray) names = sorted_dir(path, LIMIT_FOLDER_NAMES, error);
        if (!names)
            return FALSE;
        if (depth > LIMIT_PATH_DEPTH)
            return error_set(error, ERROR_FAILED, SPAN_NONE, "%s lies too deep", path);
        for (guint i = 0; i < names->len; i++) {
            g_autofree char *child = g_build_filename(path, names->pdata[i], NULL);
            if (!remove_tree(child, depth + 1, error))
                return FALSE;
        }
    }
    if ((is_folder ? rmdir(path) : unlink(path)) < 0 && errno != ENOENT)
        return error_set_errno(error, ERROR_FAILED, errno, "cannot remove %s", path);
    return TRUE;
}

gboolean io_remove_tree(const char *path, GError **error)
{
    return remove_tree(path, 0, error);
}
