#include "archive/splice.h"

#include "archive/gzip_write.h"
#include "archive/inflate.h"
#include "archive/tar_write.h"
#include "base/digest.h"
#include "base/limits.h"

enum {
    READ_BYTES = 64 * 1024, /* of a zip member at a time */
    /* Contents up to here are cheaper as one block of the fixed code. */
    SMALL_CONTENT = 512,
    METHOD_STORED = 0,
    METHOD_DEFLATE = 8,
};

struct LayerWriter {
    DeflateSink sink;
    void *sink_data;
    GzipWriter *gzip;
    Inflater *inflater;
    Digest *tar, *blob;
    guint64 tar_size, blob_size;
    guint8
        pending[DEFLATE_SMALL_BYTES]; /* padding and headers of the next member, hashed already */
    size_t pending_length;
};

/* Every byte of the blob passes here. */
static gboolean take_blob(void *data, const void *bytes, size_t length, GError **error)
{
    LayerWriter *writer = data;
    digest_update(writer->blob, bytes, length);
    writer->blob_size += length;
    return !writer->sink || writer->sink(writer->sink_data, bytes, length, error);
}

LayerWriter *layer_writer_new(LayerFormat format, DeflateSink sink, void *data)
{
    LayerWriter *writer = g_new0(LayerWriter, 1);
    g_assert(format == LAYER_GZIP);
    writer->sink = sink;
    writer->sink_data = data;
    writer->gzip = gzip_writer_new(take_blob, writer);
    writer->inflater = inflater_new();
    writer->tar = digest_new("sha256");
    writer->blob = digest_new("sha256");
    return writer;
}

void layer_writer_free(LayerWriter *writer)
{
    if (!writer)
        return;
    gzip_writer_free(writer->gzip);
    inflater_free(writer->inflater);
    digest_free(writer->tar);
    digest_free(writer->blob);
    g_free(writer);
}

void layer_summary_clear(LayerSummary *summary)
{
    g_clear_pointer(&summary->diff_id, g_free);
    g_clear_pointer(&summary->digest, g_free);
}

static void hash_tar(LayerWriter *writer, const void *bytes, size_t length)
{
    digest_update(writer->tar, bytes, length);
    writer->tar_size += length;
}

static gboolean give_pending(LayerWriter *writer, GError **error)
{
    size_t length = writer->pending_length;
    writer->pending_length = 0;
    return length == 0 || gzip_writer_small(writer->gzip, writer->pending, length, error);
}

/* Adds to the member between two payloads; one that is full is followed by another. */
static gboolean add_pending(LayerWriter *writer, const guint8 *bytes, size_t length, GError **error)
{
    hash_tar(writer, bytes, length);
    while (length > 0) {
        size_t piece = MIN(length, sizeof writer->pending - writer->pending_length);
        memcpy(writer->pending + writer->pending_length, bytes, piece);
        writer->pending_length += piece;
        bytes += piece;
        length -= piece;
        if (writer->pending_length == sizeof writer->pending && !give_pending(writer, error))
            return FALSE;
    }
    return TRUE;
}

static gboolean add_header(LayerWriter *writer, const ArchiveEntry *entry, GError **error)
{
    guint8 header[TAR_HEADER_BYTES];
    size_t length;
    if (entry->kind == ENTRY_FILE && entry->size > LIMIT_LAYER_BYTES - writer->tar_size)
        return error_set(error, ERROR_INPUT, SPAN_NONE, "%s makes the layer too large",
                         entry->path);
    return tar_header_write(entry, header, &length, error) &&
           add_pending(writer, header, length, error);
}

static gboolean add_padding(LayerWriter *writer, guint64 size, GError **error)
{
    static const guint8 zeros[TAR_BLOCK_BYTES];
    return add_pending(writer, zeros, tar_padding(size), error);
}

gboolean layer_writer_add(LayerWriter *writer, const ArchiveEntry *entry, const void *content,
                          GError **error)
{
    size_t size = entry->kind == ENTRY_FILE ? (size_t)entry->size : 0;
    if (!add_header(writer, entry, error))
        return FALSE;
    if (size == 0)
        return TRUE;
    hash_tar(writer, content, size);
    if (!give_pending(writer, error))
        return FALSE;
    gboolean done = size <= SMALL_CONTENT
                        ? gzip_writer_small(writer->gzip, content, size, error)
                        : gzip_writer_begin(writer->gzip, error) &&
                              gzip_writer_write(writer->gzip, content, size, error) &&
                              gzip_writer_end(writer->gzip, error);
    return done && add_padding(writer, size, error);
}

