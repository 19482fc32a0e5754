#include "archive/estargz.h"
#include "archive/gzip_write.h"
#include "archive/inflate.h"
#include "archive/splice.h"
#include "archive/tar_write.h"
#include "base/digest.h"
#include "test.h"

#include <gio/gio.h>
#include <zstd.h>

static gboolean collect(void *data, const void *bytes, size_t length, GError **error)
{
    g_byte_array_append(data, bytes, (guint)length);
    return TRUE;
}

/* "KIND PATH MODE OWNER SIZE [TARGET] [=CONTENT]" a line, as the independent reader sees it. */
static char *list(GByteArray *archive)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) bytes = g_bytes_new(archive->data, archive->len);
    g_autoptr(ArchiveReader) reader = archive_reader_new_bytes("layer", bytes, &error);
    const ArchiveEntry *entry = NULL;
    GString *out = g_string_new(NULL);
    while (reader && archive_reader_next(reader, &entry, &error) && entry) {
        g_string_append_printf(
            out, "%c %s %o %" G_GUINT64_FORMAT ":%" G_GUINT64_FORMAT " %" G_GINT64_FORMAT,
            "fdlhn"[entry->kind], entry -> path, entry -> mode, entry -> uid, entry -> gid,
            entry -> mtime);
        if (entry->kind == ENTRY_SYMLINK || entry->kind == ENTRY_HARDLINK)
            g_string_append_printf(out, " -> %s", entry->target);
        if (entry->kind == ENTRY_FILE) {
            g_autoptr(GBytes) content = archive_reader_read_all(reader, 1 << 24, &error);
            g_assert_no_error(error);
            g_autofree char *hex =
                digest_sha256(g_bytes_get_data(content, NULL), g_bytes_get_size(content));
            g_string_append_printf(out, " %zu %.8s", g_bytes_get_size(content), hex);
        }
        g_string_append_c(out, '\n');
    }
    g_assert_no_error(error);
    return g_string_free(out, FALSE);
}

static ArchiveEntry file(const char *path, size_t size)
{
    return (ArchiveEntry){.kind = ENTRY_FILE, .path = path, .size = size, .mode = 0644};
}

/* The tar that a gzip file holds, read member by member, each checked. */
static GByteArray *gunzip(const GByteArray *blob, size_t *ret_members)
{
    GByteArray *out = g_byte_array_new();
    gsize at = 0;
    for (*ret_members = 0; at < blob->len; ++*ret_members) {
        g_autoptr(GZlibDecompressor) zlib = g_zlib_decompressor_new(G_ZLIB_COMPRESSOR_FORMAT_GZIP);
        GConverterResult result;
        do {
            guint8 room[65536];
            gsize read, written;
            g_autoptr(GError) error = NULL;
            result =
                g_converter_convert(G_CONVERTER(zlib), blob->data + at, blob->len - at, room,
                                    sizeof room, G_CONVERTER_INPUT_AT_END, &read, &written, &error);
            g_assert_no_error(error);
            at += read;
            g_byte_array_append(out, room, (guint)written);
        } while (result != G_CONVERTER_FINISHED);
    }
    return out;
}

static GByteArray *unzstd(const GByteArray *blob)
{
    GByteArray *out = g_byte_array_new();
    ZSTD_DStream *stream = ZSTD_createDStream();
    ZSTD_inBuffer in = {blob->data, blob->len, 0};
    size_t left;
    do {
        guint8 room[65536];
        ZSTD_outBuffer piece = {room, sizeof room, 0};
        left = ZSTD_decompressStream(stream, &piece, &in);
        g_assert_false(ZSTD_isError(left));
        g_byte_array_append(out, room, (guint)piece.pos);
    } while (left != 0);
    g_assert_cmpuint(in.pos, ==, in.size);
    ZSTD_freeDStream(stream);
    return out;
}

static GByteArray *unpack(LayerFormat format, GByteArray *blob)
{
    size_t members = 1;
    GByteArray *tar = format == LAYER_TAR    ? g_byte_array_ref(blob)
                      : format == LAYER_ZSTD ? unzstd(blob)
                                             : gunzip(blob, &members);
    if (format == LAYER_GZIP_SINGLE)
        g_assert_cmpuint(members, ==, 1);
    return tar;
}

