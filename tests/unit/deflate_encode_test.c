#include "archive/deflate_encode.h"
#include "archive/huffman.h"
#include "archive/inflate.h"
#include "base/digest.h"
#include "test.h"

static gboolean collect(void *data, const void *bytes, size_t length, GError **error)
{
    g_byte_array_append(data, bytes, (guint)length);
    return TRUE;
}

static void assert_holds(const char *context, const GByteArray *packed, GBytes *expected)
{
    gsize length;
    const char *bytes = g_bytes_get_data(expected, &length);
    g_autoptr(GError) error = NULL;
    g_autofree char *back = inflate_exact(packed->data, packed->len, length, &error);
    if (!back)
        g_test_message("%s: %s", context, error->message);
    g_assert_nonnull(back);
    g_assert_cmpmem(back, length, bytes, length);
}

/* Written in pieces of `piece` bytes. */
static GByteArray *encode(DeflateEncoder *encoder, GByteArray *out, GBytes *input, size_t piece)
{
    gsize length;
    const guint8 *bytes = g_bytes_get_data(input, &length);
    for (size_t at = 0; at < length; at += piece)
        g_assert_true(deflate_encoder_write(encoder, bytes + at, MIN(piece, length - at), NULL));
    g_assert_true(deflate_encoder_finish(encoder, NULL));
    return out;
}

/* What the inputs are made of: bytes below `letters` from a generator of fixed numbers, each
 * repeated up to `repeat` times, with pieces of what came before copied now and then. */
typedef struct {
    const char *name;
    size_t length;
    unsigned letters, repeat, copies;
} Recipe;

static const Recipe recipes[] = {
    {"empty", 0, 1, 1, 0},
    {"one byte", 1, 200, 1, 0},
    {"three bytes", 3, 200, 1, 0},
    {"one letter", 100000, 1, 1, 0},
    {"two letters", 5000, 2, 1, 0},
    {"noise", 200000, 256, 1, 0},
    {"noise of one segment", 262144, 256, 1, 0},
    {"text", 700001, 60, 2, 40},
    {"runs", 300000, 256, 900, 0},
    {"copies over segments", 1000000, 256, 1, 300},
};

static GBytes *cook(const Recipe *recipe)
{
    GByteArray *out = g_byte_array_sized_new((guint)recipe->length + 1);
    guint32 state = 12345;
    while (out->len < recipe->length) {
        state = state * 1664525u + 1013904223u;
        guint32 number = state >> 8;
        if (out->len > 40000 && recipe->copies > 0 && number % 97 == 0) {
            unsigned from = out->len - 1 - number % 40000, count = 3 + number % recipe->copies;
            g_byte_array_set_size(out, out->len + count);
            for (unsigned i = 0; i < count; i++)
                out->data[out->len - count + i] = out->data[from + i];
            continue;
        }
        guint8 byte = (guint8)(number % recipe->letters);
        for (unsigned i = number / 256 % recipe->repeat + 1; i > 0; i--)
            g_byte_array_append(out, &byte, 1);
    }
    g_byte_array_set_size(out, (guint)recipe->length);
    return g_byte_array_free_to_bytes(out);
}

TEST(gives_back_what_went_in)
{
    for (size_t i = 0; i < G_N_ELEMENTS(recipes); i++) {
        g_autoptr(GBytes) input = cook(&recipes[i]);
        g_autoptr(GByteArray) out = g_byte_array_new();
        g_autoptr(DeflateEncoder) encoder = deflate_encoder_new(collect, out);
        encode(encoder, out, input, 1000000);
        assert_holds(recipes[i].name, out, input);
        g_assert_cmpuint(out->len, <=, recipes[i].length + recipes[i].length / 2000 + 10);
    }
}

TEST(cuts_and_former_streams_change_nothing)
{
    g_autoptr(GByteArray) used = g_byte_array_new();
    g_autoptr(DeflateEncoder) old = deflate_encoder_new(collect, used);
    for (size_t i = 0; i < G_N_ELEMENTS(recipes); i++) {
        g_autoptr(GBytes) input = cook(&recipes[i]);
        g_autoptr(GByteArray) whole = g_byte_array_new();
        g_autoptr(DeflateEncoder) fresh = deflate_encoder_new(collect, whole);
        encode(fresh, whole, input, 10000000);
        static const size_t pieces[] = {1, 777, 262144, 262145};
        for (size_t j = 0; j < G_N_ELEMENTS(pieces); j++) {
            g_byte_array_set_size(used, 0);
            encode(old, used, input, pieces[j]);
            g_assert_cmpmem(used->data, used->len, whole->data, whole->len);
        }
    }
}

