#include "base/finding_pages.h"

#include "base/finding_families.h"

static const FindingPage *const families[] = {
    finding_pages_stages, finding_pages_check,   finding_pages_native,
    finding_pages_files,  finding_pages_imports, finding_pages_dockerfile,
};

static int compare_pages(const void *a, const void *b)
{
    const FindingPage *const *one = a, *const *other = b;
    return strcmp((*one)->kind.code, (*other)->kind.code);
}

GPtrArray *finding_pages(void)
{
    GPtrArray *pages = g_ptr_array_new();
    for (size_t i = 0; i < G_N_ELEMENTS(families); i++) {
        for (const FindingPage *page = families[i]; page->kind.code; page++)
            g_ptr_array_add(pages, (void *)page);
    }
    g_ptr_array_sort(pages, compare_pages);
    return pages;
}

const FindingPage *finding_page_find(const char *code)
{
    for (size_t i = 0; i < G_N_ELEMENTS(families); i++) {
        for (const FindingPage *page = families[i]; page->kind.code; page++) {
            if (g_str_equal(page->kind.code, code))
                return page;
        }
    }
    return NULL;
}

const FindingKind *finding_kind_find(const char *code)
{
    const FindingPage *page = finding_page_find(code);
    return page ? &page->kind : NULL;
}
