#include "plan/page.h"

#include "plan/page_style.h"

#include <string.h>

/* Style sheets of the page are all there is; a page that got a script in spite of everything would
 * not run it. */
#define POLICY "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"

static void write_meta(HtmlWriter *writer, const char *key, const char *name, const char *content)
{
    html_begin(writer, "meta");
    html_attribute(writer, key, name);
    html_attribute(writer, "content", content);
    html_end(writer);
}

static void write_head(HtmlWriter *writer, const char *title)
{
    html_begin(writer, "head");
    html_begin(writer, "meta");
    html_attribute(writer, "charset", "utf-8");
    html_end(writer);
    write_meta(writer, "http-equiv", "Content-Security-Policy", POLICY);
    write_meta(writer, "name", "viewport", "width=device-width, initial-scale=1");
    write_meta(writer, "name", "color-scheme", "light dark");
    html_element(writer, "title", NULL, title);
    html_style(writer, page_css);
    html_end(writer);
}

/* A ramekin: a rim, and a dish with grooves. */
static void write_sign(HtmlWriter *writer)
{
    static const char *const paths[] = {"M2 5h20v3H2z", "M4 9h16l-1.5 10h-13z"};
    html_begin_class(writer, "svg", "sign");
    html_attribute(writer, "viewBox", "0 0 24 24");
    html_attribute(writer, "aria-hidden", "true");
    for (size_t i = 0; i < G_N_ELEMENTS(paths); i++) {
        html_begin(writer, "path");
        html_attribute(writer, "d", paths[i]);
        html_end(writer);
    }
    html_begin_class(writer, "path", "grooves");
    html_attribute(writer, "d", "M8 10.5l.6 7M12 10.5v7M16 10.5l-.6 7");
    html_end(writer);
    html_end(writer);
}

HtmlWriter *page_new(const char *command, const char *title)
{
    HtmlWriter *writer = html_new();
    html_begin(writer, "html");
    html_attribute(writer, "lang", "en");
    write_head(writer, title);
    html_begin(writer, "body");
    html_begin_class(writer, "a", "skip");
    html_attribute(writer, "href", "#main");
    html_text(writer, "Skip to content");
    html_end(writer);
    html_begin(writer, "header");
    html_begin_class(writer, "p", "brand");
    write_sign(writer);
    html_printf(writer, " ramekin %s", command);
    html_end(writer);
    return writer;
}

static void write_contents(HtmlWriter *writer, const GArray *sections)
{
    html_begin(writer, "nav");
    html_attribute(writer, "aria-label", "Sections");
    html_begin(writer, "ul");
    for (guint i = 0; i < sections->len; i++) {
        const PageSection *section = &g_array_index(sections, PageSection, i);
        html_begin(writer, "li");
        html_begin(writer, "a");
        html_attribute_printf(writer, "href", "#%s", section->id);
        html_text(writer, section->title);
        html_end(writer);
        html_end(writer);
    }
    html_end(writer);
    html_end(writer);
}

void page_begin_main(HtmlWriter *writer, const GArray *sections)
{
    html_end(writer);
    if (sections->len > 1)
        write_contents(writer, sections);
    html_begin(writer, "main");
    html_attribute(writer, "id", "main");
}

char *page_finish(HtmlWriter *writer, const char *schema)
{
    html_end(writer);
    html_begin(writer, "footer");
    html_begin(writer, "p");
    html_text(writer, "The same for scripts: ");
    html_element(writer, "code", NULL, "--format json");
    html_printf(writer, " (%s). ", schema);
    html_text(writer, "What a finding means: ");
    html_element(writer, "code", NULL, "ramekin explain CODE");
    html_text(writer, ".");
    html_end(writer);
    html_end(writer);
    html_end(writer);
    html_end(writer);
    char *page = html_finish(writer);
    html_free(writer);
    return page;
}

void page_begin_section(HtmlWriter *writer, const PageSection *section)
{
    html_begin(writer, "section");
    html_attribute_printf(writer, "aria-labelledby", "%s", section->id);
    html_begin(writer, "h2");
    html_attribute(writer, "id", section->id);
    html_text(writer, section->title);
    html_end(writer);
}

void page_end_section(HtmlWriter *writer)
{
    html_end(writer);
}

void page_begin_figures(HtmlWriter *writer)
{
    html_begin_class(writer, "dl", "figures");
}

void page_figure(HtmlWriter *writer, const char *label, const char *value, const char *note)
{
    html_begin(writer, "div");
    html_element(writer, "dt", NULL, label);
    html_begin(writer, "dd");
    html_element(writer, "strong", NULL, value);
    if (note) {
        html_text(writer, " ");
        html_element(writer, "span", "note", note);
    }
    html_end(writer);
    html_end(writer);
}

void page_end_figures(HtmlWriter *writer)
{
    html_end(writer);
}

