#include "archive/inflate.h"

#include <isa-l.h>

char *inflate_exact(const void *in, size_t length, size_t size, GError **error)
{
    g_autofree struct inflate_state *state = g_new(struct inflate_state, 1);
    g_autofree char *out = g_malloc(size + 1);
    if (length > G_MAXUINT32 || size > G_MAXUINT32) {
        error_set(error, ERROR_INPUT, SPAN_NONE, "a compressed member is too large to be read");
        return NULL;
    }
    isal_inflate_init(state);
    state->next_in = (uint8_t *)in;
    state->avail_in = (uint32_t)length;
    state->next_out = (uint8_t *)out;
    state->avail_out = (uint32_t)size + 1; /* one more, so that a longer stream shows */
    int status = isal_inflate(state);
    bool whole = status == ISAL_DECOMP_OK && state->block_state == ISAL_BLOCK_FINISH &&
                 state->total_out == size;
    if (!whole) {
        error_set(error, ERROR_INPUT, SPAN_NONE,
                  "broken deflate data, or not of the size promised");
        return NULL;
    }
    out[size] = '\0';
    return g_steal_pointer(&out);
}

guint32 crc32_update(guint32 crc, const void *data, size_t length)
{
    return crc32_gzip_refl(crc, data, length);
}
