#include "base/finding_pages.h"
#include "base/names.h"
#include "cli/commands.h"
#include "cli/explain.h"
#include "cli/workspace.h"
#include "plan/layout.h"
#include "text/jsonw.h"

enum {
    CODE_WIDTH = 26,
    SEVERITY_WIDTH = 9,
};

static const OptionRow rows[] = {
    /* clang-format off */
    OPTION_ROW_FORMAT("ramekin.explain/1"),
    {0},
    /* clang-format on */
};
static const OptionGroup group = {"Explain", rows};
static const OptionGroup *const groups[] = {&group, &options_common, NULL};

static Tint severity_tint(Severity severity)
{
    static const Tint tints[] = {TINT_FAINT, TINT_NOTICE, TINT_BAD};
    return tints[severity];
}

static void put_kind(Layout *layout, const FindingKind *kind)
{
    layout_pad(layout, TINT_STRONG, kind->code, CODE_WIDTH, false);
    layout_pad(layout, severity_tint(kind->severity), severity_name(kind->severity), SEVERITY_WIDTH,
               false);
    layout_words(layout, TINT_NONE, kind->title, CODE_WIDTH + SEVERITY_WIDTH,
                 CODE_WIDTH + SEVERITY_WIDTH);
}

static void put_paragraph(Layout *layout, const char *title, const char *text)
{
    g_string_append_c(layout->out, '\n');
    layout_words(layout, TINT_STRONG, title, 0, 0);
    layout_put(layout, TINT_NONE, "  ");
    layout_words(layout, TINT_NONE, text, 2, 2);
}

static void put_example(Layout *layout, const char *example)
{
    g_auto(GStrv) lines = g_strsplit(example, "\n", -1);
    layout_put(layout, TINT_STRONG, "\nFor example\n");
    for (guint i = 0; lines[i] && lines[i + 1]; i++)
        layout_printf(layout, TINT_FAINT, "    %s\n", lines[i]);
}

static void put_page(Layout *layout, const FindingPage *page)
{
    const FindingKind *kind = &page->kind;
    layout_put(layout, TINT_STRONG, kind->code);
    layout_put(layout, TINT_NONE, " (");
    layout_put(layout, severity_tint(kind->severity), severity_name(kind->severity));
    layout_put(layout, TINT_NONE, "): ");
    unsigned column = layout_width(kind->code) + layout_width(severity_name(kind->severity)) + 5;
    layout_words(layout, TINT_NONE, kind->title, column, 4);
    put_paragraph(layout, "What it means", page->meaning);
    put_paragraph(layout, "Why it matters", page->matters);
    put_example(layout, page->example);
    put_paragraph(layout, "The way out", page->way_out);
}

static void print_text(Output *output, const FindingPage *page)
{
    Layout layout = {g_string_new(NULL), output_result_colour(output), output_columns(output)};
    if (page) {
        put_page(&layout, page);
    } else {
        g_autoptr(GPtrArray) pages = finding_pages();
        for (guint i = 0; i < pages->len; i++)
            put_kind(&layout, &((const FindingPage *)pages->pdata[i])->kind);
    }
    output_result(output, layout.out->str);
    g_string_free(layout.out, TRUE);
}

static void write_page(JsonWriter *writer, const FindingPage *page)
{
    jsonw_begin_object(writer, JSONW_BLOCK);
    jsonw_string_member(writer, "code", page->kind.code);
    jsonw_string_member(writer, "severity", severity_name(page->kind.severity));
    jsonw_string_member(writer, "title", page->kind.title);
    jsonw_string_member(writer, "meaning", page->meaning);
    jsonw_string_member(writer, "matters", page->matters);
    jsonw_string_member(writer, "example", page->example);
    jsonw_string_member(writer, "way_out", page->way_out);
    jsonw_end_object(writer);
}

static void print_json(Output *output, const FindingPage *wanted)
{
    g_autoptr(JsonWriter) writer = jsonw_new();
    g_autoptr(GPtrArray) pages = finding_pages();
    jsonw_begin_object(writer, JSONW_BLOCK);
    jsonw_string_member(writer, "schema", "ramekin.explain/1");
    jsonw_key(writer, "findings");
    jsonw_begin_array(writer, JSONW_BLOCK);
    for (guint i = 0; i < pages->len; i++) {
        if (!wanted || wanted == pages->pdata[i])
            write_page(writer, pages->pdata[i]);
    }
    jsonw_end_array(writer);
    jsonw_end_object(writer);
    g_autofree char *text = jsonw_finish(writer, NULL);
    output_result(output, text);
}

static int refuse_code(Output *output, const char *code)
{
    g_autoptr(GPtrArray) pages = finding_pages();
    g_autofree const char **names = g_new0(const char *, pages->len);
    for (guint i = 0; i < pages->len; i++)
        names[i] = ((const FindingPage *)pages->pdata[i])->kind.code;
    const char *near = names_nearest(code, names, pages->len);
    GError *error = NULL;
    if (near)
        error_set(&error, ERROR_USAGE, SPAN_NONE, "there is no finding '%s'; did you mean '%s'?",
                  code, near);
    else
        error_set(&error, ERROR_USAGE, SPAN_NONE, "there is no finding '%s'", code);
    error_set_hint(error, "`ramekin explain` lists them");
    return output_error(output, error);
}

static int run_explain(Invocation *invocation)
{
    const GPtrArray *arguments = invocation->options->arguments;
    const char *code = arguments->len > 0 ? arguments->pdata[0] : NULL;
    const FindingPage *page = code ? finding_page_find(code) : NULL;
    if (code && !page)
        return refuse_code(invocation->output, code);
    if (invocation->options->format == FORMAT_JSON)
        print_json(invocation->output, page);
    else
        print_text(invocation->output, page);
    return 0;
}

const Command command_explain = {
    "explain", run_explain, "[CODE]", 0, 1, "explain a finding, or list all of them", groups};

/* The manual page */

/* scdoc's own marks are taken as text, `keys` are set bold. */
static void append_scdoc(GString *out, const char *text)
{
    for (const char *p = text; *p; p++) {
        if (*p == '`')
            g_string_append_c(out, '*');
        else if (strchr("_*\\#<>", *p))
            g_string_append_printf(out, "\\%c", *p);
        else
            g_string_append_c(out, *p);
    }
    g_string_append(out, "\n\n");
}

char *explain_scdoc(void)
{
    GString *out = g_string_new(NULL);
    g_autoptr(GPtrArray) pages = finding_pages();
    for (guint i = 0; i < pages->len; i++) {
        const FindingPage *page = pages->pdata[i];
        g_string_append_printf(out, "## %s (%s)\n\n", page->kind.code,
                               severity_name(page->kind.severity));
        append_scdoc(out, page->meaning);
        append_scdoc(out, page->matters);
        g_string_append_printf(out, "```\n%s```\n\n", page->example);
        append_scdoc(out, page->way_out);
    }
    return g_string_free(out, FALSE);
}
