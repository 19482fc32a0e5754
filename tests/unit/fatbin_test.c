#include "facts/fatbin.h"

#include "test.h"

static void put(GByteArray *out, guint64 value, unsigned bytes)
{
    for (unsigned i = 0; i < bytes; i++) {
        guint8 byte = i < 8 ? (guint8)(value >> (8 * i)) : 0;
        g_byte_array_append(out, &byte, 1);
    }
}

typedef struct {
    guint16 kind;
    guint32 arch;
    guint64 flags;
    guint16 major, minor; /* of PTX */
    guint32 header, code; /* 0: 64 and 32 */
} Code;

/* A container of codes up to one of kind 0. `size` 0: the right one. */
static void add_container(GByteArray *out, const Code *codes, guint64 size)
{
    g_autoptr(GByteArray) entries = g_byte_array_new();
    for (; codes->kind; codes++) {
        guint32 header = codes->header ? codes->header : 64, code = codes->code ? codes->code : 32;
        guint begin = entries->len;
        put(entries, codes->kind, 2);
        put(entries, 0x0101, 2);
        put(entries, header, 4);
        put(entries, code, 8);
        put(entries, 0, 8);
        put(entries, codes->minor, 2);
        put(entries, codes->major, 2);
        put(entries, codes->arch, 4);
        put(entries, 0, 8);
        put(entries, codes->flags, 8);
        put(entries, 0, 16);
        while (entries->len < begin + header + code)
            put(entries, 0x50, 1);
    }
    put(out, 0xBA55ED50, 4);
    put(out, 1, 2);
    put(out, 16, 2);
    put(out, size ? size : entries->len, 8);
    g_byte_array_append(out, entries->data, entries->len);
}

enum {
    PTX = 1,
    CUBIN = 2,
    LTO = 8,
    SPECIFIC = 0x100000,
    FAMILY = 0x200000,
};

static const Code torch[] = {{CUBIN, 80, 0, 1, 7, 0, 64}, {CUBIN, 90, 0, 1, 7, 0, 0}, {0}};
static const Code ptx[] = {{CUBIN, 75, 0, 1, 7, 72, 0}, {PTX, 90, 0, 8, 4, 80, 0}, {0}};
static const Code specific[] = {{CUBIN, 90, SPECIFIC, 1, 7, 0, 0}, {0}};
static const Code family[] = {{CUBIN, 100, FAMILY, 1, 8, 112, 0}, {0}};
static const Code linked[] = {{LTO, 80, 0, 0, 0, 0, 0}, {0}};

static char *describe(const FatbinSummary *summary)
{
    g_autofree char *text = fatbin_summary_text(summary);
    return g_strdup_printf("%u of %u loadable, %u entries, %u groups, %u malformed: %s",
                           (unsigned)summary->containers, (unsigned)summary->loadable,
                           (unsigned)summary->entries, summary->groups->len,
                           (unsigned)summary->malformed, text);
}

static FatbinSummary *scan(const GByteArray *file, size_t piece)
{
    g_autoptr(FatbinScanner) scanner = fatbin_scanner_new();
    for (size_t at = 0; at < file->len; at += piece)
        fatbin_scanner_feed(scanner, file->data + at, MIN(piece, file->len - at));
    return fatbin_scanner_finish(scanner);
}

static GByteArray *sample(void)
{
    GByteArray *file = g_byte_array_new();
    put(file, 0, 8);
    add_container(file, torch, 0);
    add_container(file, torch, 0);
    put(file, 0, 24);
    add_container(file, ptx, 0);
    add_container(file, specific, 0);
    add_container(file, family, 0);
    add_container(file, linked, 0);
    return file;
}

