/* A deflate stream spliced into a layer of every format: what is taken inflates to what was
 * promised, and the blob read back is the tar. The input is two bytes of promised size and the
 * stream; its checksum is always the right one, where there is one. */
#include "fuzz.h"

#include "archive/inflate.h"
#include "archive/splice.h"
#include "base/digest.h"

enum {
    LOCAL_BYTES = 31,
};

static gboolean collect(void *data, const void *bytes, size_t length, GError **error)
{
    g_byte_array_append(data, bytes, (guint)length);
    return TRUE;
}

static gboolean read_bytes(void *data, guint64 offset, size_t length, GBytes **ret_bytes,
                           GError **error)
{
    GByteArray *bytes = data;
    g_assert_cmpuint(offset + length, <=, bytes->len);
    *ret_bytes = g_bytes_new(bytes->data + offset, length);
    return TRUE;
}

static void check_layer(LayerFormat format, GByteArray *blob, const char *expected, size_t size)
{
    g_autoptr(GBytes) bytes = g_bytes_new(blob->data, blob->len);
    g_autoptr(ArchiveReader) reader = archive_reader_new_bytes("layer", bytes, NULL);
    const ArchiveEntry *entry = NULL;
    g_assert_true(reader && archive_reader_next(reader, &entry, NULL) && entry);
    g_autoptr(GBytes) content = archive_reader_read_all(reader, size, NULL);
    g_assert_true(content && g_bytes_get_size(content) == size);
    g_assert_true(size == 0 || memcmp(g_bytes_get_data(content, NULL), expected, size) == 0);
    while (archive_reader_next(reader, &entry, NULL) && entry)
        g_assert_true(format == LAYER_ESTARGZ && (g_str_has_suffix(entry->path, "landmark") ||
                                                  g_str_has_suffix(entry->path, "index.json")));
    g_assert_null(entry);
}

static void splice(LayerFormat format, const ZipSource *source, const ZipMember *member,
                   const char *content)
{
    g_autoptr(GByteArray) blob = g_byte_array_new();
    g_autoptr(LayerWriter) writer = layer_writer_new(format, collect, blob);
    ArchiveEntry entry = {.kind = ENTRY_FILE, .path = "m", .mode = 0644};
    if (!layer_writer_splice(writer, &entry, source, member, NULL))
        return;
    g_auto(LayerSummary) summary = {0};
    g_assert_true(layer_writer_finish(writer, &summary, NULL));
    g_assert_nonnull(content);
    check_layer(format, blob, content, (size_t)member->size);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2)
        return 0;
    static const guint8 local[LOCAL_BYTES] = {0x50, 0x4b, 3, 4, [26] = 1, [30] = 'm'};
    ZipMember member = {.name = (char *)"m", .method = 8, .compressed_size = size - 2};
    member.size = data[0] | (guint64)data[1] << 8;
    g_autofree char *content = inflate_exact(data + 2, size - 2, (size_t)member.size, NULL);
    member.crc32 = content ? crc32_update(0, content, (size_t)member.size) : 0;
    g_autoptr(GByteArray) zip = g_byte_array_new();
    g_byte_array_append(zip, local, LOCAL_BYTES);
    g_byte_array_append(zip, data + 2, (guint)size - 2);
    ZipSource source = {zip->len, read_bytes, zip};
    for (unsigned format = 0; format < LAYER_FORMATS; format++)
        splice((LayerFormat)format, &source, &member, content);
    return 0;
}
