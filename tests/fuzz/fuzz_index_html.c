/* HTML pages of links: what is taken from one is text without NULs inside the page's bounds. */
#include "fuzz.h"

#include "python/index.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autoptr(IndexPage) page = index_page_parse("https://example.org/simple/a/", "text/html",
                                                 (const char *)data, size, NULL, NULL, NULL);
    for (unsigned i = 0; page && i < page->files->len; i++) {
        const IndexFile *file = page->files->pdata[i];
        g_assert_true(g_utf8_validate(file->filename, -1, NULL) && *file->filename);
        g_assert_true(g_utf8_validate(file->url, -1, NULL));
        g_assert_null(strchr(file->filename, '/'));
        g_assert_null(strchr(file->url, '#'));
    }
    return 0;
}
