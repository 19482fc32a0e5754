#include "base/packed.h"

#include <string.h>

void packed_put(GByteArray *out, guint64 value)
{
    guint8 bytes[10];
    guint length = 0;
    for (; value >= 0x80; value >>= 7)
        bytes[length++] = (guint8)(value | 0x80);
    bytes[length++] = (guint8)value;
    g_byte_array_append(out, bytes, length);
}

void packed_put_text(GByteArray *out, const char *text)
{
    size_t length = text ? strlen(text) : 0;
    packed_put(out, text ? length + 1 : 0);
    if (text)
        g_byte_array_append(out, (const guint8 *)text, (guint)length);
}

guint64 packed_take(PackedInput *in)
{
    guint64 value = 0;
    for (guint shift = 0; in->at < in->end && shift < 64; shift += 7) {
        guint8 byte = *in->at++;
        value |= (guint64)(byte & 0x7f) << shift;
        if (!(byte & 0x80))
            return value;
    }
    in->failed = true;
    return 0;
}

guint packed_take_below(PackedInput *in, guint limit)
{
    guint64 value = packed_take(in);
    in->failed = in->failed || value >= limit;
    return in->failed ? 0 : (guint)value;
}

guint packed_take_count(PackedInput *in)
{
    guint64 count = packed_take(in);
    in->failed = in->failed || count > (guint64)(in->end - in->at);
    return in->failed ? 0 : (guint)count;
}

const char *packed_take_text(PackedInput *in, size_t *ret_length)
{
    guint64 length = packed_take(in);
    *ret_length = 0;
    if (length == 0)
        return NULL;
    if (length - 1 > (guint64)(in->end - in->at) || memchr(in->at, '\0', length - 1)) {
        in->failed = true;
        return NULL;
    }
    const char *text = (const char *)in->at;
    *ret_length = length - 1;
    in->at += length - 1;
    return text;
}
