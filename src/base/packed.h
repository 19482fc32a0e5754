/* Numbers and texts as bytes of a cache entry: a number is seven bits a byte, the lowest first,
 * with the top bit set where more follow (LEB128); a text its length + 1 and its bytes, 0 for none.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>

void packed_put(GByteArray *out, guint64 value);
void packed_put_text(GByteArray *out, const char *text);

/* Bytes that may be anything. Once a read has failed, `failed` stays set, and numbers are 0. */
typedef struct {
    const guint8 *at, *end;
    bool failed;
} PackedInput;

guint64 packed_take(PackedInput *in);
/* It fails for `limit` and more. */
guint packed_take_below(PackedInput *in, guint limit);
/* A number of things that take a byte each at least: no more than bytes are left. */
guint packed_take_count(PackedInput *in);
/* A text without NUL inside the bytes, not terminated; NULL: there is none, or it failed. */
const char *packed_take_text(PackedInput *in, size_t *ret_length);