static void assert_summary(LayerFormat format, const LayerSummary *summary, GByteArray *blob)
{
    g_autoptr(GByteArray) tar = unpack(format, blob);
    g_autofree char *diff_id = digest_sha256(tar->data, tar->len);
    g_autofree char *digest = digest_sha256(blob->data, blob->len);
    assert_text("diff_id", diff_id, summary->diff_id);
    assert_text("digest", digest, summary->digest);
    g_assert_cmpuint(summary->size, ==, blob->len);
    g_assert_cmpuint(summary->tar_size, ==, tar->len);
}

TEST(headers_are_read_back)
{
    g_autofree char *name100 = g_strnfill(100, 'n'), *name101 = g_strnfill(101, 'n');
    g_autofree char *prefix = g_strnfill(155, 'p');
    g_autofree char *split = g_strconcat(prefix, "/", name100, NULL);
    g_autofree char *unsplit = g_strconcat(prefix, "/", name101, NULL);
    const struct {
        ArchiveEntry entry;
        size_t length;
    } rows[] = {
        {{.kind = ENTRY_FOLDER, .path = "a", .mode = 0755, .mtime = 315532800}, 512},
        {{.kind = ENTRY_FILE, .path = "a/b", .mode = 04755, .uid = 1000, .gid = 33}, 512},
        {{.kind = ENTRY_SYMLINK, .path = "l", .mode = 0777, .target = "../x/"}, 512},
        {{.kind = ENTRY_HARDLINK, .path = "h", .mode = 0644, .target = "a/b"}, 512},
        {{.kind = ENTRY_FILE, .path = name100, .mode = 0644}, 512},
        {{.kind = ENTRY_FILE, .path = name101, .mode = 0644}, 1536},
        {{.kind = ENTRY_FILE, .path = split, .mode = 0644}, 512},
        {{.kind = ENTRY_FILE, .path = unsplit, .mode = 0644}, 1536},
        {{.kind = ENTRY_SYMLINK, .path = "far", .mode = 0777, .target = name101}, 1536},
        {{.kind = ENTRY_FILE, .path = "owner", .uid = 3000000, .gid = 4000000000u}, 1536},
        {{.kind = ENTRY_FILE, .path = "na\303\257ve", .mode = 0600}, 512},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        const ArchiveEntry *entry = &rows[i].entry;
        guint8 header[TAR_HEADER_BYTES];
        static const guint8 zeros[TAR_END_BYTES];
        size_t length = 0;
        g_assert_true(tar_header_write(entry, header, &length, NULL));
        g_assert_cmpuint(length, ==, rows[i].length);
        g_autoptr(GByteArray) tar = g_byte_array_new();
        g_byte_array_append(tar, header, (guint)length);
        g_byte_array_append(tar, zeros, sizeof zeros);
        g_autofree char *found = list(tar);
        g_autoptr(GString) expected = g_string_new(NULL);
        g_string_printf(expected,
                        "%c %s %o %" G_GUINT64_FORMAT ":%" G_GUINT64_FORMAT " %" G_GINT64_FORMAT,
                        "fdlhn"[entry->kind], entry -> path, entry -> mode, entry -> uid,
                        entry -> gid, entry -> mtime);
        if (entry->target)
            g_string_append_printf(expected, " -> %s", entry->target);
        g_string_append(expected, entry->kind == ENTRY_FILE ? " 0 e3b0c442\n" : "\n");
        assert_text(NULL, expected->str, found);
    }
}

