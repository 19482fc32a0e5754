/* Parts of a wheel as the cache keeps them: damage is noticed, what is read lies inside, and a copy
 * holds the same. */
#include "fuzz.h"

#include "archive/sparse_file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autoptr(GBytes) bytes = g_bytes_new(data, size);
    g_autoptr(SparseFile) file = sparse_file_decode(bytes);
    if (!file)
        return 0;
    g_autoptr(SparseBuilder) builder = sparse_builder_new(sparse_file_size(file));
    sparse_file_copy(file, builder);
    g_autoptr(GBytes) again = sparse_builder_encode(builder);
    g_autoptr(SparseFile) same = sparse_file_decode(again);
    g_assert_nonnull(same);
    for (guint64 at = 0; at < MIN(sparse_file_size(file), 64); at++) {
        g_autoptr(GBytes) left = sparse_file_read(file, at, 1);
        g_autoptr(GBytes) right = sparse_file_read(same, at, 1);
        g_assert_true(!left || right);
    }
    return 0;
}
