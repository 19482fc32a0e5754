#include "test.h"

#include "archive/decompress.h"

#include <gio/gio.h>

typedef struct {
    const guint8 *bytes;
    size_t length, piece; /* at most so many at a time */
} Feed;

static gssize read_feed(void *data, void *buffer, size_t length, GError **error)
{
    Feed *feed = data;
    size_t n = MIN(MIN(length, feed->piece), feed->length);
    if (n > 0)
        memcpy(buffer, feed->bytes, n);
    feed->bytes += n;
    feed->length -= n;
    return (gssize)n;
}

/* What comes out; NULL and *ret_error where it is refused. */
static GBytes *decompress(const void *bytes, size_t length, size_t feed_piece, size_t read_piece,
                          char **ret_error)
{
    Feed feed = {bytes, length, feed_piece};
    ArchiveInput input = {read_feed, NULL, &feed};
    g_autoptr(GError) error = NULL;
    g_autoptr(Decompressor) decompressor = decompressor_new("it", &input, &error);
    g_autoptr(GByteArray) out = g_byte_array_new();
    g_autofree guint8 *buffer = g_malloc(read_piece);
    gssize n = decompressor ? 1 : -1;
    while (n > 0) {
        n = decompressor_read(decompressor, buffer, read_piece, &error);
        if (n > 0)
            g_byte_array_append(out, buffer, (guint)n);
    }
    g_assert_true((n < 0) == (error != NULL));
    if (error)
        *ret_error = g_strdup(error->message);
    return error ? NULL : g_byte_array_free_to_bytes(g_steal_pointer(&out));
}

static void add_member(GByteArray *out, const guint8 *bytes, size_t length)
{
    g_autoptr(GZlibCompressor) zlib = g_zlib_compressor_new(G_ZLIB_COMPRESSOR_FORMAT_GZIP, 6);
    g_autofree guint8 *packed = g_malloc(length + 1000);
    gsize read = 0, written = 0;
    GConverterResult result =
        g_converter_convert(G_CONVERTER(zlib), bytes, length, packed, length + 1000,
                            G_CONVERTER_INPUT_AT_END, &read, &written, NULL);
    g_assert_cmpint(result, ==, G_CONVERTER_FINISHED);
    g_byte_array_append(out, packed, (guint)written);
}

/* Text with some of everything: runs, repetitions, noise. */
static GByteArray *content(size_t length)
{
    GByteArray *out = g_byte_array_sized_new((guint)length);
    guint32 state = 7;
    while (out->len < length) {
        state = state * 1664525 + 1013904223;
        guint8 piece[64];
        size_t n = 1 + (state >> 8) % sizeof piece;
        for (size_t i = 0; i < n; i++)
            piece[i] = state & 1 ? (guint8)(state >> 16) : (guint8)(state >> (i % 24));
        g_byte_array_append(out, piece, (guint)MIN(n, length - out->len));
    }
    return out;
}

TEST(members)
{
    static const size_t sizes[] = {0, 1, 100, 70000, 0, 600000, 3};
    static const size_t pieces[][2] = {
        {1, 1000}, {7, 1}, {1000, 65536}, {1 << 20, 1 << 20}, {65536, 100}};
    g_autoptr(GByteArray) whole = g_byte_array_new();
    g_autoptr(GByteArray) packed = g_byte_array_new();
    for (size_t i = 0; i < G_N_ELEMENTS(sizes); i++) {
        g_autoptr(GByteArray) one = content(sizes[i]);
        g_byte_array_append(whole, one->data, one->len);
        add_member(packed, one->data, one->len);
    }
    for (size_t i = 0; i < G_N_ELEMENTS(pieces); i++) {
        char *refused = NULL;
        g_autoptr(GBytes) out =
            decompress(packed->data, packed->len, pieces[i][0], pieces[i][1], &refused);
        assert_text(NULL, NULL, refused);
        g_assert_cmpmem(g_bytes_get_data(out, NULL), g_bytes_get_size(out), whole->data,
                        whole->len);
    }
}

/* A cut anywhere is seen, but between two members; so is a change of any bit that counts. */
TEST(damaged)
{
    g_autoptr(GByteArray) one = content(300);
    g_autoptr(GByteArray) packed = g_byte_array_new();
    add_member(packed, one->data, one->len);
    guint first = packed->len;
    add_member(packed, one->data, one->len);
    for (guint n = 2; n < packed->len; n++) {
        char *refused = NULL;
        g_autoptr(GBytes) out = decompress(packed->data, n, 1000, 1000, &refused);
        g_assert_true((out == NULL) == (n != first));
        g_free(refused);
    }
    for (guint n = 10; n < first; n++) {
        char *refused = NULL;
        packed->data[n] ^= 1;
        g_autoptr(GBytes) out = decompress(packed->data, packed->len, 50, 1000, &refused);
        g_assert_null(out);
        g_free(refused);
        packed->data[n] ^= 1;
    }
}

TEST(forms)
{
    static const struct {
        const char *name, *bytes;
        size_t length;
        const char *text, *refused;
    } rows[] = {
        {"nothing", "", 0, "", NULL},
        {"short", "ab", 2, "ab", NULL},
        {"plain", "hello, world", 12, "hello, world", NULL},
        {"zstd", "\x28\xb5\x2f\xfd\x04\x58\x31\x00\x00hello\n\x53\x88\xbd\x91", 19, "hello\n",
         NULL},
        {"zstd, cut", "\x28\xb5\x2f\xfd\x04\x58\x31\x00\x00hel", 12, NULL,
         "it is damaged or no archive: "},
        {"gzip, only a magic", "\x1f\x8b", 2, NULL, "it ends early"},
        {"gzip, another method", "\x1f\x8b\x07\0\0\0\0\0\0\0", 10, NULL,
         "it has a broken gzip header"},
        {"gzip and more", "\x1f\x8b\x08\0\0\0\0\0\0\3\3\0\0\0\0\0\0\0\0\0more of it", 30, NULL,
         "it goes on behind the end of its gzip data"},
        {"empty gzip", "\x1f\x8b\x08\0\0\0\0\0\0\3\3\0\0\0\0\0\0\0\0\0", 20, "", NULL},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *refused = NULL;
        g_autoptr(GBytes) out = decompress(rows[i].bytes, rows[i].length, 3, 100, &refused);
        g_autofree char *text =
            out ? g_strndup(g_bytes_get_data(out, NULL) ? g_bytes_get_data(out, NULL) : "",
                            g_bytes_get_size(out))
                : NULL;
        assert_text(rows[i].name, rows[i].text, text);
        if (rows[i].refused && !g_str_has_prefix(refused, rows[i].refused))
            assert_text(rows[i].name, rows[i].refused, refused);
    }
}