/* A zip member on its way into the layer. */
typedef struct {
    LayerWriter *writer;
    const ZipMember *member;
    guint32 crc;
    guint64 size;
} Passage;

/* Content, of which no more than promised is ever taken. */
static gboolean take_content(void *data, const void *bytes, size_t length, GError **error)
{
    Passage *passage = data;
    if (length > passage->member->size - passage->size)
        return error_set(error, ERROR_INPUT, SPAN_NONE,
                         "it holds more than the %" G_GUINT64_FORMAT " bytes promised",
                         passage->member->size);
    passage->size += length;
    passage->crc = crc32_update(passage->crc, bytes, length);
    hash_tar(passage->writer, bytes, length);
    return TRUE;
}

static gboolean check_passage(const Passage *passage, GError **error)
{
    if (passage->size != passage->member->size)
        return error_set(error, ERROR_INPUT, SPAN_NONE,
                         "it holds %" G_GUINT64_FORMAT " bytes instead of %" G_GUINT64_FORMAT,
                         passage->size, passage->member->size);
    if (passage->crc != passage->member->crc32)
        return error_set(error, ERROR_INPUT, SPAN_NONE, "its checksum is wrong");
    return TRUE;
}

static gboolean pass_piece(Passage *passage, GBytes *bytes, GError **error)
{
    GzipWriter *gzip = passage->writer->gzip;
    gsize length;
    const void *data = g_bytes_get_data(bytes, &length);
    if (passage->member->method == METHOD_STORED)
        return take_content(passage, data, length, error) &&
               gzip_writer_write(gzip, data, length, error);
    return inflater_feed(passage->writer->inflater, data, length, take_content, passage, error) &&
           (passage->member->size == 0 || gzip_writer_raw(gzip, data, length, error));
}

static gboolean pass_pieces(Passage *passage, const ZipSource *source, GError **error)
{
    guint64 offset, left = passage->member->compressed_size;
    if (!zip_member_data(source, passage->member, &offset, error))
        return FALSE;
    while (left > 0) {
        g_autoptr(GBytes) bytes = NULL;
        size_t piece = (size_t)MIN(left, (guint64)READ_BYTES);
        if (!source->read(source->data, offset, piece, &bytes, error))
            return FALSE;
        if (g_bytes_get_size(bytes) != piece)
            return error_set(error, ERROR_INPUT, SPAN_NONE, "the file ends early");
        if (!pass_piece(passage, bytes, error))
            return FALSE;
        offset += piece;
        left -= piece;
    }
    return TRUE;
}

/* The member's bytes between two gzip frames. An empty file has no payload: its stream is only
 * looked at. */
static gboolean pass_member(Passage *passage, const ZipSource *source, GError **error)
{
    const ZipMember *member = passage->member;
    LayerWriter *writer = passage->writer;
    bool deflated = member->method == METHOD_DEFLATE, framed = member->size > 0;
    if (!deflated && member->method != METHOD_STORED)
        return error_set(error, ERROR_INPUT, SPAN_NONE, "compression method %u is not supported",
                         member->method);
    inflater_begin(writer->inflater);
    if (framed && (!give_pending(writer, error) || !gzip_writer_begin(writer->gzip, error)))
        return FALSE;
    if (!pass_pieces(passage, source, error) ||
        (deflated && !inflater_end(writer->inflater, error)) || !check_passage(passage, error))
        return FALSE;
    if (!framed)
        return TRUE;
    return deflated ? gzip_writer_end_raw(writer->gzip, passage->crc, passage->size, error)
                    : gzip_writer_end(writer->gzip, error);
}

gboolean layer_writer_splice(LayerWriter *writer, const ArchiveEntry *entry,
                             const ZipSource *source, const ZipMember *member, GError **error)
{
    ArchiveEntry sized = *entry;
    sized.kind = ENTRY_FILE;
    sized.size = member->size;
    if (!add_header(writer, &sized, error))
        return FALSE;
    Passage passage = {.writer = writer, .member = member};
    GError *cause = NULL;
    if (!pass_member(&passage, source, &cause))
        return error_wrap(error, cause, SPAN_NONE, "member %s", member->name);
    return add_padding(writer, member->size, error);
}

gboolean layer_writer_finish(LayerWriter *writer, LayerSummary *ret_summary, GError **error)
{
    static const guint8 zeros[TAR_END_BYTES];
    if (!add_pending(writer, zeros, sizeof zeros, error) || !give_pending(writer, error))
        return FALSE;
    *ret_summary = (LayerSummary){
        .diff_id = digest_finish(writer->tar),
        .digest = digest_finish(writer->blob),
        .size = writer->blob_size,
        .tar_size = writer->tar_size,
    };
    return TRUE;
}
