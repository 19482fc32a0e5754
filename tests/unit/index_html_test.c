#include "python/index_html.h"
#include "test.h"

/* Every start tag as "name[attribute=value,…]" in lower case, "!" where the page breaks off. */
static char *tags_of(const char *text, size_t length)
{
    HtmlReader reader;
    HtmlAttribute attribute;
    const char *name;
    size_t name_length;
    g_autoptr(GString) out = g_string_new(NULL);
    html_reader_init(&reader, text, length);
    while (html_next_tag(&reader, &name, &name_length)) {
        g_string_append_len(out, name, (gssize)name_length);
        g_string_append_c(out, '[');
        HtmlStep step;
        while ((step = html_next_attribute(&reader, &attribute)) == HTML_ATTRIBUTE) {
            g_string_append_len(out, attribute.name, (gssize)attribute.name_length);
            if (attribute.value) {
                g_string_append_c(out, '=');
                html_decode_value(out, attribute.value, attribute.value_length);
            }
            g_string_append_c(out, ',');
        }
        g_string_append(out, step == HTML_BROKEN ? "!" : "]");
    }
    return g_string_free(g_steal_pointer(&out), FALSE);
}

TEST(reads_tags)
{
    static const struct {
        const char *text, *expected;
    } rows[] = {
        {"<a href=x>", "a[href=x,]"},
        {"<A HREF='x y' data-z>t</A>", "A[HREF=x y,data-z,]"},
        {"<a href=\"x\"data-y=1>", "a[href=x,data-y=1,]"},
        {"<a href = x / b>", "a[href=x,b,]"},
        {"<a/href=x/>", "a[href=x/,]"},
        {"<br/><br / >", "br[]br[]"},
        {"<a href==x>", "a[href==x,]"},
        {"<a =x>", "a[=x,]"},
        {"<a x=>y", "a[x=,]"},
        {"<a\nhref\t=\r\n'x'>", "a[href=x,]"},
        {"<a x='>'>", "a[x=>,]"},
        {"1 < 2 <a>", "a[]"},
        {"<a<b>", "a<b[]"},
        {"</a href='>'><b>", "b[]"},
        {"</><b>", "b[]"},
        {"</ x><b>", "b[]"},
        {"<!DOCTYPE html><b>", "b[]"},
        {"<!-- <a> --><b>", "b[]"},
        {"<!--><a>", "a[]"},
        {"<!---><a>", "a[]"},
        {"<!-- --!><a>", "a[]"},
        {"<!-- ---><a>", "a[]"},
        {"<!-- -- > <a>", ""},
        {"<!- <a><b>", "b[]"},
        {"<?xml <a>?><b>", "b[]"},
        {"<![CDATA[ <a> ]]><b>", "b[]"},
        {"<script><a></scripty><a></script ><b>", "script[]b[]"},
        {"<TITLE><a></title><b>", "TITLE[]b[]"},
        {"<style><a>", "style[]"},
        {"<script", "script[!"},
        {"<a href='x", "a[!"},
        {"<a href=x", "a[!"},
        {"<a", "a[!"},
        {"<b><!-- <a>", "b[]"},
        {"<", ""},
        {"", ""},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *found = tags_of(rows[i].text, strlen(rows[i].text));
        assert_text(rows[i].text, rows[i].expected, found);
    }
}

TEST(decodes_values)
{
    static const struct {
        const char *text, *expected;
    } rows[] = {
        {"&gt;=3.8&#44;&#x3c;4", ">=3.8,<4"},
        {"a&amp;b&AMP;c", "a&b&c"},
        {"&lt", "<"},
        {"?a=1&lt=2&copy2", "?a=1&lt=2&copy2"},
        {"&copy;&hellip;&apos;&#39;&quot;", "©…''\""},
        {"&hellip &nosuch; & && &", "&hellip &nosuch; & && &"},
        {"&#0;&#xd800;&#x110000;&#99999999999;",
         "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},
        {"&#128;&#x9f;", "€Ÿ"},
        {"&#;&#x;&#xg;", "&#;&#x;&#xg;"},
        {"&#65", "A"},
        {"&amp;lt;", "&lt;"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(GString) out = g_string_new(NULL);
        html_decode_value(out, rows[i].text, strlen(rows[i].text));
        assert_text(rows[i].text, rows[i].expected, out->str);
    }
}

/* Shapes whose naive reading is quadratic. */
TEST(stays_linear)
{
    static const char *const pieces[] = {"<",        "<a ",    "<!--", "<!", "</",
                                         "<a b=",    "<a b='", "&",    "&#", "<script>",
                                         "</script", "--",     "<a b "};
    for (size_t i = 0; i < G_N_ELEMENTS(pieces); i++) {
        g_autoptr(GString) text = g_string_new("<a ");
        while (text->len < 4 * 1000 * 1000)
            g_string_append(text, pieces[i]);
        g_autofree char *found = tags_of(text->str, text->len);
        g_assert_nonnull(found);
    }
}
