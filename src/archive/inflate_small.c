#include "archive/inflate.h"

#include <libdeflate.h>

SmallInflater *small_inflater_new(void)
{
    return (SmallInflater *)libdeflate_alloc_decompressor();
}

void small_inflater_free(SmallInflater *inflater)
{
    libdeflate_free_decompressor((struct libdeflate_decompressor *)inflater);
}

gboolean small_inflate(SmallInflater *inflater, const void *in, size_t length, void *out,
                       size_t size, GError **error)
{
    struct libdeflate_decompressor *library = (struct libdeflate_decompressor *)inflater;
    size_t used, made;
    enum libdeflate_result result =
        libdeflate_deflate_decompress_ex(library, in, length, out, size, &used, &made);
    if (result == LIBDEFLATE_INSUFFICIENT_SPACE)
        return error_set(error, ERROR_INPUT, SPAN_NONE, "it holds more than the %zu bytes promised",
                         size);
    if (result != LIBDEFLATE_SUCCESS)
        return error_set(error, ERROR_INPUT, SPAN_NONE, INFLATE_BROKEN);
    if (used < length)
        return error_set(error, ERROR_INPUT, SPAN_NONE, INFLATE_BEHIND);
    if (made < size)
        return error_set(error, ERROR_INPUT, SPAN_NONE, "it holds %zu bytes instead of %zu", made,
                         size);
    return TRUE;
}