TEST(headers_of_large_files_and_refused_ones)
{
    guint8 header[TAR_HEADER_BYTES];
    size_t length;
    ArchiveEntry large = file("large", 0);
    large.size = (guint64)1 << 33;
    g_assert_true(tar_header_write(&large, header, &length, NULL));
    g_assert_cmpuint(length, ==, 1536);
    assert_text(NULL, "19 size=8589934592\n", (char *)header + 512);
    large.size--;
    g_assert_true(tar_header_write(&large, header, &length, NULL));
    g_assert_cmpmem(header + 124, 12, "77777777777\0", 12);
    static const ArchiveEntry refused[] = {
        {.kind = ENTRY_FILE, .path = ""},
        {.kind = ENTRY_FILE, .path = "/abs"},
        {.kind = ENTRY_SYMLINK, .path = "l", .target = ""},
        {.kind = ENTRY_DEVICE, .path = "null"},
        {.kind = ENTRY_FILE, .path = "old", .mtime = -1},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(refused); i++) {
        g_autoptr(GError) error = NULL;
        g_assert_false(tar_header_write(&refused[i], header, &length, &error));
        g_assert_error(error, ERROR_DOMAIN, ERROR_INPUT);
    }
}

/* A "zip file" that is one local header and data; the member says what a directory would. */
typedef struct {
    GByteArray *bytes;
    ZipMember member;
} Zip;

static gboolean read_bytes(void *data, guint64 offset, size_t length, GBytes **ret_bytes,
                           GError **error)
{
    GByteArray *bytes = data;
    g_assert_cmpuint(offset + length, <=, bytes->len);
    *ret_bytes = g_bytes_new(bytes->data + offset, length);
    return TRUE;
}

static Zip zip_of(const char *content, size_t length, bool deflate)
{
    guint8 local[30] = {0x50, 0x4b, 3, 4, [26] = 1};
    Zip zip = {g_byte_array_new(), {.name = (char *)"m", .size = length}};
    g_byte_array_append(zip.bytes, local, sizeof local);
    g_byte_array_append(zip.bytes, (const guint8 *)"m", 1);
    guint start = zip.bytes->len;
    if (deflate) {
        g_autoptr(DeflateEncoder) encoder = deflate_encoder_new(collect, zip.bytes);
        g_assert_true(deflate_encoder_write(encoder, content, length, NULL));
        g_assert_true(deflate_encoder_finish(encoder, NULL));
    } else {
        g_byte_array_append(zip.bytes, (const guint8 *)content, (guint)length);
    }
    zip.member.method = deflate ? 8 : 0;
    zip.member.compressed_size = zip.bytes->len - start;
    zip.member.crc32 = crc32_update(0, content, length);
    return zip;
}

static char *sample(size_t length)
{
    char *text = g_malloc(length);
    guint32 state = 1;
    for (size_t i = 0; i < length; i++) {
        state = state * 1664525u + 1013904223u;
        text[i] = (char)('a' + (state >> 24) % 20);
    }
    return text;
}

/* Reads out of memory, at most 1000 bytes at a time. */
typedef struct {
    const char *bytes;
    size_t left;
} Memory;

static gssize read_memory(void *data, void *buffer, size_t length, GError **error)
{
    Memory *memory = data;
    size_t piece = MIN(MIN(length, memory->left), (size_t)1000);
    memcpy(buffer, memory->bytes, piece);
    memory->bytes += piece;
    memory->left -= piece;
    return (gssize)piece;
}

/* The same entry in one of four ways: spliced, out of a zip where it is stored, at once, and as a
 * stream. */
static void add_sample(LayerWriter *writer, const ArchiveEntry *entry, const char *text,
                       unsigned way)
{
    gboolean done;
    g_autoptr(GError) error = NULL;
    if (way < 2) {
        Zip zip = zip_of(text, (size_t)entry->size, way == 0);
        ZipSource source = {zip.bytes->len, read_bytes, zip.bytes};
        done = layer_writer_splice(writer, entry, &source, &zip.member, &error);
        g_byte_array_unref(zip.bytes);
    } else if (way == 2) {
        done = layer_writer_add(writer, entry, text, &error);
    } else {
        Memory memory = {text, (size_t)entry->size};
        ArchiveInput input = {.read = read_memory, .data = &memory};
        done = layer_writer_add_stream(writer, entry, &input, &error);
    }
    g_assert_no_error(error);
    g_assert_true(done);
}

