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

enum {
    WINDOW_BYTES = 256 * 1024, /* stays in a processor's second cache */
    /* ISA-L counts output in 32 bits, and only asks whether a distance reaches before the start. */
    COUNT_HIGH = 1 << 30,
};

struct Inflater {
    struct inflate_state state;
    guint8 window[WINDOW_BYTES];
};

Inflater *inflater_new(void)
{
    Inflater *inflater = g_new(Inflater, 1);
    inflater_begin(inflater);
    return inflater;
}

void inflater_free(Inflater *inflater)
{
    g_free(inflater);
}

void inflater_begin(Inflater *inflater)
{
    isal_inflate_init(&inflater->state);
}

static bool has_ended(const struct inflate_state *state)
{
    return state->block_state == ISAL_BLOCK_FINISH;
}

gboolean inflater_feed(Inflater *inflater, const void *in, size_t length, InflateSink sink,
                       void *data, GError **error)
{
    struct inflate_state *state = &inflater->state;
    g_assert(length <= G_MAXUINT32);
    state->next_in = (uint8_t *)in;
    state->avail_in = (uint32_t)length;
    while (!has_ended(state)) {
        state->next_out = inflater->window;
        state->avail_out = WINDOW_BYTES;
        if (isal_inflate(state) != ISAL_DECOMP_OK)
            return error_set(error, ERROR_INPUT, SPAN_NONE, INFLATE_BROKEN);
        if (state->total_out >= 2u * COUNT_HIGH)
            state->total_out -= COUNT_HIGH;
        size_t made = WINDOW_BYTES - state->avail_out;
        if (made > 0 && !sink(data, inflater->window, made, error))
            return FALSE;
        if (state->avail_in == 0 && state->avail_out > 0)
            break;
    }
    /* whole bytes that were taken in, but belong to no block */
    if (has_ended(state) && (state->avail_in > 0 || state->read_in_length >= 8))
        return error_set(error, ERROR_INPUT, SPAN_NONE, INFLATE_BEHIND);
    return TRUE;
}

gboolean inflater_end(const Inflater *inflater, GError **error)
{
    if (!has_ended(&inflater->state))
        return error_set(error, ERROR_INPUT, SPAN_NONE, INFLATE_EARLY);
    return TRUE;
}
