#include "base/finding.h"
#include "base/finding_pages.h"
#include "test.h"

TEST(every_code_has_a_page)
{
    size_t count;
    const FindingKind *kinds = finding_kinds(&count);
    for (size_t i = 0; i < count; i++) {
        if (!finding_page_find(kinds[i].code))
            g_error("the finding '%s' of src/base/finding.c has no page: write one in "
                    "src/base/finding_pages.c (`ramekin explain` and ramekin-findings(7) show it)",
                    kinds[i].code);
    }
}

TEST(every_page_has_a_code)
{
    size_t count;
    const FindingPage *pages = finding_pages(&count);
    for (size_t i = 0; i < count; i++) {
        if (!finding_kind_find(pages[i].code))
            g_error("the page '%s' of src/base/finding_pages.c explains no finding: "
                    "src/base/finding.c has no such code",
                    pages[i].code);
        if (i > 0 && strcmp(pages[i - 1].code, pages[i].code) >= 0)
            g_error("src/base/finding_pages.c: '%s' stands behind '%s'; pages are ordered by code",
                    pages[i].code, pages[i - 1].code);
    }
}

static void check_sentences(const char *code, const char *what, const char *text)
{
    if (!text || strlen(text) < 20 || !g_str_has_suffix(text, ".") || strchr(text, '\n'))
        g_error("the page '%s': %s is one paragraph that ends with a full stop", code, what);
}

TEST(pages_are_whole)
{
    size_t count;
    const FindingPage *pages = finding_pages(&count);
    for (size_t i = 0; i < count; i++) {
        const FindingPage *page = &pages[i];
        check_sentences(page->code, ".meaning", page->meaning);
        check_sentences(page->code, ".matters", page->matters);
        check_sentences(page->code, ".way_out", page->way_out);
        if (!page->example || !g_str_has_suffix(page->example, "\n"))
            g_error("the page '%s': .example is lines of a recipe", page->code);
    }
}