static void check_format(LayerFormat format, bool aside, const char *diff_id, const char *golden)
{
    static const size_t sizes[] = {0, 1, 511, 512, 513, 5000, 700000, 3000000};
    g_autofree char *text = sample(3000000);
    g_autoptr(GByteArray) blob = g_byte_array_new();
    g_autoptr(LayerWriter) writer = layer_writer_new(format, collect, blob);
    if (aside)
        layer_writer_hash_aside(writer);
    g_autoptr(GString) expected = g_string_new("d opt 755 0:0 0\n");
    ArchiveEntry folder = {.kind = ENTRY_FOLDER, .path = "opt", .mode = 0755};
    g_assert_true(layer_writer_add(writer, &folder, NULL, NULL));
    for (unsigned i = 0; i < G_N_ELEMENTS(sizes) * 4; i++) {
        size_t size = sizes[i / 4];
        g_autofree char *path = g_strdup_printf("opt/%u", i), *hex = digest_sha256(text, size);
        ArchiveEntry entry = file(path, size);
        g_string_append_printf(expected, "f %s 644 0:0 0 %zu %.8s\n", path, size, hex);
        add_sample(writer, &entry, text, i % 4);
    }
    ArchiveEntry hard = {
        .kind = ENTRY_HARDLINK, .path = "opt/link", .target = "opt/9", .mode = 0644};
    g_assert_true(layer_writer_add(writer, &hard, NULL, NULL));
    g_string_append(expected, "h opt/link 644 0:0 0 -> opt/9\n");
    g_auto(LayerSummary) summary = {0};
    g_assert_true(layer_writer_finish(writer, &summary, NULL));
    assert_summary(format, &summary, blob);
    g_autofree char *found = list(blob);
    if (format == LAYER_ESTARGZ)
        g_string_append_printf(expected,
                               "f .no.prefetch.landmark 644 0:0 315532800 1 dc0e9c36\n"
                               "f stargz.index.json 644 0:0 315532800 8406 %.8s\n",
                               summary.toc_digest);
    assert_text(NULL, expected->str, found);
    g_assert_true((summary.toc_digest != NULL) == (format == LAYER_ESTARGZ));
    assert_text(layer_format_name(format), diff_id, summary.diff_id);
    if (golden)
        assert_text(layer_format_name(format), golden, summary.digest);
}

#define SAMPLE_DIFF_ID "3613b8c76375b180c5cf6a1fba8648475a84bb83d2b258a48db749c743c27569"

/* A digest that changes here asks for another version of the format. */
TEST(splices_and_encodes)
{
    static const struct {
        LayerFormat format;
        unsigned version;
        const char *diff_id, *digest; /* NULL: the library's version decides */
    } rows[] = {
        {LAYER_GZIP, 201, SAMPLE_DIFF_ID,
         "40e7c0cc3f73a47bce248c474c8f78dcea3d250f7a0d747c159648078dc82d23"},
        {LAYER_GZIP_SINGLE, 201, SAMPLE_DIFF_ID,
         "00206cda92051ca33e9316d70aa2dd8f3d3969742331ec534ccb93aaf7f4bf5c"},
        {LAYER_ESTARGZ, 201, "998a679b89865989b85900496fb80e2bc171d98139768deefa8f07d27300ebca",
         "b1f1bbc37bb2afb8b385c00b7b4dfe263f7dc4ad9504fd76a49eca10fe4b8db3"},
        {LAYER_ZSTD, 1, SAMPLE_DIFF_ID, NULL},
        {LAYER_TAR, 1, SAMPLE_DIFF_ID, SAMPLE_DIFF_ID},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_assert_cmpuint(layer_format_version(rows[i].format), ==, rows[i].version);
        g_assert_true((layer_format_library(rows[i].format) != NULL) == !rows[i].digest);
        check_format(rows[i].format, false, rows[i].diff_id, rows[i].digest);
        check_format(rows[i].format, true, rows[i].diff_id, rows[i].digest);
    }
}

