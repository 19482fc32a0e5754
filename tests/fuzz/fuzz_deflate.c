/* The deflate encoder: what it makes inflates to the input, however it is cut into writes. */
#include "fuzz.h"

#include "archive/deflate_encode.h"
#include "archive/inflate.h"

static gboolean collect(void *data, const void *bytes, size_t length, GError **error)
{
    g_byte_array_append(data, bytes, (guint)length);
    return TRUE;
}

static void check(const guint8 *packed, size_t length, const uint8_t *data, size_t size)
{
    g_autofree char *back = inflate_exact(packed, length, size, NULL);
    g_assert_true(back && memcmp(back, data, size) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autoptr(GByteArray) out = g_byte_array_new(), again = g_byte_array_new();
    g_autoptr(DeflateEncoder) encoder = deflate_encoder_new(collect, out);
    g_assert_true(deflate_encoder_write(encoder, data, size, NULL));
    g_assert_true(deflate_encoder_finish(encoder, NULL));
    check(out->data, out->len, data, size);
    g_byte_array_append(again, out->data, out->len);
    g_byte_array_set_size(out, 0);
    size_t piece = size > 0 ? data[0] + 1u : 1;
    for (size_t at = 0; at < size; at += piece)
        g_assert_true(deflate_encoder_write(encoder, data + at, MIN(piece, size - at), NULL));
    g_assert_true(deflate_encoder_finish(encoder, NULL));
    g_assert_true(out->len == again->len && memcmp(out->data, again->data, out->len) == 0);
    return 0;
}
