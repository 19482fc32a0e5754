#include "plan/page_findings.h"

#include "base/finding_pages.h"
#include "base/sorted.h"
#include "plan/page.h"

static const char *severity_class(const Finding *finding, const char *change)
{
    static const char *const classes[] = {"card", "card careful", "card bad"};
    if (finding->acknowledged)
        return "card";
    return g_strcmp0(change, "lost") == 0 ? "card well" : classes[finding->severity];
}

static void write_head(HtmlWriter *writer, const PageFinding *shown)
{
    const Finding *finding = shown->finding;
    html_begin_class(writer, "div", "head");
    if (shown->change) {
        page_mark(writer, shown->change);
        html_text(writer, " ");
    }
    page_mark(writer, finding->acknowledged ? "acknowledged" : severity_name(finding->severity));
    html_text(writer, " ");
    if (finding->acknowledged)
        html_element(writer, "span", "at", severity_name(finding->severity));
    html_text(writer, " ");
    html_element(writer, "code", NULL, finding->code);
    html_text(writer, " ");
    if (shown->at)
        html_element(writer, "span", "at path", shown->at);
    html_text(writer, " ");
    if (shown->stage) {
        html_begin_class(writer, "span", "at");
        html_printf(writer, "stage %s", shown->stage);
        html_end(writer);
    }
    html_end(writer);
}

static void write_evidence(HtmlWriter *writer, const Finding *finding)
{
    if (!finding->evidence || !finding->evidence[0])
        return;
    html_begin_class(writer, "ul", "evidence");
    for (guint i = 0; finding->evidence[i]; i++)
        html_element(writer, "li", NULL, finding->evidence[i]);
    html_end(writer);
}

static void write_hint(HtmlWriter *writer, const char *hint)
{
    if (!hint)
        return;
    html_begin_class(writer, "p", "hint");
    html_element(writer, "strong", NULL, "Way out: ");
    page_prose(writer, hint);
    html_end(writer);
}

static void write_others(HtmlWriter *writer, const PageFinding *shown)
{
    if (!shown->others || shown->others->len == 0)
        return;
    g_autofree char *summary = g_strdup_printf("and %u like it", shown->others->len);
    page_begin_details(writer, summary);
    html_begin_class(writer, "ul", "plain");
    for (guint i = 0; i < shown->others->len; i++) {
        const Finding *other = shown->others->pdata[i];
        html_begin(writer, "li");
        page_prose(writer, other->message);
        write_evidence(writer, other);
        if (g_strcmp0(other->hint, shown->finding->hint) != 0)
            write_hint(writer, other->hint);
        html_end(writer);
    }
    html_end(writer);
    page_end_details(writer);
}

void page_finding_write(HtmlWriter *writer, const PageFinding *shown)
{
    html_begin_class(writer, "li", severity_class(shown->finding, shown->change));
    write_head(writer, shown);
    html_begin_class(writer, "p", "message");
    page_prose(writer, shown->finding->message);
    html_end(writer);
    write_evidence(writer, shown->finding);
    write_others(writer, shown);
    write_hint(writer, shown->finding->hint);
    html_end(writer);
}

/* What codes mean */

static void write_paragraph(HtmlWriter *writer, const char *title, const char *text)
{
    html_begin(writer, "dt");
    html_text(writer, title);
    html_end(writer);
    html_begin(writer, "dd");
    page_prose(writer, text);
    html_end(writer);
}

static void write_page(HtmlWriter *writer, const FindingPage *page)
{
    html_begin_class(writer, "details", "rest");
    html_begin(writer, "summary");
    html_element(writer, "code", NULL, page->kind.code);
    html_printf(writer, " %s", page->kind.title);
    html_end(writer);
    html_begin_class(writer, "dl", "meaning");
    write_paragraph(writer, "What it means", page->meaning);
    write_paragraph(writer, "Why it matters", page->matters);
    write_paragraph(writer, "The way out", page->way_out);
    html_end(writer);
    html_end(writer);
}

void page_codes_write(HtmlWriter *writer, const GArray *findings)
{
    g_autoptr(GPtrArray) codes = g_ptr_array_new();
    for (guint i = 0; i < findings->len; i++)
        g_ptr_array_add(codes, g_array_index(findings, PageFinding, i).finding->code);
    if (codes->len == 0)
        return;
    g_ptr_array_sort(codes, sorted_compare_strings);
    html_element(writer, "h3", NULL, "What these findings mean");
    for (guint i = 0; i < codes->len; i++) {
        const FindingPage *page = finding_page_find(codes->pdata[i]);
        if (page && (i == 0 || !g_str_equal(codes->pdata[i], codes->pdata[i - 1])))
            write_page(writer, page);
    }
}