static char *read_toc(GByteArray *blob)
{
    g_autoptr(GBytes) bytes = g_bytes_new(blob->data, blob->len);
    g_autoptr(ArchiveReader) reader = archive_reader_new_bytes("layer", bytes, NULL);
    const ArchiveEntry *entry = NULL;
    while (archive_reader_next(reader, &entry, NULL) && entry) {
        if (!g_str_equal(entry->path, ESTARGZ_TOC_NAME))
            continue;
        g_autoptr(GBytes) content = archive_reader_read_all(reader, 1 << 20, NULL);
        return g_strndup(g_bytes_get_data(content, NULL), g_bytes_get_size(content));
    }
    return g_strdup("none");
}

TEST(the_table_of_an_estargz_layer)
{
    static const char expected[] =
        "{\"version\":1,\"entries\":["
        "{\"name\":\"d/\",\"type\":\"dir\",\"modtime\":\"1980-01-01T00:00:00Z\",\"mode\":493,"
        "\"uid\":7,\"gid\":8},"
        "{\"name\":\"d/empty\",\"type\":\"reg\",\"modtime\":\"1970-01-01T00:00:00Z\",\"mode\""
        ":420},"
        "{\"name\":\"d/l\",\"type\":\"symlink\",\"modtime\":\"1970-01-01T00:00:00Z\",\"linkNa"
        "me\":\"../\\\"x\\\"\"},"
        "{\"name\":\"d/small\",\"type\":\"reg\",\"size\":10,\"modtime\":\"1970-01-01T00:00:00"
        "Z\",\"mode\":2541,\"offset\":156,\"digest\":\"sha256:01d448afd928065458cf670b60f5a59"
        "4d735af0172c8d67f22a81680132681ca\",\"chunkDigest\":\"sha256:01d448afd928065458cf670"
        "b60f5a594d735af0172c8d67f22a81680132681ca\"},"
        "{\"name\":\"d/large\",\"type\":\"reg\",\"size\":16777217,\"modtime\":\"1970-01-01T00"
        ":00:00Z\",\"mode\":420,\"offset\":237,\"digest\":\"sha256:1003b1b5dc078189799a1216ce"
        "0f9fbcebb94e8b6b83c58c4b03345f07f94ced\",\"chunkSize\":4194304,\"chunkDigest\":\"sha"
        "256:bb9f8df61474d25e71fa00722318cd387396ca1736605e1248821cc0de3d3af8\"},"
        "{\"name\":\"d/large\",\"type\":\"chunk\",\"offset\":4572,\"chunkOffset\":4194304,\"c"
        "hunkSize\":4194304,\"chunkDigest\":\"sha256:bb9f8df61474d25e71fa00722318cd387396ca17"
        "36605e1248821cc0de3d3af8\"},"
        "{\"name\":\"d/large\",\"type\":\"chunk\",\"offset\":8907,\"chunkOffset\":8388608,\"c"
        "hunkSize\":4194304,\"chunkDigest\":\"sha256:bb9f8df61474d25e71fa00722318cd387396ca17"
        "36605e1248821cc0de3d3af8\"},"
        "{\"name\":\"d/large\",\"type\":\"chunk\",\"offset\":13242,\"chunkOffset\":12582912,"
        "\"chunkSize\":4194304,\"chunkDigest\":\"sha256:bb9f8df61474d25e71fa00722318cd387396c"
        "a1736605e1248821cc0de3d3af8\"},"
        "{\"name\":\"d/large\",\"type\":\"chunk\",\"offset\":17577,\"chunkOffset\":16777216,"
        "\"chunkSize\":1,\"chunkDigest\":\"sha256:6e340b9cffb37a989ca544e6bb780a2c78901d3fb33"
        "738768511a30617afa01d\"},"
        "{\"name\":\".no.prefetch.landmark\",\"type\":\"reg\",\"size\":1,\"modtime\":\"1980-0"
        "1-01T00:00:00Z\",\"mode\":420,\"offset\":17678,\"digest\":\"sha256:dc0e9c3658a1a3ed1"
        "ec94274d8b19925c93e1abb7ddba294923ad9bde30f8cb8\",\"chunkDigest\":\"sha256:dc0e9c365"
        "8a1a3ed1ec94274d8b19925c93e1abb7ddba294923ad9bde30f8cb8\"}]}";
    static const struct {
        ArchiveEntry entry;
    } rows[] = {
        {{.kind = ENTRY_FOLDER, .path = "d", .mode = 0755, .uid = 7, .gid = 8, .mtime = 315532800}},
        {{.kind = ENTRY_FILE, .path = "d/empty", .mode = 0644}},
        {{.kind = ENTRY_SYMLINK, .path = "d/l", .target = "../\"x\""}},
        {{.kind = ENTRY_FILE, .path = "d/small", .size = 10, .mode = 04755}},
        {{.kind = ENTRY_FILE, .path = "d/large", .size = ESTARGZ_WHOLE_BYTES + 1, .mode = 0644}},
    };
    g_autofree char *zeros = g_malloc0(ESTARGZ_WHOLE_BYTES + 1);
    g_autoptr(GByteArray) blob = g_byte_array_new();
    g_autoptr(LayerWriter) writer = layer_writer_new(LAYER_ESTARGZ, collect, blob);
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
        g_assert_true(layer_writer_add(writer, &rows[i].entry, zeros, NULL));
    g_auto(LayerSummary) summary = {0};
    g_assert_true(layer_writer_finish(writer, &summary, NULL));
    g_autofree char *toc = read_toc(blob), *digest = digest_sha256(toc, strlen(toc));
    assert_text(NULL, expected, toc);
    assert_text(NULL, digest, summary.toc_digest);
    char place[17] = "";
    memcpy(place, blob->data + blob->len - ESTARGZ_FOOTER_BYTES + 16, 16);
    guint64 offset = g_ascii_strtoull(place, NULL, 16);
    g_assert_cmpuint(offset, <, blob->len);
    g_byte_array_remove_range(blob, 0, (guint)offset);
    size_t members;
    g_autoptr(GByteArray) tail = gunzip(blob, &members);
    g_assert_cmpuint(members, ==, 2);
    assert_text(NULL, ESTARGZ_TOC_NAME, (const char *)tail->data);
}