/* A digest that changes here asks for another DEFLATE_ENCODER_VERSION. */
TEST(its_bytes_are_those_of_its_version)
{
    g_autoptr(Digest) digest = digest_new("sha256");
    for (size_t i = 0; i < G_N_ELEMENTS(recipes); i++) {
        g_autoptr(GBytes) input = cook(&recipes[i]);
        g_autoptr(GByteArray) out = g_byte_array_new();
        g_autoptr(DeflateEncoder) encoder = deflate_encoder_new(collect, out);
        encode(encoder, out, input, 4096);
        digest_update(digest, out->data, out->len);
    }
    g_autofree char *hex = digest_finish(digest);
    g_assert_cmpint(DEFLATE_ENCODER_VERSION, ==, 2);
    assert_text(NULL, "84dd8c32d51afaf3efa050532d94ab945356f1fd89a6271fca57e46b4a147d2a", hex);
}

TEST(small_inputs)
{
    g_autoptr(GByteArray) out = g_byte_array_new();
    g_autoptr(DeflateEncoder) encoder = deflate_encoder_new(collect, out);
    for (size_t i = 0; i < G_N_ELEMENTS(recipes); i++) {
        g_autoptr(GBytes) whole = cook(&recipes[i]);
        for (size_t length = 0; length <= 2 * DEFLATE_SMALL_BYTES; length += length < 9 ? 1 : 511) {
            size_t have = MIN(length, g_bytes_get_size(whole));
            g_autoptr(GBytes) input = g_bytes_new_from_bytes(whole, 0, have);
            g_byte_array_set_size(out, 0);
            encode(encoder, out, input, 1000);
            g_assert_cmpuint(out->len, <=, have + 5);
            assert_holds(recipes[i].name, out, input);
        }
    }
}

/* Between two cuts stands a stream of another encoder without its final mark, joined at its last
 * bit. */
TEST(cut_streams_take_others_in)
{
    for (size_t i = 0; i < G_N_ELEMENTS(recipes); i++) {
        g_autoptr(GBytes) input = cook(&recipes[i]);
        size_t length = g_bytes_get_size(input);
        const guint8 *bytes = g_bytes_get_data(input, NULL);
        g_autoptr(GByteArray) out = g_byte_array_new(), all = g_byte_array_new();
        g_autoptr(DeflateEncoder) encoder = deflate_encoder_new(collect, out);
        for (unsigned j = 0; j < 3; j++) {
            /* "x" under the fixed code, which takes 3 + 8 + 7 bits */
            guint8 other[] = {0xaa, 0x00, 0x00};
            g_assert_true(deflate_encoder_write(encoder, bytes, length, NULL));
            g_byte_array_append(all, bytes, (guint)length);
            g_assert_true(deflate_encoder_cut(encoder, NULL));
            g_byte_array_append(out, other, 2);
            g_byte_array_append(all, (const guint8 *)"x", 1);
            deflate_encoder_join(encoder, 0, 2);
        }
        g_assert_true(deflate_encoder_finish(encoder, NULL));
        g_autoptr(GBytes) expected = g_bytes_new(all->data, all->len);
        assert_holds(recipes[i].name, out, expected);
    }
}

static gboolean refuse(void *data, const void *bytes, size_t length, GError **error)
{
    return error_set(error, ERROR_FAILED, SPAN_NONE, "full");
}

TEST(passes_on_the_error_of_the_sink)
{
    g_autoptr(DeflateEncoder) encoder = deflate_encoder_new(refuse, NULL);
    g_autoptr(GError) error = NULL;
    g_assert_true(deflate_encoder_write(encoder, "x", 1, NULL));
    g_assert_false(deflate_encoder_finish(encoder, &error));
    g_assert_error(error, ERROR_DOMAIN, ERROR_FAILED);
}

/* Counts as Fibonacci's numbers make the deepest tree; every code must be complete. */
TEST(codes_are_complete_and_short)
{
    guint32 counts[HUFFMAN_SYMBOLS];
    for (unsigned used = 0; used <= 30; used++) {
        guint32 now = 1, before = 0;
        for (unsigned i = 0; i < HUFFMAN_SYMBOLS; i++) {
            counts[i] = i < used ? now : 0;
            guint32 next = i < 29 ? now + before : now;
            before = now;
            now = next;
        }
        static const unsigned limits[] = {7, 15};
        for (size_t j = 0; j < G_N_ELEMENTS(limits); j++) {
            guint8 lengths[HUFFMAN_SYMBOLS];
            unsigned room = 0;
            huffman_lengths(counts, HUFFMAN_SYMBOLS, limits[j], lengths);
            for (unsigned i = 0; i < HUFFMAN_SYMBOLS; i++) {
                g_assert_cmpuint(lengths[i], <=, limits[j]);
                g_assert_true(counts[i] == 0 || lengths[i] > 0);
                room += lengths[i] ? 1u << (limits[j] - lengths[i]) : 0;
            }
            g_assert_cmpuint(room, ==, 1u << limits[j]);
        }
    }
}
