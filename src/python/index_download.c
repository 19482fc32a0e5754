#include "base/auto.h"
#include "base/io.h"
#include "base/log.h"
#include "python/index_private.h"

#include <errno.h>
#include <fcntl.h>

gboolean download_open(Download *download, const Cache *cache, GError **error)
{
    const char *dirs[] = {cache_dir(cache), g_get_tmp_dir()};
    download->fd = -1;
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
    download->fd = -1;
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

static void end(Download *download, const GError *error)
{
    download->callback(download, error, download->data);
}

static void on_download(const HttpResponse *response, const GError *error, void *data)
{
    Download *download = data;
    g_autoptr(GError) problem = NULL;
    if (error) {
        end(download, error);
        return;
    }
    if (response->status != 200) {
        g_autofree char *what = g_strdup_printf("cannot read %s", download->filename);
        http_set_status_error(&problem, response, what);
        end(download, problem);
        return;
    }
    g_autofree char *sha256 = download_sha256(download);
    if (!download->sha256 || g_str_equal(download->sha256, sha256)) {
        end(download, NULL);
    } else if (!download->asked_again) {
        download->asked_again = true;
        download_start(download);
    } else {
        error_set(&problem, ERROR_VERIFY, SPAN_NONE,
                  "%s is not what the index promised: expected sha256 %s, found %s",
                  download->filename, download->sha256, sha256);
        g_autofree char *shown = url_redact(download->url);
        error_add_note(problem, SPAN_NONE, "fetched twice from %s", shown);
        error_set_hint(problem, "a proxy or mirror that serves changed files is the usual reason");
        end(download, problem);
    }
}

void download_start(Download *download)
{
    g_autoptr(GError) error = NULL;
    IndexClient *client = download->client;
    if (download->fd < 0 && !download_open(download, client->cache, &error)) {
        end(download, error);
        return;
    }
    log_debug("reading all of %s", download->filename);
    HttpRequest request = HTTP_REQUEST(download->url, download->limit);
    request.sink = download_sink;
    request.sink_data = download;
    request.owner = client;
    http_client_start(client->http, &request, on_download, download);
}