TEST(cut_into_pieces)
{
    g_autoptr(GByteArray) file = sample();
    for (size_t piece = 1; piece <= file->len; piece++) {
        g_autoptr(FatbinSummary) summary = scan(file, piece);
        g_autofree char *text = describe(summary);
        assert_text(NULL,
                    "6 of 5 loadable, 9 entries, 5 groups, 0 malformed: sm_75 sm_80 sm_90 sm_90a "
                    "sm_100f compute_90 lto_80",
                    text);
    }
}

TEST(no_containers)
{
    g_autoptr(GByteArray) file = g_byte_array_new();
    put(file, 0xBA55ED50, 4); /* another version */
    put(file, 2, 2);
    put(file, 16, 2);
    put(file, 0, 4); /* not at a multiple of 8 */
    put(file, 0xBA55ED50, 4);
    put(file, 1, 2);
    put(file, 16, 2);
    put(file, 64, 8);
    g_autoptr(FatbinSummary) summary = scan(file, 7);
    g_autofree char *text = describe(summary);
    assert_text(NULL, "0 of 0 loadable, 0 entries, 0 groups, 0 malformed: ", text);
}

TEST(broken_containers)
{
    static const struct {
        const char *name;
        guint64 size;
        Code codes[3];
        const char *text;
    } rows[] = {
        {"size of no multiple of 8", 97, {{CUBIN, 80, 0, 1, 7, 0, 0}, {0}}, "1 malformed"},
        {"no room for an entry", 8, {{CUBIN, 80, 0, 1, 7, 0, 0}, {0}}, "1 malformed"},
        {"larger than the file", 1 << 20, {{CUBIN, 80, 0, 1, 7, 0, 0}, {0}}, "1 malformed"},
        {"entry past its container", 96, {{CUBIN, 80, 0, 1, 7, 0, 320}, {0}}, "1 malformed"},
        {"small header", 0, {{CUBIN, 80, 0, 1, 7, 56, 0}, {0}}, "1 malformed"},
        {"odd code",
         0,
         {{CUBIN, 80, 0, 1, 7, 64, 36}, {CUBIN, 80, 0, 1, 7, 64, 36}, {0}},
         "1 malformed"},
    };
    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(GByteArray) file = g_byte_array_new();
        add_container(file, rows[i].codes, rows[i].size);
        g_autoptr(FatbinSummary) summary = scan(file, 11);
        g_test_message("%s", rows[i].name);
        g_assert_cmpuint(summary->malformed, ==, 1);
        g_assert_cmpuint(summary->containers, ==, 0);
    }
}

/* A broken container does not hide the next one. */
TEST(goes_on_after_broken)
{
    g_autoptr(GByteArray) file = g_byte_array_new();
    static const Code broken[] = {{CUBIN, 80, 0, 1, 7, 56, 0}, {0}};
    add_container(file, broken, 0);
    add_container(file, torch, 0);
    g_autoptr(FatbinSummary) summary = scan(file, 64);
    g_assert_cmpuint(summary->containers, ==, 1);
    g_assert_cmpuint(summary->malformed, ==, 1);
}

TEST(serves)
{
    g_autoptr(GByteArray) file = sample();
    g_autoptr(FatbinSummary) summary = scan(file, 4096);
    static const struct {
        unsigned capability, served, by_ptx, isa;
    } rows[] = {
        {70, 0, 0, 0}, {75, 1, 0, 0},   {80, 2, 0, 0},   {86, 2, 0, 0},   {90, 4, 1, 84},
        {89, 2, 0, 0}, {100, 2, 1, 84}, {103, 2, 1, 84}, {120, 1, 1, 84}, {121, 1, 1, 84},
    };
    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        guint64 by_ptx;
        unsigned isa;
        g_test_message("%u", rows[i].capability);
        guint64 served = fatbin_serves(summary, rows[i].capability, &by_ptx, &isa);
        g_assert_cmpuint(served, ==, rows[i].served);
        g_assert_cmpuint(by_ptx, ==, rows[i].by_ptx);
        g_assert_cmpuint(isa, ==, rows[i].isa);
    }
}
