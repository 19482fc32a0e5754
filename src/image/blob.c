#include "image/blob.h"

#include "base/auto.h"
#include "base/digest.h"
#include "base/io.h"
#include "base/limits.h"

#include <errno.h>
#include <fcntl.h>

enum {
    COPY_BYTES = 1024 * KIB,
};

ImageBlob *image_blob_new_bytes(const char *media_type, GBytes *take_bytes)
{
    ImageBlob *blob = g_new0(ImageBlob, 1);
    gsize size;
    const void *data = g_bytes_get_data(take_bytes, &size);
    g_autofree char *hex = digest_sha256(data, size);
    blob->digest = g_strconcat("sha256:", hex, NULL);
    blob->size = size;
    blob->media_type = g_strdup(media_type);
    blob->bytes = take_bytes;
    return blob;
}

ImageBlob *image_blob_new_file(const char *media_type, const char *digest, guint64 size,
                               const char *path, guint64 offset)
{
    ImageBlob *blob = g_new0(ImageBlob, 1);
    blob->digest = g_strdup(digest);
    blob->size = size;
    blob->media_type = g_strdup(media_type);
    blob->path = g_strdup(path);
    blob->offset = offset;
    return blob;
}

ImageBlob *image_blob_copy(const ImageBlob *blob)
{
    ImageBlob *copy =
        image_blob_new_file(blob->media_type, blob->digest, blob->size, blob->path, blob->offset);
    copy->bytes = blob->bytes ? g_bytes_ref(blob->bytes) : NULL;
    return copy;
}

void image_blob_free(ImageBlob *blob)
{
    if (!blob)
        return;
    g_free(blob->digest);
    g_free(blob->media_type);
    g_clear_pointer(&blob->bytes, g_bytes_unref);
    g_free(blob->path);
    g_free(blob);
}

char *image_blob_layout_path(const char *digest)
{
    return g_strdup_printf("blobs/%.6s/%s", digest, digest + strlen("sha256:"));
}

static gboolean write_file(const ImageBlob *blob, int out, GError **error)
{
    AUTO_FD int fd = open(blob->path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return error_set_errno(error, ERROR_FAILED, errno, "cannot read %s", blob->path);
    g_autofree char *buffer = g_malloc(MIN(blob->size, (guint64)COPY_BYTES) + 1);
    for (guint64 done = 0; done < blob->size;) {
        size_t length = (size_t)MIN(blob->size - done, (guint64)COPY_BYTES);
        gssize n = io_read_at(fd, buffer, length, blob->offset + done, error);
        if (n < 0)
            return FALSE;
        if ((size_t)n < length)
            return error_set(error, ERROR_FAILED, SPAN_NONE, "%s is shorter than it was",
                             blob->path);
        if (!io_write_all(out, buffer, length, error))
            return FALSE;
        done += length;
    }
    return TRUE;
}

gboolean image_blob_write(const ImageBlob *blob, int fd, GError **error)
{
    gsize length;
    if (blob->bytes) {
        const void *data = g_bytes_get_data(blob->bytes, &length);
        return io_write_all(fd, data, length, error);
    }
    if (blob->path)
        return write_file(blob, fd, error);
    return error_set(error, ERROR_FAILED, SPAN_NONE, "the blob %s was not made", blob->digest);
}
