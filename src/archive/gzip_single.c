/* One gzip member that holds everything: the final block of each payload loses its mark, the bits
 * behind it go on with our blocks, and before a payload our blocks end at a byte. zlib inflates
 * here because it tells where blocks begin; no byte of its making gets into the blob. */
#include "archive/gzip_write.h"
#include "archive/layer_pack.h"

#include <zlib.h>

enum {
    WINDOW_BYTES = 256 * 1024,
    PIECE_BYTES = 64 * 1024,
    RAW_DEFLATE = -MAX_WBITS,
    /* in data_type, see inflate() in zlib.h */
    AT_BLOCK_END = 128,
    IN_LAST_BLOCK = 64,
    UNUSED_BITS = 7,
};

typedef struct {
    LayerPack pack;
    DeflateSink sink;
    void *sink_data;
    DeflateEncoder *encoder;
    z_stream zlib;
    bool begun;               /* the gzip header is written */
    bool header_next;         /* the next byte of the payload begins with a block's header */
    bool ended;               /* the payload's final block has */
    unsigned rest, rest_bits; /* of its last byte, where the next block begins */
    guint32 crc;
    guint64 size;
    guint8 window[WINDOW_BYTES];
    guint8 piece[PIECE_BYTES]; /* of a payload, as it is given */
} SinglePack;

static gboolean begin(SinglePack *self, GError **error)
{
    bool begun = self->begun;
    self->begun = true;
    return begun || self->sink(self->sink_data, gzip_header, GZIP_HEADER_BYTES, error);
}

static gboolean single_write(LayerPack *pack, const void *bytes, size_t length, GError **error)
{
    SinglePack *self = (SinglePack *)pack;
    self->crc = crc32_update(self->crc, bytes, length);
    self->size += length;
    return begin(self, error) && deflate_encoder_write(self->encoder, bytes, length, error);
}

static gboolean single_begin_payload(LayerPack *pack, GError **error)
{
    SinglePack *self = (SinglePack *)pack;
    inflateReset(&self->zlib);
    self->header_next = true;
    self->ended = false;
    return begin(self, error) && deflate_encoder_cut(self->encoder, error);
}

/* A block has ended before `next`: takes the mark off the header that follows, or notes that there
 * is none. */
static gboolean end_block(SinglePack *self, size_t next, size_t length, GError **error)
{
    unsigned type = (unsigned)self->zlib.data_type, unused = type & UNUSED_BITS;
    if (type & IN_LAST_BLOCK) {
        self->ended = true;
        self->rest_bits = unused ? 8 - unused : 0;
        self->rest = unused ? self->piece[next - 1] & ((1u << self->rest_bits) - 1) : 0;
        if (next < length)
            return error_set(error, ERROR_INPUT, SPAN_NONE, INFLATE_BEHIND);
    } else if (unused > 0) {
        self->piece[next - 1] &= (guint8) ~(1u << (8 - unused));
    } else if (next < length) {
        self->piece[next] &= (guint8)~1u;
    } else {
        self->header_next = true;
    }
    return TRUE;
}

/* Inflates the piece from where it lies and makes `piece` of it. */
static gboolean scan_piece(SinglePack *self, const guint8 *in, size_t length, InflateSink content,
                           void *data, GError **error)
{
    z_stream *zlib = &self->zlib;
    memcpy(self->piece, in, length);
    if (self->header_next)
        self->piece[0] &= (guint8)~1u;
    self->header_next = false;
    zlib->next_in = (Bytef *)in;
    zlib->avail_in = (uInt)length;
    do {
        zlib->next_out = self->window;
        zlib->avail_out = WINDOW_BYTES;
        int status = inflate(zlib, Z_BLOCK);
        if (status != Z_OK && status != Z_BUF_ERROR)
            return error_set(error, ERROR_INPUT, SPAN_NONE, INFLATE_BROKEN);
        size_t made = WINDOW_BYTES - zlib->avail_out;
        if (made > 0 && !content(data, self->window, made, error))
            return FALSE;
        if ((zlib->data_type & AT_BLOCK_END) &&
            !end_block(self, length - zlib->avail_in, length, error))
            return FALSE;
    } while (!self->ended && (zlib->avail_in > 0 || zlib->avail_out == 0));
    return TRUE;
}

static gboolean single_payload(LayerPack *pack, const void *deflated, size_t length,
                               InflateSink content, void *data, GError **error)
{
    SinglePack *self = (SinglePack *)pack;
    const guint8 *in = deflated;
    while (length > 0) {
        size_t piece = MIN(length, (size_t)PIECE_BYTES);
        if (self->ended)
            return error_set(error, ERROR_INPUT, SPAN_NONE, INFLATE_BEHIND);
        if (!scan_piece(self, in, piece, content, data, error))
            return FALSE;
        size_t whole = piece - (self->ended && self->rest_bits > 0);
        if (whole > 0 && !self->sink(self->sink_data, self->piece, whole, error))
            return FALSE;
        in += piece;
        length -= piece;
    }
    return TRUE;
}

static gboolean single_end_payload(LayerPack *pack, guint32 crc, guint64 size, GError **error)
{
    SinglePack *self = (SinglePack *)pack;
    if (!self->ended)
        return error_set(error, ERROR_INPUT, SPAN_NONE, INFLATE_EARLY);
    deflate_encoder_join(self->encoder, self->rest, self->rest_bits);
    self->crc = (guint32)crc32_combine(self->crc, crc, (z_off_t)size);
    self->size += size;
    return TRUE;
}

static gboolean single_finish(LayerPack *pack, GError **error)
{
    SinglePack *self = (SinglePack *)pack;
    guint8 trailer[GZIP_TRAILER_BYTES];
    gzip_trailer(self->crc, self->size, trailer);
    return begin(self, error) && deflate_encoder_finish(self->encoder, error) &&
           self->sink(self->sink_data, trailer, sizeof trailer, error);
}

static void single_free(LayerPack *pack)
{
    SinglePack *self = (SinglePack *)pack;
    inflateEnd(&self->zlib);
    deflate_encoder_free(self->encoder);
    g_free(self);
}

LayerPack *gzip_single_pack_new(DeflateSink sink, void *data)
{
    static const LayerPackType type = {
        .write = single_write,
        .begin_payload = single_begin_payload,
        .payload = single_payload,
        .end_payload = single_end_payload,
        .finish = single_finish,
        .free = single_free,
    };
    SinglePack *self = g_new0(SinglePack, 1);
    self->pack.type = &type;
    self->sink = sink;
    self->sink_data = data;
    self->encoder = deflate_encoder_new(sink, data);
    int status = inflateInit2(&self->zlib, RAW_DEFLATE);
    g_assert(status == Z_OK);
    return &self->pack;
}
