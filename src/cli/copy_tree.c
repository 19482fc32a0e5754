#include "cli/copy_tree.h"

#include "base/io.h"
#include "base/sorted.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/auto.h"

enum {
    MAX_DEPTH = 64,
    MAX_ENTRIES = 1000000,
    BLOCK_BYTES = 1 << 16,
};

static gboolean copy_content(int in, int out, const char *source, GError **error)
{
    g_autofree char *block = g_malloc(BLOCK_BYTES);
    for (;;) {
        GError *cause = NULL;
        gssize n = io_read(in, block, BLOCK_BYTES, &cause);
        if (n < 0)
            return error_wrap(error, cause, SPAN_NONE, "cannot read %s", source);
        if (n == 0)
            return TRUE;
        if (!io_write_all(out, block, (size_t)n, error))
            return FALSE;
    }
}

static gboolean copy_file(const char *source, const char *target, mode_t mode, GError **error)
{
    AUTO_FD int in = open(source, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (in < 0)
        return error_set_errno(error, ERROR_FAILED, errno, "cannot read %s", source);
    unlink(target);
    mode_t bits = mode & 0111 ? 0755 : 0644;
    AUTO_FD int out = open(target, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (out < 0)
        return error_set_errno(error, ERROR_FAILED, errno, "cannot write %s", target);
    if (!copy_content(in, out, source, error))
        return FALSE;
    if (fchmod(out, bits) < 0)
        return error_set_errno(error, ERROR_FAILED, errno, "cannot set the mode of %s", target);
    return TRUE;
}

static gboolean copy_link(const char *source, const char *target, GError **error)
{
    g_autofree char *text = g_file_read_link(source, NULL);
    unlink(target);
    if (!text || symlink(text, target) < 0)
        return error_set_errno(error, ERROR_FAILED, errno, "cannot make the link %s", target);
    return TRUE;
}

static gboolean copy_any(const char *source, const char *target, unsigned depth, GError **error);

static gboolean copy_folder(const char *source, const char *target, unsigned depth, GError **error)
{
    if (depth > MAX_DEPTH)
        return error_set(error, ERROR_INPUT, SPAN_NONE, "%s lies too deep", source);
    g_autoptr(GPtrArray) names = sorted_dir(source, MAX_ENTRIES, error);
    if (!names || !io_make_dirs(target, error))
        return FALSE;
    for (guint i = 0; i < names->len; i++) {
        g_autofree char *from = g_build_filename(source, names->pdata[i], NULL);
        g_autofree char *to = g_build_filename(target, names->pdata[i], NULL);
        if (!copy_any(from, to, depth + 1, error))
            return FALSE;
    }
    return TRUE;
}

static gboolean copy_any(const char *source, const char *target, unsigned depth, GError **error)
{
    struct stat st;
    if (lstat(source, &st) < 0)
        return error_set_errno(error, ERROR_INPUT, errno, "cannot read %s", source);
    if (S_ISDIR(st.st_mode))
        return copy_folder(source, target, depth, error);
    if (S_ISLNK(st.st_mode))
        return copy_link(source, target, error);
    if (S_ISREG(st.st_mode))
        return copy_file(source, target, st.st_mode, error);
    return error_set(error, ERROR_INPUT, SPAN_NONE, "%s is no file, folder or link", source);
}

static gboolean copy_one(const char *from, const char *path, const char *to, GError **error)
{
    g_autofree char *source = g_build_filename(from, path, NULL);
    g_autofree char *target = g_build_filename(to, path, NULL);
    g_autofree char *parent = g_path_get_dirname(target);
    return io_make_dirs(parent, error) && copy_any(source, target, 0, error);
}

static gboolean copy_matches(const char *from, const char *pattern, const char *to, GError **error)
{
    g_autofree char *full = g_build_filename(from, pattern, NULL);
    glob_t found;
    if (glob(full, 0, NULL, &found) != 0)
        return error_set(error, ERROR_INPUT, SPAN_NONE, "nothing matches %s", full);
    gboolean ok = TRUE;
    for (size_t i = 0; ok && i < found.gl_pathc; i++)
        ok = copy_one(from, found.gl_pathv[i] + strlen(from) + 1, to, error);
    globfree(&found);
    return ok;
}

gboolean copy_tree(const char *from, const char *path, const char *to, GError **error)
{
    g_autofree char *full = g_build_filename(from, path, NULL);
    bool is_glob = strpbrk(path, "*?[") && !g_file_test(full, G_FILE_TEST_EXISTS);
    return is_glob ? copy_matches(from, path, to, error) : copy_one(from, path, to, error);
}
