#include "archive/gzip_write.h"

#include "archive/inflate.h"

enum {
    HEADER_BYTES = 10,
    TRAILER_BYTES = 8,
};

/* RFC 1952 §2.3: magic, deflate, no flags, MTIME 0, XFL 0, OS unknown. */
static const guint8 header[HEADER_BYTES] = {0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255};

struct GzipWriter {
    DeflateSink sink;
    void *sink_data;
    DeflateEncoder *encoder;
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

/* RFC 1952 §2.3.1: CRC-32, and the size modulo 2^32. */
static void put_trailer(guint8 *at, guint32 crc, guint64 size)
{
    put32(at, crc);
    put32(at + 4, (guint32)size);
}

gboolean gzip_writer_small(GzipWriter *writer, const void *bytes, size_t length, GError **error)
{
    guint8 member[HEADER_BYTES + DEFLATE_SMALL_BYTES + DEFLATE_SMALL_MORE + TRAILER_BYTES];
    memcpy(member, header, HEADER_BYTES);
    size_t used = HEADER_BYTES;
    used += deflate_encode_small(writer->encoder, bytes, length, member + used);
    put_trailer(member + used, crc32_update(0, bytes, length), length);
    return writer->sink(writer->sink_data, member, used + TRAILER_BYTES, error);
}

gboolean gzip_writer_begin(GzipWriter *writer, GError **error)
{
    writer->crc = 0;
    writer->size = 0;
    return writer->sink(writer->sink_data, header, HEADER_BYTES, error);
}

gboolean gzip_writer_write(GzipWriter *writer, const void *bytes, size_t length, GError **error)
{
    writer->crc = crc32_update(writer->crc, bytes, length);
    writer->size += length;
    return deflate_encoder_write(writer->encoder, bytes, length, error);
}

gboolean gzip_writer_end(GzipWriter *writer, GError **error)
{
    return deflate_encoder_finish(writer->encoder, error) &&
           gzip_writer_end_raw(writer, writer->crc, writer->size, error);
}

gboolean gzip_writer_raw(GzipWriter *writer, const void *deflated, size_t length, GError **error)
{
    return writer->sink(writer->sink_data, deflated, length, error);
}

gboolean gzip_writer_end_raw(GzipWriter *writer, guint32 crc, guint64 size, GError **error)
{
    guint8 trailer[TRAILER_BYTES];
    put_trailer(trailer, crc, size);
    return writer->sink(writer->sink_data, trailer, TRAILER_BYTES, error);
}
