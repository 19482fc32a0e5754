/* URLs: joining, quoting and stripping hold what their header says for any text. */
#include "fuzz.h"

#include "net/url.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autofree char *text = g_strndup((const char *)data, size);
    g_autofree char *joined = url_join("https://example.org/a/b", text);
    g_autofree char *quoted = url_quote(text), *again = url_quote(quoted);
    g_assert_cmpstr(quoted, ==, again);
    g_autofree char *stripped = url_strip_credentials(text), *redacted = url_redact(text);
    g_autofree char *user = NULL, *password = NULL;
    g_assert_false(url_credentials(stripped, &user, &password));
    g_autofree char *decoded = url_decode(text), *name = url_filename(text);
    g_assert_true(!name || !strchr(name, '/'));
    g_autofree char *origin = url_origin(text), *host = url_host(text), *path = url_to_path(text);
    if (joined) {
        g_autofree char *same = url_join(joined, "");
        g_autofree char *plain = url_without_fragment(joined, NULL);
        g_assert_cmpstr(same, ==, plain);
    }
    return 0;
}
