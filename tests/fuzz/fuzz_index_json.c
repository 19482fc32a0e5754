/* JSON pages of an index. */
#include "fuzz.h"

#include "python/index.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autoptr(IndexPage) page =
        index_page_parse("https://example.org/simple/a/", "application/vnd.pypi.simple.v1+json",
                         (const char *)data, size, NULL, "a", NULL);
    for (unsigned i = 0; page && i < page->files->len; i++) {
        const IndexFile *file = page->files->pdata[i];
        g_assert_true(file->size >= -1);
        g_assert_null(strchr(file->filename, '/'));
    }
    return 0;
}
