#include "text/html_write.h"

#include <string.h>

struct HtmlWriter {
    GString *out;
    GPtrArray *open; /* const char *: names of elements, outermost first */
    bool in_tag;     /* the start tag of the last one lacks its ">" */
};

/* HTML Living Standard, §13.1.2: void elements. */
static const char *const void_elements[] = {"br", "col", "hr", "meta", "wbr", NULL};
static const char *const line_elements[] = {
    "article", "body",  "caption", "col",   "dd", "desc", "details", "div",     "dl",    "dt",
    "footer",  "g",     "h1",      "h2",    "h3", "h4",   "head",    "header",  "hr",    "html",
    "li",      "main",  "meta",    "nav",   "ol", "p",    "pre",     "section", "style", "summary",
    "table",   "tbody", "thead",   "title", "tr", "ul",   "svg",     NULL};

HtmlWriter *html_new(void)
{
    HtmlWriter *writer = g_new0(HtmlWriter, 1);
    writer->out = g_string_new("<!DOCTYPE html>");
    writer->open = g_ptr_array_new();
    return writer;
}

void html_free(HtmlWriter *writer)
{
    if (!writer)
        return;
    if (writer->out)
        g_string_free(writer->out, TRUE);
    g_ptr_array_unref(writer->open);
    g_free(writer);
}

char *html_finish(HtmlWriter *writer)
{
    g_assert(writer->open->len == 0 && writer->out);
    g_string_append_c(writer->out, '\n');
    return g_string_free(g_steal_pointer(&writer->out), FALSE);
}

/* Text */

/* Unicode 15, §23.2 (bidirectional controls) and §23.7 (noncharacters). */
static bool has_no_place(gunichar c)
{
    bool turns = (c >= 0x202a && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069) || c == 0x200e ||
                 c == 0x200f || c == 0x061c;
    bool nothing = (c >= 0xfdd0 && c <= 0xfdef) || (c & 0xfffe) == 0xfffe;
    return g_unichar_iscntrl(c) || turns || nothing;
}

static void append_character(GString *out, const char *at, bool in_attribute)
{
    switch (*at) {
    case '&':
        g_string_append(out, "&amp;");
        break;
    case '<':
        g_string_append(out, "&lt;");
        break;
    case '>':
        g_string_append(out, "&gt;");
        break;
    case '"':
        g_string_append(out, "&quot;");
        break;
    case '\'':
        g_string_append(out, "&#39;");
        break;
    case '\t':
        g_string_append_c(out, ' ');
        break;
    case '\n':
        g_string_append_c(out, in_attribute ? ' ' : '\n');
        break;
    default:
        if (has_no_place(g_utf8_get_char(at)))
            g_string_append(out, "\357\277\275");
        else
            g_string_append_len(out, at, g_utf8_next_char(at) - at);
    }
}

static void append_escaped(GString *out, const char *text, bool in_attribute)
{
    g_autofree char *mended = g_utf8_validate(text, -1, NULL) ? NULL : g_utf8_make_valid(text, -1);
    for (const char *at = mended ? mended : text; *at; at = g_utf8_next_char(at))
        append_character(out, at, in_attribute);
}

/* Elements */

static void close_tag(HtmlWriter *writer)
{
    if (writer->in_tag)
        g_string_append_c(writer->out, '>');
    writer->in_tag = false;
}

void html_begin(HtmlWriter *writer, const char *element)
{
    close_tag(writer);
    if (g_strv_contains(line_elements, element))
        g_string_append_c(writer->out, '\n');
    g_string_append_printf(writer->out, "<%s", element);
    g_ptr_array_add(writer->open, (gpointer)element);
    writer->in_tag = true;
}

void html_attribute(HtmlWriter *writer, const char *name, const char *value)
{
    g_assert(writer->in_tag);
    if (!value)
        return;
    g_string_append_printf(writer->out, " %s=\"", name);
    append_escaped(writer->out, value, true);
    g_string_append_c(writer->out, '"');
}

void html_attribute_printf(HtmlWriter *writer, const char *name, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_autofree char *value = g_strdup_vprintf(format, args);
    va_end(args);
    html_attribute(writer, name, value);
}

void html_text(HtmlWriter *writer, const char *text)
{
    close_tag(writer);
    if (text)
        append_escaped(writer->out, text, false);
}

void html_printf(HtmlWriter *writer, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_autofree char *text = g_strdup_vprintf(format, args);
    va_end(args);
    html_text(writer, text);
}

void html_end(HtmlWriter *writer)
{
    g_assert(writer->open->len > 0);
    close_tag(writer);
    const char *element = g_ptr_array_steal_index(writer->open, writer->open->len - 1);
    if (!g_strv_contains(void_elements, element))
        g_string_append_printf(writer->out, "</%s>", element);
}

void html_begin_class(HtmlWriter *writer, const char *element, const char *class_name)
{
    html_begin(writer, element);
    html_attribute(writer, "class", class_name);
}

void html_element(HtmlWriter *writer, const char *element, const char *class_name, const char *text)
{
    html_begin_class(writer, element, class_name);
    html_text(writer, text);
    html_end(writer);
}

void html_style(HtmlWriter *writer, const char *css)
{
    g_assert(!strstr(css, "</"));
    html_begin(writer, "style");
    close_tag(writer);
    g_string_append_printf(writer->out, "\n%s", css);
    html_end(writer);
}
