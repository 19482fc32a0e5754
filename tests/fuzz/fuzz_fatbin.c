/* Fat binaries: where the bytes are cut changes nothing. The first byte chooses the pieces. */
#include "fuzz.h"

#include "facts/fatbin.h"

static FatbinSummary *scan(const uint8_t *data, size_t size, size_t piece)
{
    g_autoptr(FatbinScanner) scanner = fatbin_scanner_new();
    for (size_t at = 0; at < size; at += piece)
        fatbin_scanner_feed(scanner, data + at, MIN(piece, size - at));
    return fatbin_scanner_finish(scanner);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2)
        return 0;
    g_autoptr(FatbinSummary) whole = scan(data + 1, size - 1, size);
    g_autoptr(FatbinSummary) pieces = scan(data + 1, size - 1, (size_t)data[0] + 1);
    g_assert_cmpuint(whole->entries, ==, pieces->entries);
    g_assert_cmpuint(whole->malformed, ==, pieces->malformed);
    g_assert_cmpuint(whole->groups->len, ==, pieces->groups->len);
    g_autofree char *text = fatbin_summary_text(whole), *other = fatbin_summary_text(pieces);
    g_assert_cmpstr(text, ==, other);
    for (unsigned capability = 50; capability < 130; capability++) {
        guint64 by_ptx, served = fatbin_serves(whole, capability, &by_ptx, NULL);
        g_assert_cmpuint(served, <=, whole->loadable);
        g_assert_cmpuint(by_ptx, <=, served);
    }
    return 0;
}
