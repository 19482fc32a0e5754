#include "facts/member_stream.h"

#include "archive/inflate.h"

enum {
    STORED = 0,
    DEFLATED = 8,
    PIECE_BYTES = 64 * 1024, /* read at once; a piece of deflate data becomes 66 MB at most */
};

struct MemberStream {
    const ZipSource *source;
    const ZipMember *member;
    guint64 begin; /* of the compressed bytes in the file */
    guint64 taken; /* of them in this pass */
    Inflater *inflater;
    GByteArray *ready; /* inflated, not read yet */
    guint ready_at;
    guint64 made; /* bytes in this pass */
    guint64 seen; /* by the scanners, in any pass */
    guint32 crc;
    const MemberScanners *scanners;
};

void member_scanners_feed(const MemberScanners *scanners, const void *bytes, size_t length)
{
    if (scanners->fatbin)
        fatbin_scanner_feed(scanners->fatbin, bytes, length);
    if (scanners->arches)
        torch_arch_scanner_feed(scanners->arches, bytes, length);
    if (scanners->numpy)
        numpy_scanner_feed(scanners->numpy, bytes, length);
}

MemberStream *member_stream_new(const ZipSource *source, const ZipMember *member,
                                const MemberScanners *scanners, GError **error)
{
    guint64 begin;
    if (member->method != STORED && member->method != DEFLATED) {
        error_set(error, ERROR_INPUT, SPAN_NONE, "%s is compressed in an unknown way",
                  member->name);
        return NULL;
    }
    if (!zip_member_data(source, member, &begin, error))
        return NULL;
    MemberStream *stream = g_new0(MemberStream, 1);
    stream->source = source;
    stream->member = member;
    stream->begin = begin;
    stream->inflater = inflater_new();
    stream->ready = g_byte_array_new();
    stream->scanners = scanners;
    return stream;
}

void member_stream_free(MemberStream *stream)
{
    if (!stream)
        return;
    inflater_free(stream->inflater);
    g_byte_array_unref(stream->ready);
    g_free(stream);
}

static gboolean rewind_member(void *data, G_GNUC_UNUSED GError **error)
{
    MemberStream *stream = data;
    inflater_begin(stream->inflater);
    g_byte_array_set_size(stream->ready, 0);
    stream->ready_at = 0;
    stream->taken = stream->made = 0;
    return TRUE;
}

static void show_scanners(MemberStream *stream, const guint8 *bytes, size_t length)
{
    stream->crc = crc32_update(stream->crc, bytes, length);
    member_scanners_feed(stream->scanners, bytes, length);
    stream->seen += length;
}

static gboolean take_inflated(void *data, const void *bytes, size_t length, GError **error)
{
    MemberStream *stream = data;
    if (length > stream->member->size - stream->made)
        return error_set(error, ERROR_INPUT, SPAN_NONE, "%s is longer than its directory says",
                         stream->member->name);
    guint64 end = stream->made + length;
    if (end > stream->seen) {
        size_t known = (size_t)(stream->seen - MIN(stream->seen, stream->made));
        show_scanners(stream, (const guint8 *)bytes + known, length - known);
    }
    stream->made = end;
    g_byte_array_append(stream->ready, bytes, (guint)length);
    return TRUE;
}

/* Makes the next piece ready; nothing is at the end. */
static gboolean next_piece(MemberStream *stream, GError **error)
{
    const ZipMember *member = stream->member;
    g_byte_array_set_size(stream->ready, 0);
    stream->ready_at = 0;
    while (stream->ready->len == 0 && stream->taken < member->compressed_size) {
        size_t length = (size_t)MIN(PIECE_BYTES, member->compressed_size - stream->taken);
        g_autoptr(GBytes) piece = NULL;
        if (!stream->source->read(stream->source->data, stream->begin + stream->taken, length,
                                  &piece, error))
            return FALSE;
        const void *bytes = g_bytes_get_data(piece, NULL);
        stream->taken += length;
        if (member->method == STORED
                ? !take_inflated(stream, bytes, length, error)
                : !inflater_feed(stream->inflater, bytes, length, take_inflated, stream, error))
            return FALSE;
    }
    return TRUE;
}

static gssize read_member(void *data, void *buffer, size_t length, GError **error)
{
    MemberStream *stream = data;
    if (stream->ready_at == stream->ready->len && !next_piece(stream, error))
        return -1;
    size_t take = MIN(length, stream->ready->len - stream->ready_at);
    if (take > 0)
        memcpy(buffer, stream->ready->data + stream->ready_at, take);
    stream->ready_at += (guint)take;
    return (gssize)take;
}

ObjectStream member_stream_object(MemberStream *stream)
{
    return (ObjectStream){rewind_member, read_member, stream, stream->member->size};
}

gboolean member_stream_finish(MemberStream *stream, GError **error)
{
    const ZipMember *member = stream->member;
    if (stream->made < stream->seen)
        rewind_member(stream, NULL);
    while (stream->taken < member->compressed_size) {
        if (!next_piece(stream, error))
            return FALSE;
    }
    if (member->method == DEFLATED && !inflater_end(stream->inflater, error))
        return FALSE;
    if (stream->seen != member->size || stream->crc != member->crc32)
        return error_set(error, ERROR_INPUT, SPAN_NONE,
                         "%s is not what the wheel's directory says (size or checksum)",
                         member->name);
    return TRUE;
}
