#include "diff/diff_html_private.h"

#include "plan/page_conflict.h"

#include <string.h>

/* What can't be installed */

static void write_problem(HtmlWriter *writer, const DiffSide *side)
{
    const LockStage *stage = lock_target_failed(side->target);
    if (!stage)
        return;
    const char *hint = stage->conflict ? error_hint(stage->conflict) : NULL;
    html_begin_class(writer, "li", "card bad");
    html_begin(writer, "h3");
    html_printf(writer, "%s ", side->label);
    g_autofree char *place = g_strdup_printf("stage %s, %s", stage->name, stage->at);
    html_element(writer, "span", "note", place);
    html_end(writer);
    html_begin_class(writer, "p", "message");
    page_prose(writer, stage->conflict ? stage->conflict->message : "the stage can't be satisfied");
    html_end(writer);
    if (hint) {
        html_begin_class(writer, "p", "hint");
        html_element(writer, "strong", NULL, "Way out: ");
        page_prose(writer, hint);
        html_end(writer);
    }
    page_conflict_write(writer, stage->conflict_lines, stage->ways_out);
    html_end(writer);
}

/* What a side asks for, or has of it where it can be installed. */
static void write_request_side(PageTable *table, const char *lines, bool blocked,
                               const DiffOffer *offer, const LockDistribution *installed)
{
    g_autofree char *known = diff_asked_text(false, offer);
    g_autofree char *text = installed ? diff_installed_text(installed) : g_strdup(lines);
    page_cell_begin(table, text ? "version" : "note");
    html_text(table->writer, text ? text : "(none)");
    if (known) {
        html_text(table->writer, " (");
        html_text(table->writer, known);
        html_text(table->writer, ")");
    }
    if (blocked) {
        html_text(table->writer, " ");
        html_element(table->writer, "span", "mark gone", "\342\234\225 impossible");
    }
    html_end(table->writer);
}

static void write_requests(HtmlWriter *writer, const GPtrArray *requests)
{
    static const char *const columns[] = {"Distribution", "Before", "After", NULL};
    if (requests->len == 0)
        return;
    html_element(writer, "h3", NULL, "What is asked for, and what is installed where that can be");
    PageTable table =
        page_table_begin(writer, "cellular thirds", "What both sides ask for", columns);
    for (guint i = 0; i < requests->len; i++) {
        const DiffRequest *request = requests->pdata[i];
        page_row_begin(&table);
        page_head_begin(&table);
        html_text(writer, request->name);
        html_end(writer);
        write_request_side(&table, request->before, request->blocked_before, request->offer_before,
                           request->installed_before);
        write_request_side(&table, request->after, request->blocked_after, request->offer_after,
                           request->installed_after);
        page_row_end(&table);
    }
    page_table_end(&table);
}

void diff_html_problems(HtmlWriter *writer, const Diff *diff, const PageSection *section)
{
    page_begin_section(writer, section);
    html_begin_class(writer, "ul", "cards");
    write_problem(writer, &diff->a);
    write_problem(writer, &diff->b);
    html_end(writer);
    write_requests(writer, diff->requests);
    page_end_section(writer);
}

/* GPUs */

/* Its class and its sign. */
static const char *const *coverage_mark(DiffCoverage coverage)
{
    static const char *const unknown[] = {"mark same", "?"};
    static const char *const good[] = {"mark add", "\342\234\223"};
    static const char *const careful[] = {"mark down", "!"};
    static const char *const bad[] = {"mark gone", "\342\234\225"};
    switch (coverage) {
    case DIFF_SERVED:
        return good;
    case DIFF_POSSIBLE:
        return unknown;
    case DIFF_NO_NATIVE:
        return careful;
    case DIFF_NOT_SERVED:
        return bad;
    case DIFF_NO_TORCH:
    case DIFF_UNKNOWN:
    default:
        return unknown;
    }
}

static void write_coverage(PageTable *table, DiffCoverage coverage)
{
    const char *const *mark = coverage_mark(coverage);
    page_cell_begin(table, NULL);
    html_begin_class(table->writer, "span", mark[0]);
    html_begin(table->writer, "span");
    html_attribute(table->writer, "aria-hidden", "true");
    html_text(table->writer, mark[1]);
    html_end(table->writer);
    html_printf(table->writer, " %s", diff_coverage_name(coverage));
    html_end(table->writer);
    html_end(table->writer);
}

void diff_html_gpus(HtmlWriter *writer, const Diff *diff, const PageSection *section)
{
    static const char *const columns[] = {"GPU", "Compute capability", "Before", "After", NULL};
    page_begin_section(writer, section);
    html_element(writer, "p", NULL, "For which GPUs torch has code.");
    PageTable table = page_table_begin(writer, "cellular", "GPUs that torch has code for", columns);
    for (guint i = 0; i < diff->gpus->len; i++) {
        const DiffGpu *gpu = diff->gpus->pdata[i];
        g_autofree char *capability = capability_text(gpu->capability);
        page_row_begin(&table);
        page_head_begin(&table);
        html_text(writer, gpu->name);
        html_end(writer);
        page_cell(&table, NULL, capability);
        write_coverage(&table, gpu->before);
        write_coverage(&table, gpu->after);
        page_row_end(&table);
    }
    page_table_end(&table);
    page_end_section(writer);
}

/* Debian packages, files and the like */

static void write_thing(PageTable *table, const DiffThing *thing)
{
    page_row_begin(table);
    page_head_begin(table);
    html_printf(table->writer, "%s ", thing->name);
    if (!g_str_equal(thing->what, "debian"))
        html_element(table->writer, "span", "asked", thing->what);
    html_end(table->writer);
    page_cell_begin(table, "change");
    page_mark(table->writer, diff_kind_name(thing->kind));
    html_end(table->writer);
    page_cell_begin(table, "version");
    html_element(table->writer, "del", NULL, thing->before);
    html_end(table->writer);
    page_cell_begin(table, "version");
    html_element(table->writer, "ins", NULL, thing->after);
    html_end(table->writer);
    page_row_end(table);
}

void diff_html_things(HtmlWriter *writer, const Diff *diff, const PageSection *section,
                      bool packages, bool brief)
{
    static const char *const columns[] = {"Name", "Change", "Before", "After", NULL};
    g_autofree char *count = diff_things_text(diff, packages);
    page_begin_section(writer, section);
    html_element(writer, "p", "note", count);
    if (!brief) {
        PageTable table =
            page_table_begin(writer, "cellular actions things", section->title, columns);
        for (guint i = 0; i < diff->things->len; i++) {
            if (diff_thing_is_package(diff->things->pdata[i]) == packages)
                write_thing(&table, diff->things->pdata[i]);
        }
        page_table_end(&table);
    }
    page_end_section(writer);
}
