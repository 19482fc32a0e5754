/* Texts and attributes of a page: one of each from any bytes. The page is UTF-8, its tags are those
 * that were written, and no control character or mark that turns text around is left in it. */
#include "fuzz.h"

#include "text/html_write.h"

#include <string.h>

static void check_characters(const char *page)
{
    g_assert_true(g_utf8_validate(page, -1, NULL));
    for (const char *at = page; *at; at = g_utf8_next_char(at)) {
        gunichar c = g_utf8_get_char(at);
        g_assert_true(c == '\n' || !g_unichar_iscntrl(c));
        g_assert_false((c >= 0x202a && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069));
    }
}

/* Reads a page of one <p title="…">…</p>. */
static void check_markup(const char *page)
{
    static const char start[] = "<!DOCTYPE html>\n<p title=\"", end[] = "</p>\n";
    g_assert_true(g_str_has_prefix(page, start));
    const char *value = page + strlen(start);
    const char *text = value + strcspn(value, "\"<>'\n");
    g_assert_true(g_str_has_prefix(text, "\">"));
    text += 2;
    g_assert_cmpstr(text + strcspn(text, "\"<>'"), ==, end);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autofree char *bytes = g_strndup((const char *)data, size);
    g_autoptr(HtmlWriter) writer = html_new();
    html_begin(writer, "p");
    html_attribute(writer, "title", bytes);
    html_text(writer, bytes);
    html_end(writer);
    g_autofree char *page = html_finish(writer);
    check_characters(page);
    check_markup(page);
    return 0;
}
