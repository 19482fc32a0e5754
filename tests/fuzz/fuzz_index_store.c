/* Files of a page as the cache keeps them: damage is noticed, and what is read can be kept again.
 */
#include "fuzz.h"

#include "python/index_private.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autoptr(GBytes) bytes = g_bytes_new(data, size);
    g_autoptr(IndexPage) page = index_store_decode(bytes, NULL);
    if (!page)
        return 0;
    g_autoptr(GBytes) again = index_store_encode(page, "torch");
    g_autoptr(IndexPage) same = index_store_decode(again, NULL);
    g_assert_nonnull(same);
    g_assert_cmpuint(same->files->len, ==, page->files->len);
    for (unsigned i = 0; i < page->files->len; i++) {
        const IndexFile *left = index_page_file(page, i), *right = index_page_file(same, i);
        g_assert_cmpstr(left->filename, ==, right->filename);
        g_assert_cmpstr(left->url, ==, right->url);
        g_assert_cmpstr(left->yanked, ==, right->yanked);
    }
    return 0;
}
