#include "base/finding_families.h"
#include "test.h"

static const struct {
    const char *file;
    const FindingPage *pages;
} families[] = {
    {"finding_pages_stages.c", finding_pages_stages},
    {"finding_pages_check.c", finding_pages_check},
    {"finding_pages_native.c", finding_pages_native},
    {"finding_pages_files.c", finding_pages_files},
    {"finding_pages_imports.c", finding_pages_imports},
    {"finding_pages_dockerfile.c", finding_pages_dockerfile},
};

TEST(families_are_ordered)
{
    for (size_t i = 0; i < G_N_ELEMENTS(families); i++) {
        const FindingPage *pages = families[i].pages;
        for (size_t k = 1; pages[0].kind.code && pages[k].kind.code; k++) {
            if (strcmp(pages[k - 1].kind.code, pages[k].kind.code) >= 0)
                g_error("src/base/%s: '%s' stands behind '%s'; pages are ordered by code",
                        families[i].file, pages[k].kind.code, pages[k - 1].kind.code);
        }
    }
}

TEST(every_code_is_there_once)
{
    g_autoptr(GPtrArray) all = finding_pages();
    size_t count = 0;
    for (size_t i = 0; i < G_N_ELEMENTS(families); i++) {
        for (const FindingPage *page = families[i].pages; page->kind.code; page++, count++) {
            g_assert_true(finding_page_find(page->kind.code) == page);
            g_assert_true(finding_kind_find(page->kind.code) == &page->kind);
        }
    }
    g_assert_cmpuint(all->len, ==, count);
    for (guint i = 1; i < all->len; i++) {
        const FindingPage *before = all->pdata[i - 1], *page = all->pdata[i];
        g_assert_cmpint(strcmp(before->kind.code, page->kind.code), <, 0);
    }
    g_assert_null(finding_page_find("no-such-finding"));
}

static void check_sentences(const char *code, const char *what, const char *text)
{
    if (!text || strlen(text) < 20 || !g_str_has_suffix(text, ".") || strchr(text, '\n'))
        g_error("the page '%s': %s is one paragraph that ends with a full stop", code, what);
}

TEST(pages_are_whole)
{
    g_autoptr(GPtrArray) pages = finding_pages();
    for (guint i = 0; i < pages->len; i++) {
        const FindingPage *page = pages->pdata[i];
        const char *code = page->kind.code;
        check_sentences(code, ".meaning", page->meaning);
        check_sentences(code, ".matters", page->matters);
        check_sentences(code, ".way_out", page->way_out);
        if (!page->kind.title || g_str_has_suffix(page->kind.title, "."))
            g_error("the page '%s': the title is a line without full stop", code);
        if (!page->example || !g_str_has_suffix(page->example, "\n"))
            g_error("the page '%s': .example is lines of a recipe or Dockerfile", code);
    }
}
