#include "text/html_write.h"

#include "test.h"

#include <string.h>

typedef struct {
    const char *name, *text, *escaped;
} Case;

static const Case cases[] = {
    {"plain", "torch 2.6.0+cu124", "torch 2.6.0+cu124"},
    {"markup", "</p><script>alert(1)</script>", "&lt;/p&gt;&lt;script&gt;alert(1)&lt;/script&gt;"},
    {"quotes", "\" onload='x' & <", "&quot; onload=&#39;x&#39; &amp; &lt;"},
    {"entities stay texts", "&lt;&amp;", "&amp;lt;&amp;amp;"},
    {"control characters", "a\033[2Jb\007\177\302\233c",
     "a\357\277\275[2Jb\357\277\275\357\277\275\357\277\275c"},
    {"direction turned around", "1.0\342\200\2560.2",
     "1.0\357\277\275"
     "0.2"},
    {"isolates", "\342\201\246x\342\201\251", "\357\277\275x\357\277\275"},
    {"noncharacters", "\357\277\277\357\267\220", "\357\277\275\357\277\275"},
    {"no UTF-8", "a\377\300b", "a\357\277\275\357\277\275b"},
    {"cut short", "a\342\200", "a\357\277\275\357\277\275"},
    {"other scripts", "Paket für \346\227\245\346\234\254 \360\237\215\256",
     "Paket für \346\227\245\346\234\254 \360\237\215\256"},
    {"tab", "a\tb", "a b"},
};

static char *text_page(const char *text)
{
    g_autoptr(HtmlWriter) writer = html_new();
    html_element(writer, "b", NULL, text);
    return html_finish(writer);
}

static char *attribute_page(const char *text)
{
    g_autoptr(HtmlWriter) writer = html_new();
    html_begin(writer, "i");
    html_attribute(writer, "title", text);
    html_end(writer);
    return html_finish(writer);
}

TEST(texts)
{
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *found = text_page(cases[i].text);
        g_autofree char *expected = g_strdup_printf("<!DOCTYPE html><b>%s</b>\n", cases[i].escaped);
        assert_text(cases[i].name, expected, found);
    }
}

TEST(attributes)
{
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *found = attribute_page(cases[i].text);
        g_autofree char *expected =
            g_strdup_printf("<!DOCTYPE html><i title=\"%s\"></i>\n", cases[i].escaped);
        assert_text(cases[i].name, expected, found);
    }
}

TEST(lines)
{
    g_autofree char *text = text_page("a\nb"), *attribute = attribute_page("a\nb");
    assert_text("text", "<!DOCTYPE html><b>a\nb</b>\n", text);
    assert_text("attribute", "<!DOCTYPE html><i title=\"a b\"></i>\n", attribute);
}

TEST(page)
{
    g_autoptr(HtmlWriter) writer = html_new();
    html_begin(writer, "p");
    html_attribute(writer, "class", NULL);
    html_attribute_printf(writer, "id", "part-%u", 3u);
    html_text(writer, "one");
    html_text(writer, NULL);
    html_element(writer, "br", NULL, NULL);
    html_printf(writer, "<%d>", 2);
    html_element(writer, "code", "v", "x");
    html_end(writer);
    html_element(writer, "p", NULL, NULL);
    html_style(writer, "a > b { }\n");
    g_autofree char *found = html_finish(writer);
    assert_text(NULL,
                "<!DOCTYPE html>\n"
                "<p id=\"part-3\">one<br>&lt;2&gt;<code class=\"v\">x</code></p>\n"
                "<p></p>\n"
                "<style>\na > b { }\n</style>\n",
                found);
}

/* Whatever bytes come in, no markup comes out. */
TEST(hostile)
{
    GRand *random = g_rand_new_with_seed(7);
    static const char pieces[] = "<>&\"'/=\n\t\033\200\377a-!";
    for (unsigned i = 0; i < 20000; i++) {
        char text[24] = {0};
        for (size_t k = 0; k + 1 < sizeof(text); k++)
            text[k] = pieces[g_rand_int_range(random, 0, sizeof(pieces))];
        g_autofree char *found = attribute_page(text);
        const char *inside = strchr(found, '"') + 1;
        size_t length = strcspn(inside, "<>\"'\n\t\033");
        g_assert_cmpstr(inside + length, ==, "\"></i>\n");
        g_assert_true(g_utf8_validate(found, -1, NULL));
    }
    g_rand_free(random);
}
