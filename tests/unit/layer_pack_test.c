#include "archive/inflate.h"
#include "archive/layer_pack.h"
#include "test.h"

#include <gio/gio.h>

static gboolean collect(void *data, const void *bytes, size_t length, GError **error)
{
    g_byte_array_append(data, bytes, (guint)length);
    return TRUE;
}

/* A raw deflate stream by zlib, flushed after every `flush` bytes: stored blocks of no length stand
 * between the others, and blocks end at every bit of a byte. */
static GByteArray *deflate(const guint8 *text, size_t length, size_t flush, int level)
{
    GByteArray *out = g_byte_array_new();
    g_autoptr(GZlibCompressor) zlib = g_zlib_compressor_new(G_ZLIB_COMPRESSOR_FORMAT_RAW, level);
    GConverterResult result;
    size_t at = 0;
    do {
        static guint8 room[1 << 20];
        gsize read, written, piece = MIN(flush, length - at);
        bool last = at + piece == length;
        g_autoptr(GError) error = NULL;
        result = g_converter_convert(G_CONVERTER(zlib), text + at, piece, room, sizeof room,
                                     last ? G_CONVERTER_INPUT_AT_END : G_CONVERTER_FLUSH, &read,
                                     &written, &error);
        g_assert_no_error(error);
        g_byte_array_append(out, room, (guint)written);
        at += read;
    } while (result != G_CONVERTER_FINISHED);
    return out;
}

/* "head", the payload in pieces, "tail": twice, so that the second begins behind the first. */
static GByteArray *join(const GByteArray *payload, const GByteArray *text, size_t piece)
{
    GByteArray *blob = g_byte_array_new();
    g_autoptr(GByteArray) content = g_byte_array_new();
    LayerPack *pack = gzip_single_pack_new(collect, blob);
    const LayerPackType *type = pack->type;
    guint32 crc = crc32_update(0, text->data, text->len);
    for (unsigned i = 0; i < 2; i++) {
        g_assert_true(type->write(pack, "head", 4, NULL));
        g_assert_true(type->begin_payload(pack, NULL));
        for (size_t at = 0; at < payload->len; at += piece)
            g_assert_true(type->payload(pack, payload->data + at, MIN(piece, payload->len - at),
                                        collect, content, NULL));
        g_assert_true(type->end_payload(pack, crc, text->len, NULL));
        g_assert_true(type->write(pack, "tail", 4, NULL));
    }
    g_assert_true(type->finish(pack, NULL));
    type->free(pack);
    g_assert_cmpuint(content->len, ==, 2 * text->len);
    g_assert_cmpmem(content->data, text->len, text->data, text->len);
    return blob;
}

/* One member, whose checksum GLib's reader compares, and nothing behind it. */
static void assert_holds(const GByteArray *blob, const GByteArray *text)
{
    g_autoptr(GZlibDecompressor) zlib = g_zlib_decompressor_new(G_ZLIB_COMPRESSOR_FORMAT_GZIP);
    size_t room = 2 * text->len + 17;
    g_autofree guint8 *out = g_malloc(room);
    gsize read, written;
    g_autoptr(GError) error = NULL;
    GConverterResult result =
        g_converter_convert(G_CONVERTER(zlib), blob->data, blob->len, out, room,
                            G_CONVERTER_INPUT_AT_END, &read, &written, &error);
    g_assert_no_error(error);
    g_assert_cmpint(result, ==, G_CONVERTER_FINISHED);
    g_assert_cmpuint(read, ==, blob->len);
    g_assert_cmpuint(written, ==, 2 * text->len + 16);
    for (unsigned i = 0; i < 2; i++) {
        const guint8 *at = out + i * (text->len + 8);
        g_assert_cmpmem(at, 4, "head", 4);
        g_assert_cmpmem(at + 4, text->len, text->data, text->len);
        g_assert_cmpmem(at + 4 + text->len, 4, "tail", 4);
    }
}

static GByteArray *sample(size_t length)
{
    GByteArray *text = g_byte_array_sized_new((guint)length);
    guint32 state = 7;
    for (size_t i = 0; i < length; i++) {
        state = state * 1664525u + 1013904223u;
        guint8 byte = (guint8)('a' + (state >> 24) % (i % 3000 < 1500 ? 3 : 26));
        g_byte_array_append(text, &byte, 1);
    }
    return text;
}

/* However blocks lie in the pieces, each header is found: the blob does not depend on the cut. */
TEST(payloads_are_joined_at_any_bit)
{
    static const size_t flushes[] = {3, 100, 1001, 30000}, pieces[] = {1, 2, 7, 1000};
    static const int levels[] = {0, 1, 6, 9};
    g_autoptr(GByteArray) text = sample(30000);
    for (size_t i = 0; i < G_N_ELEMENTS(flushes) * G_N_ELEMENTS(levels); i++) {
        size_t flush = flushes[i / G_N_ELEMENTS(levels)];
        int level = levels[i % G_N_ELEMENTS(levels)];
        g_autoptr(GByteArray) payload = deflate(text->data, text->len, flush, level);
        g_autoptr(GByteArray) whole = join(payload, text, payload->len);
        assert_holds(whole, text);
        for (size_t j = 0; j < G_N_ELEMENTS(pieces); j++) {
            g_autoptr(GByteArray) blob = join(payload, text, pieces[j]);
            g_assert_cmpmem(blob->data, blob->len, whole->data, whole->len);
        }
    }
}

/* Every length has its own last bit. */
TEST(short_payloads_are_joined)
{
    for (size_t length = 1; length < 200; length++) {
        g_autoptr(GByteArray) text = sample(length);
        g_autoptr(GByteArray) payload = deflate(text->data, text->len, length, 6);
        g_autoptr(GByteArray) blob = join(payload, text, 1);
        assert_holds(blob, text);
    }
}

TEST(streams_that_are_not_whole)
{
    g_autoptr(GByteArray) text = sample(3000);
    g_autoptr(GByteArray) payload = deflate(text->data, text->len, 3000, 6);
    for (unsigned i = 0; i < 3; i++) {
        g_autoptr(GByteArray) content = g_byte_array_new(), blob = g_byte_array_new();
        g_autoptr(GError) error = NULL;
        LayerPack *pack = gzip_single_pack_new(collect, blob);
        const LayerPackType *type = pack->type;
        g_assert_true(type->begin_payload(pack, NULL));
        gboolean done =
            type->payload(pack, payload->data, payload->len - (i == 0), collect, content, &error) &&
            (i != 1 || type->payload(pack, "", 1, collect, content, &error)) &&
            type->end_payload(pack, 0, text->len, &error);
        type->free(pack);
        g_assert_true(done == (i == 2));
        if (!done)
            assert_text(NULL, i == 0 ? INFLATE_EARLY : INFLATE_BEHIND, error->message);
    }
}
