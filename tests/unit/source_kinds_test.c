#include "facts/source_kinds.h"
#include "tar_builder.h"
#include "test.h"
#include "wheel_builder.h"

#include <gio/gio.h>
#include <sys/mman.h>

static int file_of(GBytes *bytes)
{
    size_t length;
    const guint8 *data = g_bytes_get_data(bytes, &length);
    int fd = memfd_create("sdist", MFD_CLOEXEC);
    g_assert_cmpint(fd, >=, 0);
    g_assert_cmpint(write(fd, data, length), ==, (gssize)length);
    return fd;
}

static GBytes *gzip(GBytes *bytes)
{
    g_autoptr(GConverter) compressor =
        G_CONVERTER(g_zlib_compressor_new(G_ZLIB_COMPRESSOR_FORMAT_GZIP, 9));
    g_autoptr(GOutputStream) memory = g_memory_output_stream_new_resizable();
    g_autoptr(GOutputStream) out = g_converter_output_stream_new(memory, compressor);
    g_assert_true(g_output_stream_write_all(out, g_bytes_get_data(bytes, NULL),
                                            g_bytes_get_size(bytes), NULL, NULL, NULL));
    g_assert_true(g_output_stream_close(out, NULL, NULL));
    return g_memory_output_stream_steal_as_bytes(G_MEMORY_OUTPUT_STREAM(memory));
}

static gboolean read_counts(GBytes *bytes, const char *name, SourceCounts *ret, GError **error)
{
    int fd = file_of(bytes);
    gboolean ok = source_counts_read(fd, name, ret, error);
    close(fd);
    return ok;
}

static char *size_in_bytes(guint64 bytes)
{
    return g_strdup_printf("%" G_GUINT64_FORMAT, bytes);
}

static char *describe(GBytes *bytes, const char *name)
{
    g_autoptr(GError) error = NULL;
    SourceCounts counts;
    if (!read_counts(bytes, name, &counts, &error)) {
        g_assert_cmpint(error->code, ==, ERROR_INPUT);
        return g_strdup("?");
    }
    return source_counts_describe(&counts, size_in_bytes);
}

/* clang-format off */
static const struct {
    const char *entries; /* of a tar file */
    const char *expected;
} tars[] = {
    {"f demo-1/setup.py print()", ""},
    {"d demo-1/csrc\nf demo-1/csrc/a.cu 12345\nf demo-1/csrc/b.cpp 12\nf demo-1/c.cc 1\nf demo-1/d.cxx 1",
     "1 CUDA source of 5, 3 C++ sources of 4"},
    {"f d/a.c 1\nf d/b.pyx 22\nf d/src/lib.rs 333\nf d/e.f 4444\nf d/g.f90 55555",
     "1 C source of 1, 1 Cython source of 2, 1 Rust source of 3, 2 Fortran sources of 9"},
    /* a folder, a link, headers, other ends, what macOS leaves beside files */
    {"d d/x.c\nl d/y.c x\nf d/a.h 1\nf d/a.cuh 1\nf d/a.c.in 1\nf d/ac 1\nf d/._a.c 1\nf d/.hidden.c 1", "1 C source of 1"},
    {"f d/a.C 1\nf d/.c 1", "1 C source of 1"},
    {"f ../a.c 1", "?"},
};
/* clang-format on */

TEST(counts_of_tar)
{
    for (size_t i = 0; i < G_N_ELEMENTS(tars); i++) {
        g_autoptr(GBytes) plain = tar_build(tars[i].entries);
        g_autoptr(GBytes) packed = gzip(plain);
        g_autofree char *one = describe(plain, "demo-1.tar");
        g_autofree char *other = describe(packed, "demo-1.tar.gz");
        g_assert_cmpstr(one, ==, tars[i].expected);
        g_assert_cmpstr(other, ==, tars[i].expected);
    }
}

TEST(counts_of_zip)
{
    g_autoptr(GBytes) zip = wheel_build("d/a.cu - 123\nd/sub/b.c - 1\nd/._b.c - 1\nd/b.h - 1");
    g_autofree char *text = describe(zip, "demo-1.zip");
    g_assert_cmpstr(text, ==, "1 CUDA source of 3, 1 C source of 1");
    g_autofree char *wrong = describe(zip, "demo-1.tar.gz");
    g_assert_cmpstr(wrong, ==, "?");
}

TEST(sum_of_kinds)
{
    g_autoptr(GBytes) tar = tar_build("f d/a.cu 1\nf d/b.c 1\nf d/c.c 1\nf d/d.py 1");
    SourceCounts counts = {0};
    g_assert_true(read_counts(tar, "d.tar", &counts, NULL));
    g_assert_cmpuint(source_counts_sum(&counts), ==, 3);
    g_assert_cmpuint(counts.files[SOURCE_CUDA], ==, 1);
    g_assert_cmpuint(counts.bytes[SOURCE_C], ==, 2);
}

/* What is no archive, or ends in the middle, leaves the counts as they were. */
TEST(broken_archives)
{
    g_autoptr(GBytes) tar = tar_build("f d/a.c 1\nf d/b.c 2");
    g_autoptr(GBytes) packed = gzip(tar);
    g_autoptr(GBytes) cut = g_bytes_new_from_bytes(packed, 0, g_bytes_get_size(packed) - 12);
    g_autoptr(GBytes) text = g_bytes_new_static("no archive at all", 17);
    GBytes *const broken[] = {cut, text};
    for (size_t i = 0; i < G_N_ELEMENTS(broken); i++) {
        g_autoptr(GError) error = NULL;
        SourceCounts counts = {.files = {7}};
        g_assert_false(read_counts(broken[i], i == 1 ? "d.zip" : "d.tar.gz", &counts, &error));
        g_assert_cmpint(error->code, ==, ERROR_INPUT);
        g_assert_cmpuint(counts.files[0], ==, 7);
    }
}

/* A header may say any size: what says more than a limit is refused, and not read. */
TEST(huge_files)
{
    g_autoptr(GByteArray) out = g_byte_array_new();
    tar_add_bytes(out, '0', (TarOwner){0644, 0, 0}, "d/a.cu", NULL, NULL, 0);
    memcpy(out->data + 124, "77777777777", 11); /* 8 GiB */
    memset(out->data + 148, ' ', 8);
    unsigned sum = 0;
    for (size_t i = 0; i < 512; i++)
        sum += out->data[i];
    g_snprintf((char *)out->data + 148, 8, "%06o", sum);
    g_autoptr(GBytes) bytes = g_bytes_new(out->data, out->len);
    g_autoptr(GError) error = NULL;
    SourceCounts counts;
    g_assert_false(read_counts(bytes, "d.tar", &counts, &error));
    g_assert_cmpstr(error->message, ==, "d.tar unpacks to more than 4096 MiB");
}
