#include "image/blob.h"

#include "base/digest.h"
#include "base/io.h"
#include "base/limits.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

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

struct ImageBlobReader {
    const ImageBlob *blob;
    int fd; /* -1: in memory */
    guint64 position;
};

ImageBlobReader *image_blob_reader_new(const ImageBlob *blob, GError **error)
{
    if (!blob->bytes && !blob->path) {
        error_set(error, ERROR_FAILED, SPAN_NONE, "the blob %s was not made", blob->digest);
        return NULL;
    }
    int fd = blob->bytes ? -1 : open(blob->path, O_RDONLY | O_CLOEXEC);
    if (!blob->bytes && fd < 0) {
        error_set_errno(error, ERROR_FAILED, errno, "cannot read %s", blob->path);
        return NULL;
    }
    ImageBlobReader *reader = g_new0(ImageBlobReader, 1);
    reader->blob = blob;
    reader->fd = fd;
    return reader;
}

void image_blob_reader_free(ImageBlobReader *reader)
{
    if (!reader)
        return;
    if (reader->fd >= 0)
        close(reader->fd);
    g_free(reader);
}

gssize image_blob_reader_read(void *data, void *buffer, size_t length, GError **error)
{
    ImageBlobReader *reader = data;
    size_t wanted = (size_t)MIN(reader->blob->size - reader->position, (guint64)length);
    gssize n = (gssize)wanted;
    if (reader->fd >= 0)
        n = io_read_at(reader->fd, buffer, wanted, reader->blob->offset + reader->position, error);
    else if (wanted > 0)
        memcpy(buffer, (const char *)g_bytes_get_data(reader->blob->bytes, NULL) + reader->position,
               wanted);
    if (n > 0)
        reader->position += (guint64)n;
    return n;
}

gboolean image_blob_write(const ImageBlob *blob, DeflateSink sink, void *data, GError **error)
{
    g_autoptr(ImageBlobReader) reader = image_blob_reader_new(blob, error);
    if (!reader)
        return FALSE;
    g_autofree char *buffer = g_malloc(COPY_BYTES);
    for (guint64 left = blob->size; left > 0;) {
        gssize n = image_blob_reader_read(reader, buffer, COPY_BYTES, error);
        if (n < 0)
            return FALSE;
        if (n == 0)
            return error_set(error, ERROR_FAILED, SPAN_NONE, "%s is shorter than it was",
                             blob->path);
        if (!sink(data, buffer, (size_t)n, error))
            return FALSE;
        left -= (guint64)n;
    }
    return TRUE;
}
