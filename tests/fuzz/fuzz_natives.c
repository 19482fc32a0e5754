/* Cached native facts: what is read can be written again, to the same facts. */
#include "fuzz.h"

#include "facts/native_cache.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autoptr(GBytes) bytes = g_bytes_new(data, size);
    g_autoptr(WheelNative) native = native_decode(bytes);
    if (!native)
        return 0;
    g_autoptr(GByteArray) first = native_encode(native);
    g_autoptr(GBytes) written = g_bytes_new(first->data, first->len);
    g_autoptr(WheelNative) again = native_decode(written);
    g_assert_nonnull(again);
    g_autoptr(GByteArray) second = native_encode(again);
    g_assert_cmpmem(first->data, first->len, second->data, second->len);
    return 0;
}
