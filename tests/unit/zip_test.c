#include "archive/inflate.h"
#include "archive/zip.h"
#include "base/limits.h"
#include "test.h"

/* A zip file under construction; what a hostile writer would change is a field. */
typedef struct {
    GByteArray *bytes, *directory;
    unsigned entries;
} Maker;

static void put(GByteArray *out, guint64 value, unsigned bytes)
{
    for (unsigned i = 0; i < bytes; i++) {
        guint8 byte = i < 8 ? (guint8)(value >> (8 * i)) : 0;
        g_byte_array_append(out, &byte, 1);
    }
}

static void put_text(GByteArray *out, const char *text, size_t length)
{
    g_byte_array_append(out, (const guint8 *)text, (guint)length);
}

typedef struct {
    const char *name;
    size_t name_length; /* 0: of the text */
    const char *data;
    guint64 size; /* 0: of the data */
    guint16 method;
    guint16 flags;
    const char *local_name; /* NULL: the same */
    guint32 crc_change;
    gint64 offset; /* 0: where it is */
    bool zip64;
} Entry;

static void add(Maker *maker, Entry entry)
{
    size_t length = strlen(entry.data);
    size_t name_length = entry.name_length ? entry.name_length : strlen(entry.name);
    guint64 size = entry.size ? entry.size : length;
    guint64 offset = entry.offset ? (guint64)entry.offset : maker->bytes->len;
    guint32 crc = crc32_update(0, entry.data, length) ^ entry.crc_change;
    const char *local = entry.local_name ? entry.local_name : entry.name;
    put(maker->bytes, 0x04034b50, 4);
    put(maker->bytes, 0, 22);
    put(maker->bytes, entry.local_name ? strlen(local) : name_length, 2);
    put(maker->bytes, 0, 2);
    put_text(maker->bytes, local, entry.local_name ? strlen(local) : name_length);
    put_text(maker->bytes, entry.data, length);
    GByteArray *out = maker->directory;
    put(out, 0x02014b50, 4);
    put(out, 0x031e, 2);
    put(out, 20, 2);
    put(out, entry.flags, 2);
    put(out, entry.method, 2);
    put(out, 0, 4);
    put(out, crc, 4);
    put(out, entry.zip64 ? G_MAXUINT32 : length, 4);
    put(out, entry.zip64 ? G_MAXUINT32 : size, 4);
    put(out, name_length, 2);
    put(out, entry.zip64 ? 28 : 0, 2);
    put(out, 0, 2);
    put(out, 0, 4);
    put(out, 0100644u << 16, 4);
    put(out, entry.zip64 ? G_MAXUINT32 : offset, 4);
    put_text(out, entry.name, name_length);
    if (entry.zip64) {
        put(out, 1, 2);
        put(out, 24, 2);
        put(out, size, 8);
        put(out, length, 8);
        put(out, offset, 8);
    }
    maker->entries++;
}

static void begin(Maker *maker)
{
    *maker = (Maker){g_byte_array_new(), g_byte_array_new(), 0};
}

typedef struct {
    bool zip64;
    const char *comment;
    int more_entries;
    guint32 more_size;
} End;

static GBytes *end(Maker *maker, End how)
{
    GByteArray *out = maker->bytes;
    guint64 start = out->len, size = maker->directory->len + how.more_size;
    guint64 entries = (guint64)((int)maker->entries + how.more_entries);
    const char *comment = how.comment ? how.comment : "";
    put_text(out, (const char *)maker->directory->data, maker->directory->len);
    guint64 end64 = out->len;
    if (how.zip64) {
        put(out, 0x06064b50, 4);
        put(out, 44, 8);
        put(out, 0, 12);
        put(out, entries, 8);
        put(out, entries, 8);
        put(out, size, 8);
        put(out, start, 8);
        put(out, 0x07064b50, 4);
        put(out, 0, 4);
        put(out, end64, 8);
        put(out, 1, 4);
    }
    put(out, 0x06054b50, 4);
    put(out, 0, 4);
    put(out, how.zip64 ? 0xffff : entries, 2);
    put(out, how.zip64 ? 0xffff : entries, 2);
    put(out, how.zip64 ? G_MAXUINT32 : size, 4);
    put(out, how.zip64 ? G_MAXUINT32 : start, 4);
    put(out, strlen(comment), 2);
    put_text(out, comment, strlen(comment));
    g_byte_array_unref(maker->directory);
    return g_byte_array_free_to_bytes(maker->bytes);
}

static gboolean read_bytes(void *data, guint64 offset, size_t length, GBytes **ret_bytes,
                           GError **error)
{
    *ret_bytes = g_bytes_new_from_bytes(data, offset, length);
    return TRUE;
}

static ZipSource source_of(GBytes *bytes)
{
    return (ZipSource){g_bytes_get_size(bytes), read_bytes, bytes};
}

static void assert_member(GBytes *bytes, const char *name, const char *expected)
{
    ZipSource source = source_of(bytes);
    g_autoptr(GError) error = NULL;
    g_autoptr(ZipDirectory) directory = zip_directory_read("x.whl", &source, &error);
    g_assert_no_error(error);
    const ZipMember *member = zip_directory_find(directory, name);
    g_assert_nonnull(member);
    g_autoptr(GBytes) content = zip_member_read(&source, member, 1000, &error);
    g_assert_no_error(error);
    g_autofree char *text = g_strndup(g_bytes_get_data(content, NULL), g_bytes_get_size(content));
    assert_text(name, expected, text);
}

TEST(reads_members)
{
    Maker maker;
    begin(&maker);
    add(&maker, (Entry){.name = "a/b", .data = "text"});
    g_autoptr(GBytes) bytes = end(&maker, (End){0});
    assert_member(bytes, "a/b", "text");
}

