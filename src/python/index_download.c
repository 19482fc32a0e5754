#include "base/auto.h"
#include "base/io.h"
#include "python/index_private.h"

#include <errno.h>
#include <fcntl.h>

gboolean download_open(Download *download, const Cache *cache, GError **error)
{
    const char *dirs[] = {cache_dir(cache), g_get_tmp_dir()};
    *download = (Download){.fd = -1};
    for (size_t i = 0; i < G_N_ELEMENTS(dirs) && download->fd < 0; i++) {
        if (!io_make_dirs(dirs[i], NULL))
            continue;
        download->fd = open(dirs[i], O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
        if (download->fd >= 0)
            break;
        /* Some file systems have no unnamed files. */
        g_autofree char *path = g_build_filename(dirs[i], "download-XXXXXX", NULL);
        download->fd = g_mkstemp_full(path, O_RDWR | O_CLOEXEC, 0600);
        if (download->fd >= 0)
            unlink(path);
    }
    if (download->fd >= 0)
        return TRUE;
    return error_set_errno(error, ERROR_FAILED, errno, "cannot make a temporary file in %s",
                           dirs[0]);
}

void download_clear(Download *download)
{
    if (download->fd >= 0)
        close(download->fd);
    g_clear_pointer(&download->digest, digest_free);
    *download = (Download){.fd = -1};
}

static gboolean write_at(int fd, guint64 offset, const char *bytes, size_t length, GError **error)
{
    while (length > 0) {
        ssize_t n = pwrite(fd, bytes, length, (off_t)offset);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return error_set_errno(error, ERROR_FAILED, errno, "cannot keep a download");
        bytes += n;
        length -= (size_t)n;
        offset += (guint64)n;
    }
    return TRUE;
}

gboolean download_sink(void *data, guint64 offset, const void *bytes, size_t length, GError **error)
{
    Download *download = data;
    if (offset == 0) {
        g_clear_pointer(&download->digest, digest_free);
        download->digest = digest_new("sha256");
        download->length = 0;
        if (download->fd >= 0 && ftruncate(download->fd, 0) < 0)
            return error_set_errno(error, ERROR_FAILED, errno, "cannot keep a download");
    }
    if (offset != download->length)
        return error_set(error, ERROR_FAILED, SPAN_NONE, "a download has a gap");
    if (download->fd >= 0 && !write_at(download->fd, offset, bytes, length, error))
        return FALSE;
    digest_update(download->digest, bytes, length);
    download->length += length;
    return TRUE;
}

char *download_sha256(Download *download)
{
    if (!download->digest)
        return digest_sha256("", 0);
    char *hex = digest_finish(download->digest);
    g_clear_pointer(&download->digest, digest_free);
    return hex;
}