void page_prose(HtmlWriter *writer, const char *text)
{
    g_auto(GStrv) parts = g_strsplit(text, "`", -1);
    guint count = g_strv_length(parts);
    for (guint i = 0; i < count; i++) {
        bool paired = i % 2 == 1 && i + 1 < count;
        if (paired)
            html_element(writer, "code", NULL, parts[i]);
        else if (i % 2 == 1)
            html_printf(writer, "`%s", parts[i]);
        else
            html_text(writer, parts[i]);
    }
}

/* Marks */

static const struct {
    const char *name, *class_name, *sign, *word;
} marks[] = {
    /* clang-format off */
    {"install", "add", "+", "added"},
    {"upgrade", "up", "\342\206\221", "upgraded"},
    {"downgrade", "down", "\342\206\223", "downgraded"},
    {"reinstall", "again", "\342\206\273", "reinstalled"},
    {"remove", "gone", "\342\210\222", "removed"},
    {"keep", "same", "=", "kept"},
    {"added", "add", "+", "added"},
    {"removed", "gone", "\342\210\222", "removed"},
    {"changed", "up", "~", "changed"},
    {"newer", "up", "\342\206\221", "newer"},
    {"older", "down", "\342\206\223", "older"},
    {"shared", "same", "=", "the same"},
    {"base", "same", "=", "of the base"},
    {"gained", "down", "+", "gained"},
    {"lost", "add", "\342\210\222", "gone"},
    {"error", "gone", "\342\234\225", "error"},
    {"warning", "down", "!", "warning"},
    {"note", "note", "i", "note"},
    {"acknowledged", "same", "\342\234\223", "acknowledged"},
    /* clang-format on */
};

static size_t find_mark(const char *name)
{
    for (size_t i = 0; i < G_N_ELEMENTS(marks); i++) {
        if (g_str_equal(marks[i].name, name))
            return i;
    }
    return G_N_ELEMENTS(marks);
}

const char *page_mark_class(const char *name)
{
    size_t at = find_mark(name);
    return at < G_N_ELEMENTS(marks) ? marks[at].class_name : "same";
}

const char *page_mark_sign(const char *name)
{
    size_t at = find_mark(name);
    return at < G_N_ELEMENTS(marks) ? marks[at].sign : "";
}

const char *page_mark_word(const char *name)
{
    size_t at = find_mark(name);
    return at < G_N_ELEMENTS(marks) ? marks[at].word : name;
}

void page_mark(HtmlWriter *writer, const char *name)
{
    g_autofree char *class_name = g_strdup_printf("mark %s", page_mark_class(name));
    html_begin_class(writer, "span", class_name);
    html_begin(writer, "span");
    html_attribute(writer, "aria-hidden", "true");
    html_text(writer, page_mark_sign(name));
    html_end(writer);
    html_printf(writer, " %s", page_mark_word(name));
    html_end(writer);
}

void page_begin_details(HtmlWriter *writer, const char *summary)
{
    html_begin(writer, "details");
    html_element(writer, "summary", NULL, summary);
}

void page_end_details(HtmlWriter *writer)
{
    html_end(writer);
}

/* Tables */

static bool holds_numbers(const char *column)
{
    return *column == '#';
}

PageTable page_table_begin(HtmlWriter *writer, const char *class_name, const char *caption,
                           const char *const *columns)
{
    html_begin_class(writer, "table", class_name);
    html_element(writer, "caption", "hidden", caption);
    html_begin(writer, "thead");
    html_begin(writer, "tr");
    for (guint i = 0; columns[i]; i++) {
        html_begin(writer, "th");
        html_attribute(writer, "scope", "col");
        html_attribute(writer, "class", holds_numbers(columns[i]) ? "number" : NULL);
        html_text(writer, columns[i] + holds_numbers(columns[i]));
        html_end(writer);
    }
    html_end(writer);
    html_end(writer);
    html_begin(writer, "tbody");
    return (PageTable){writer, columns, 0};
}

void page_table_end(PageTable *table)
{
    html_end(table->writer);
    html_end(table->writer);
}

void page_row_begin(PageTable *table)
{
    html_begin(table->writer, "tr");
    table->column = 0;
}

void page_row_end(PageTable *table)
{
    g_assert(!table->columns[table->column]);
    html_end(table->writer);
}

void page_head_begin(PageTable *table)
{
    g_assert(table->columns[table->column]);
    html_begin(table->writer, "th");
    html_attribute(table->writer, "scope", "row");
    table->column++;
}

void page_cell_begin(PageTable *table, const char *class_name)
{
    g_assert(table->columns[table->column]);
    html_begin_class(table->writer, "td", class_name);
    const char *column = table->columns[table->column++];
    html_attribute(table->writer, "data-label", column + holds_numbers(column));
}

void page_cell(PageTable *table, const char *class_name, const char *text)
{
    page_cell_begin(table, class_name);
    html_text(table->writer, text);
    html_end(table->writer);
}