TEST(reads_zip64)
{
    Maker maker;
    begin(&maker);
    add(&maker, (Entry){.name = "first", .data = "1", .zip64 = true});
    add(&maker, (Entry){.name = "second", .data = "22", .zip64 = true});
    g_autoptr(GBytes) bytes = end(&maker, (End){.zip64 = true, .comment = "said at the end"});
    assert_member(bytes, "second", "22");
}

TEST(takes_the_last_of_a_name)
{
    Maker maker;
    begin(&maker);
    add(&maker, (Entry){.name = "twice", .data = "old"});
    add(&maker, (Entry){.name = "once", .data = "x"});
    add(&maker, (Entry){.name = "twice", .data = "new"});
    g_autoptr(GBytes) bytes = end(&maker, (End){0});
    assert_member(bytes, "twice", "new");
    ZipSource source = source_of(bytes);
    g_autoptr(ZipDirectory) directory = zip_directory_read("x.whl", &source, NULL);
    size_t count;
    const ZipMember *members = zip_directory_members(directory, &count);
    g_assert_cmpuint(count, ==, 2);
    assert_text(NULL, "once", members[0].name);
}

TEST(finds_an_end_behind_a_long_comment)
{
    Maker maker;
    begin(&maker);
    add(&maker, (Entry){.name = "a", .data = "x"});
    g_autofree char *comment = g_strnfill(60000, 'c');
    g_autoptr(GBytes) bytes = end(&maker, (End){.comment = comment});
    assert_member(bytes, "a", "x");
}

TEST(refuses_hostile_directories)
{
    static const struct {
        const char *expected;
        Entry entry;
        End end;
    } rows[] = {
        {"does not lie inside", {.name = "a", .data = "x", .offset = 5000}, {0}},
        {"overlap", {.name = "a", .data = "x", .offset = 1}, {0}},
        {"holds a NUL", {.name = "a\0b", .name_length = 3, .data = "x"}, {0}},
        {"not UTF-8", {.name = "\xff\xfe", .data = "x"}, {0}},
        {"encrypted", {.name = "a", .data = "x", .flags = 1}, {0}},
        {"two sizes", {.name = "a", .data = "x", .size = 77}, {0}},
        {"directory is broken",
         {.name = "a name that is as long as a record of the directory", .data = "x"},
         {.more_entries = 1}},
        {"more entries than it says", {.name = "a", .data = "x"}, {.more_entries = -1}},
        {"does not lie inside", {.name = "a", .data = "x"}, {.more_size = 4000}},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        Maker maker;
        begin(&maker);
        add(&maker, (Entry){.name = "honest", .data = "hello"});
        add(&maker, rows[i].entry);
        g_autoptr(GBytes) bytes = end(&maker, rows[i].end);
        ZipSource source = source_of(bytes);
        g_autoptr(GError) error = NULL;
        g_autoptr(ZipDirectory) directory = zip_directory_read("x.whl", &source, &error);
        g_assert_null(directory);
        g_assert_error(error, ERROR_DOMAIN, ERROR_INPUT);
        if (error && !strstr(error->message, rows[i].expected))
            assert_text(rows[i].expected, rows[i].expected, error->message);
    }
}

TEST(refuses_hostile_members)
{
    static const struct {
        const char *expected;
        Entry entry;
    } rows[] = {
        {"checksum", {.name = "a", .data = "x", .crc_change = 1}},
        {"local header", {.name = "a", .data = "x", .local_name = "b"}},
        {"limit", {.name = "a", .data = "xxxxx", .method = 8, .size = 5000}},
        {"deflate", {.name = "a", .data = "\xff\xff", .method = 8, .size = 5}},
        {"method 12", {.name = "a", .data = "x", .method = 12}},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        Maker maker;
        begin(&maker);
        add(&maker, rows[i].entry);
        g_autoptr(GBytes) bytes = end(&maker, (End){0});
        ZipSource source = source_of(bytes);
        g_autoptr(GError) error = NULL;
        g_autoptr(ZipDirectory) directory = zip_directory_read("x.whl", &source, &error);
        g_assert_no_error(error);
        const ZipMember *member = zip_directory_find(directory, "a");
        g_autoptr(GBytes) content = zip_member_read(&source, member, 1000, &error);
        g_assert_null(content);
        g_assert_error(error, ERROR_DOMAIN, ERROR_INPUT);
        if (error && !strstr(error->message, rows[i].expected))
            assert_text(rows[i].expected, rows[i].expected, error->message);
    }
}

TEST(refuses_what_is_no_zip)
{
    static const char *const texts[] = {"", "PK", "no zip at all, but longer than an end record"};
    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
        g_autoptr(GBytes) bytes = g_bytes_new(texts[i], strlen(texts[i]));
        ZipSource source = source_of(bytes);
        g_autoptr(GError) error = NULL;
        g_autoptr(ZipDirectory) directory = zip_directory_read("x.whl", &source, &error);
        g_assert_null(directory);
        g_assert_error(error, ERROR_DOMAIN, ERROR_INPUT);
    }
}

TEST(inflates_exactly)
{
    static const char packed[] = "\x4b\x4c\x4a\x06"; /* "abc", and a NUL that belongs to it */
    g_autofree char *text = inflate_exact(packed, sizeof packed, 3, NULL);
    assert_text(NULL, "abc", text);
    g_assert_null(inflate_exact(packed, sizeof packed, 2, NULL));
    g_assert_null(inflate_exact(packed, sizeof packed, 4, NULL));
    g_assert_null(inflate_exact(packed, 2, 3, NULL));
}
