#include "plan/page_conflict.h"

#include "lock/lock_conflict.h"
#include "plan/page.h"

static void write_conflict_lines(HtmlWriter *writer, const GPtrArray *lines)
{
    if (lines->len == 0)
        return;
    html_element(writer, "h4", NULL, "What conflicts");
    html_begin_class(writer, "ul", "plain");
    for (guint i = 0; i < lines->len; i++) {
        const LockConflictLine *line = lines->pdata[i];
        html_begin(writer, "li");
        html_element(writer, "code", NULL, line->line);
        html_printf(writer, "%s%s%s%s%s", line->constraint ? ", a constraint" : "",
                    line->at ? " at " : "", line->at ? line->at : "",
                    line->stage ? ", installed by stage " : "", line->stage ? line->stage : "");
        html_end(writer);
    }
    html_end(writer);
}

static void write_way(PageTable *table, const LockWayOut *way)
{
    page_row_begin(table);
    page_head_begin(table);
    html_text(table->writer, way->kind);
    html_end(table->writer);
    page_cell(table, "path", way->at);
    page_cell(table, "version", way->line);
    page_cell(table, "version", way->instead);
    page_cell_begin(table, NULL);
    html_text(table->writer, way->gives);
    if (way->partial)
        html_text(table->writer, way->gives ? ", and another conflict" : "another conflict");
    html_end(table->writer);
    page_row_end(table);
}

static void write_ways(HtmlWriter *writer, const GPtrArray *ways)
{
    static const char *const columns[] = {"Change", "Place", "Line", "Instead", "Gives", NULL};
    if (ways->len == 0)
        return;
    html_element(writer, "h4", NULL, "What would do");
    PageTable table = page_table_begin(writer, "cellular", "Ways out, the best first", columns);
    for (guint i = 0; i < ways->len; i++)
        write_way(&table, ways->pdata[i]);
    page_table_end(&table);
}

void page_conflict_write(HtmlWriter *writer, const GPtrArray *lines, const GPtrArray *ways)
{
    write_conflict_lines(writer, lines);
    write_ways(writer, ways);
}
