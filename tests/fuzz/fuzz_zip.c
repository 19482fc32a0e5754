/* Zip directories and their members. */
#include "fuzz.h"

#include "archive/zip.h"

static gboolean read_bytes(void *data, guint64 offset, size_t length, GBytes **ret_bytes,
                           GError **error)
{
    g_assert_cmpuint(offset + length, <=, g_bytes_get_size(data));
    *ret_bytes = g_bytes_new_from_bytes(data, offset, length);
    return TRUE;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autoptr(GBytes) bytes = g_bytes_new(data, size);
    ZipSource source = {size, read_bytes, bytes};
    g_autoptr(ZipDirectory) directory = zip_directory_read("input", &source, NULL);
    if (!directory)
        return 0;
    size_t count;
    const ZipMember *members = zip_directory_members(directory, &count);
    for (size_t i = 0; i < count; i++) {
        g_assert_true(zip_directory_find(directory, members[i].name) == &members[i]);
        g_autoptr(GBytes) content = zip_member_read(&source, &members[i], 1 << 20, NULL);
        g_assert_true(!content || g_bytes_get_size(content) == members[i].size);
    }
    return 0;
}
