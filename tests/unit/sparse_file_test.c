#include "archive/sparse_file.h"
#include "test.h"

static void add(SparseBuilder *builder, guint64 offset, const char *text)
{
    g_autoptr(GBytes) bytes = g_bytes_new(text, strlen(text));
    sparse_builder_add(builder, offset, bytes);
}

/* "0123456789abcdef" without "67" and "f", added in another order. */
static GBytes *sample(void)
{
    g_autoptr(SparseBuilder) builder = sparse_builder_new(16);
    add(builder, 8, "89");
    add(builder, 0, "012345");
    add(builder, 10, "abcde");
    add(builder, 16, "past the end");
    return sparse_builder_encode(builder);
}

TEST(sparse_reads)
{
    static const struct {
        guint64 offset;
        size_t length;
        const char *expected; /* NULL: not here */
    } rows[] = {
        {0, 6, "012345"},     {2, 3, "234"},     {0, 7, NULL}, {5, 1, "5"},
        {6, 1, NULL},         {8, 7, "89abcde"}, {9, 2, "9a"}, {14, 2, NULL},
        {15, 1, NULL},        {16, 1, NULL},     {6, 0, ""},   {G_MAXUINT64, 1, NULL},
        {3, G_MAXSIZE, NULL},
    };
    g_autoptr(GBytes) encoded = sample();
    g_autoptr(SparseFile) file = sparse_file_decode(encoded);
    g_assert_nonnull(file);
    g_assert_cmpuint(sparse_file_size(file), ==, 16);
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(GBytes) bytes = sparse_file_read(file, rows[i].offset, rows[i].length);
        gsize length = 0;
        const char *data = bytes ? g_bytes_get_data(bytes, &length) : NULL;
        g_autofree char *found = bytes ? g_strndup(data ? data : "", length) : NULL;
        assert_text(NULL, rows[i].expected, found);
    }
}

/* A part that would reach past the file is cut there. */
TEST(sparse_end)
{
    g_autoptr(SparseBuilder) builder = sparse_builder_new(4);
    add(builder, 2, "23456");
    g_autoptr(GBytes) encoded = sparse_builder_encode(builder);
    g_autoptr(SparseFile) file = sparse_file_decode(encoded);
    g_autoptr(GBytes) here = sparse_file_read(file, 2, 2), past = sparse_file_read(file, 2, 3);
    g_assert_nonnull(here);
    g_assert_null(past);
}

/* Of what is added twice, one is kept; what reaches further stays. */
TEST(sparse_overlaps)
{
    g_autoptr(SparseBuilder) once = sparse_builder_new(16), twice = sparse_builder_new(16);
    add(once, 2, "2345");
    add(once, 8, "89");
    add(twice, 8, "89");
    add(twice, 3, "345");
    add(twice, 2, "2345");
    add(twice, 8, "89");
    add(twice, 2, "23");
    g_autoptr(GBytes) small = sparse_builder_encode(once), same = sparse_builder_encode(twice);
    g_assert_true(g_bytes_equal(small, same));
    add(twice, 5, "5678");
    g_autoptr(GBytes) more = sparse_builder_encode(twice);
    g_autoptr(SparseFile) file = sparse_file_decode(more);
    g_autoptr(GBytes) here = sparse_file_read(file, 5, 4);
    g_assert_nonnull(here);
}

TEST(sparse_copy)
{
    g_autoptr(GBytes) encoded = sample();
    g_autoptr(SparseFile) file = sparse_file_decode(encoded);
    g_autoptr(SparseBuilder) builder = sparse_builder_new(16);
    add(builder, 6, "67");
    sparse_file_copy(file, builder);
    g_autoptr(GBytes) again = sparse_builder_encode(builder);
    g_autoptr(SparseFile) joined = sparse_file_decode(again);
    g_autoptr(GBytes) all = sparse_file_read(joined, 0, 15);
    g_assert_nonnull(all);
    g_assert_cmpmem(g_bytes_get_data(all, NULL), 15, "0123456789abcde", 15);
}

/* No change of a byte of header or table makes it read outside of its bytes. */
TEST(sparse_damage)
{
    g_autoptr(GBytes) encoded = sample();
    gsize length;
    const char *data = g_bytes_get_data(encoded, &length);
    for (gsize cut = 0; cut < length; cut++) {
        g_autoptr(GBytes) part = g_bytes_new(data, cut);
        g_autoptr(SparseFile) file = sparse_file_decode(part);
        g_assert_null(file);
    }
    for (gsize at = 0; at < length; at++) {
        g_autofree char *copy = g_memdup2(data, length);
        copy[at] ^= (char)0xff;
        g_autoptr(GBytes) changed = g_bytes_new(copy, length);
        g_autoptr(SparseFile) file = sparse_file_decode(changed);
        if (file)
            sparse_file_free(g_steal_pointer(&file));
    }
}