TEST(names_that_an_estargz_layer_cannot_have)
{
    static const char *const names[] = {ESTARGZ_TOC_NAME, ESTARGZ_LANDMARK_NAME, "not\xffutf8"};
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autoptr(LayerWriter) writer = layer_writer_new(LAYER_ESTARGZ, NULL, NULL);
        g_autoptr(GError) error = NULL;
        ArchiveEntry entry = file(names[i], 1);
        g_assert_false(layer_writer_add(writer, &entry, "x", &error));
        g_assert_error(error, ERROR_DOMAIN, ERROR_INPUT);
    }
}

/* How a content was cut into writes is nothing that a blob shows. */
TEST(streams_give_the_same_bytes)
{
    g_autofree char *text = sample(700000);
    for (unsigned format = 0; format < LAYER_FORMATS; format++) {
        g_autofree char *digest = NULL;
        for (unsigned way = 1; way < 4; way++) {
            g_autoptr(LayerWriter) writer = layer_writer_new((LayerFormat)format, NULL, NULL);
            ArchiveEntry entry = file("f", 700000);
            add_sample(writer, &entry, text, way);
            g_auto(LayerSummary) summary = {0};
            g_assert_true(layer_writer_finish(writer, &summary, NULL));
            if (!digest)
                digest = g_strdup(summary.digest);
            assert_text(layer_format_name((LayerFormat)format), digest, summary.digest);
        }
    }
}

TEST(a_writer_that_hashes_aside_can_be_left)
{
    g_autofree char *text = sample(3000000);
    for (unsigned i = 0; i < 3; i++) {
        g_autoptr(LayerWriter) writer = layer_writer_new(LAYER_GZIP, NULL, NULL);
        layer_writer_hash_aside(writer);
        ArchiveEntry entry = file("f", 3000000);
        for (unsigned j = 0; j < i * 3; j++)
            g_assert_true(layer_writer_add(writer, &entry, text, NULL));
    }
}

