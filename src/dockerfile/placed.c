#include "dockerfile/placed.h"

Placed *placed_new(void)
{
    Placed *placed = g_new(Placed, 1);
    placed->text = g_string_new(NULL);
    placed->places = g_array_new(FALSE, FALSE, sizeof(guint32));
    return placed;
}

void placed_free(Placed *placed)
{
    if (!placed)
        return;
    g_string_free(placed->text, TRUE);
    g_array_unref(placed->places);
    g_free(placed);
}

void placed_append(Placed *placed, const char *text, size_t length, size_t place)
{
    g_string_append_len(placed->text, text, (gssize)length);
    for (size_t i = 0; i < length; i++) {
        guint32 at = (guint32)(place + i);
        g_array_append_val(placed->places, at);
    }
}

void placed_append_at(Placed *placed, const char *text, size_t length, size_t place)
{
    g_string_append_len(placed->text, text, (gssize)length);
    guint32 at = (guint32)place;
    for (size_t i = 0; i < length; i++)
        g_array_append_val(placed->places, at);
}

void placed_append_slice(Placed *placed, const Placed *from, size_t offset, size_t length)
{
    if (length == 0)
        return;
    g_string_append_len(placed->text, from->text->str + offset, (gssize)length);
    g_array_append_vals(placed->places, &g_array_index(from->places, guint32, offset),
                        (guint)length);
}

Placed *placed_slice(const Placed *placed, size_t offset, size_t length)
{
    Placed *slice = placed_new();
    placed_append_slice(slice, placed, offset, length);
    return slice;
}

void placed_truncate(Placed *placed, size_t length)
{
    g_string_truncate(placed->text, length);
    g_array_set_size(placed->places, (guint)length);
}

Span placed_span(const Placed *placed, Source *source, size_t offset, size_t length)
{
    size_t all = placed->places->len;
    if (all == 0)
        return SPAN_NONE;
    if (offset >= all)
        return span_of_bytes(source, g_array_index(placed->places, guint32, all - 1) + 1u, 0);
    size_t begin = g_array_index(placed->places, guint32, offset);
    size_t last = MIN(offset + MAX(length, 1), all) - 1;
    size_t end = g_array_index(placed->places, guint32, last) + 1u;
    return span_of_bytes(source, begin, end > begin ? end - begin : 1);
}
