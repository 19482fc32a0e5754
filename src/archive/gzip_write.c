#include "archive/gzip_write.h"

#include "archive/inflate.h"

const guint8 gzip_header[GZIP_HEADER_BYTES] = {0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255};

struct GzipWriter {
    DeflateSink sink;
    void *sink_data;
    DeflateEncoder *encoder;
    bool open;
    guint32 crc; /* of what the member under way holds so far */
    guint64 size;
};

GzipWriter *gzip_writer_new(DeflateSink sink, void *data)
{
    GzipWriter *writer = g_new0(GzipWriter, 1);
    writer->sink = sink;
    writer->sink_data = data;
    writer->encoder = deflate_encoder_new(sink, data);
    return writer;
}

void gzip_writer_free(GzipWriter *writer)
{
    if (!writer)
        return;
    deflate_encoder_free(writer->encoder);
    g_free(writer);
}

static void put32(guint8 *at, guint32 value)
{
    for (unsigned i = 0; i < 4; i++)
        at[i] = (guint8)(value >> (8 * i));
}

void gzip_trailer(guint32 crc, guint64 size, guint8 out[GZIP_TRAILER_BYTES])
{
    put32(out, crc);
    put32(out + 4, (guint32)size);
}

static gboolean give_header(GzipWriter *writer, GError **error)
{
    return writer->sink(writer->sink_data, gzip_header, GZIP_HEADER_BYTES, error);
}

gboolean gzip_writer_write(GzipWriter *writer, const void *bytes, size_t length, GError **error)
{
    if (!writer->open && !give_header(writer, error))
        return FALSE;
    if (!writer->open) {
        writer->open = true;
        writer->crc = 0;
        writer->size = 0;
    }
    writer->crc = crc32_update(writer->crc, bytes, length);
    writer->size += length;
    return deflate_encoder_write(writer->encoder, bytes, length, error);
}

gboolean gzip_writer_end(GzipWriter *writer, GError **error)
{
    if (!writer->open)
        return TRUE;
    writer->open = false;
    return deflate_encoder_finish(writer->encoder, error) &&
           gzip_writer_end_raw(writer, writer->crc, writer->size, error);
}

gboolean gzip_writer_begin_raw(GzipWriter *writer, GError **error)
{
    return gzip_writer_end(writer, error) && give_header(writer, error);
}

gboolean gzip_writer_raw(GzipWriter *writer, const void *deflated, size_t length, GError **error)
{
    return writer->sink(writer->sink_data, deflated, length, error);
}

gboolean gzip_writer_end_raw(GzipWriter *writer, guint32 crc, guint64 size, GError **error)
{
    guint8 trailer[GZIP_TRAILER_BYTES];
    gzip_trailer(crc, size, trailer);
    return writer->sink(writer->sink_data, trailer, sizeof trailer, error);
}