TEST(streams_hold_what_they_promise)
{
    static const struct {
        guint64 size;
        const char *expected;
    } rows[] = {
        {4999, "content of f: it had 4999 bytes and has more now"},
        {5001, "content of f: it had 5001 bytes and has fewer now"},
    };
    g_autofree char *text = sample(5000);
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        Memory memory = {text, 5000};
        ArchiveInput input = {.read = read_memory, .data = &memory};
        g_autoptr(LayerWriter) writer = layer_writer_new(LAYER_GZIP, NULL, NULL);
        g_autoptr(GError) error = NULL;
        ArchiveEntry entry = file("f", (size_t)rows[i].size);
        g_assert_false(layer_writer_add_stream(writer, &entry, &input, &error));
        g_assert_error(error, ERROR_DOMAIN, ERROR_FAILED);
        assert_text(NULL, rows[i].expected, error->message);
    }
}

TEST(names_of_formats)
{
    for (unsigned i = 0; i < LAYER_FORMATS; i++) {
        LayerFormat found;
        g_assert_true(layer_format_parse(layer_format_name((LayerFormat)i), &found));
        g_assert_cmpuint(found, ==, i);
    }
    g_assert_false(layer_format_parse("bzip2", &(LayerFormat){0}));
    assert_text(NULL, "+gzip", layer_format_media_suffix(LAYER_ESTARGZ));
    assert_text(NULL, "", layer_format_media_suffix(LAYER_TAR));
}

TEST(the_payload_is_copied_as_it_is)
{
    g_autofree char *text = sample(100000);
    g_autoptr(GByteArray) blob = g_byte_array_new();
    g_autoptr(LayerWriter) writer = layer_writer_new(LAYER_GZIP, collect, blob);
    Zip zip = zip_of(text, 100000, true);
    ZipSource source = {zip.bytes->len, read_bytes, zip.bytes};
    ArchiveEntry entry = file("f", 0);
    g_assert_true(layer_writer_splice(writer, &entry, &source, &zip.member, NULL));
    g_assert_nonnull(memmem(blob->data, blob->len, zip.bytes->data + 31, zip.bytes->len - 31));
    g_byte_array_unref(zip.bytes);
}

TEST(refuses_members_that_lie)
{
    static const struct {
        const char *expected;
        int size, packed, crc, method, more, less, flip;
    } rows[] = {
        {"more than the", .size = -1},
        {"instead of", .size = 1},
        {"checksum", .crc = 1},
        {"behind the end", .more = 1},
        {"behind the end", .more = 2},
        {"behind the end", .more = 8},
        {"behind the end", .more = 100000},
        {"ends early", .packed = -1},
        {"ends early", .packed = -1000},
        {"past the end", .packed = 1},
        {"past the end", .less = 1},
        {"broken deflate", .flip = 6},
        {"method 12", .method = 4},
    };
    g_autofree char *text = sample(90000);
    for (size_t j = 0; j < G_N_ELEMENTS(rows) * LAYER_FORMATS; j++) {
        size_t i = j / LAYER_FORMATS;
        LayerFormat format = (LayerFormat)(j % LAYER_FORMATS);
        Zip zip = zip_of(text, 90000, true);
        g_byte_array_set_size(zip.bytes, zip.bytes->len - (guint)rows[i].less);
        for (int more = 0; more < rows[i].more; more++)
            g_byte_array_append(zip.bytes, (const guint8 *)"", 1);
        zip.member.compressed_size += (guint64)(rows[i].packed + rows[i].more);
        zip.member.size += (guint64)rows[i].size;
        zip.member.crc32 ^= (guint32)rows[i].crc;
        zip.member.method = (guint16)(zip.member.method + rows[i].method);
        zip.bytes->data[31] |= (guint8)rows[i].flip;
        ZipSource source = {zip.bytes->len, read_bytes, zip.bytes};
        g_autoptr(LayerWriter) writer = layer_writer_new(format, NULL, NULL);
        g_autoptr(GError) error = NULL;
        ArchiveEntry entry = file("f", 0);
        g_assert_false(layer_writer_splice(writer, &entry, &source, &zip.member, &error));
        g_assert_error(error, ERROR_DOMAIN, ERROR_INPUT);
        g_assert_true(g_str_has_prefix(error->message, "member m: "));
        if (!strstr(error->message, rows[i].expected))
            assert_text(rows[i].expected, rows[i].expected, error->message);
        g_byte_array_unref(zip.bytes);
    }
}
