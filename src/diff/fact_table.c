#include "diff/fact_table.h"

#include "diff/markdown.h"

enum {
    INDENT = 2,
    GAP = 2,
    NOTHING_WIDTH = 1,
    WIDEST_NAME = 32,
};

#define NOTHING "-"

static void column_free(void *data)
{
    FactColumn *column = data;
    g_free(column->heading);
    g_free(column);
}

static void row_free(void *data)
{
    FactRow *row = data;
    g_free(row->name);
    g_free(row);
}

FactTable *fact_table_new(const char *corner)
{
    FactTable *table = g_new0(FactTable, 1);
    table->corner = g_strdup(corner);
    table->columns = g_ptr_array_new_with_free_func(column_free);
    table->rows = g_ptr_array_new();
    return table;
}

void fact_table_free(FactTable *table)
{
    if (!table)
        return;
    for (guint i = 0; i < table->rows->len; i++) {
        FactRow *row = table->rows->pdata[i];
        for (guint c = 0; c < table->columns->len; c++)
            g_free(row->cells[c]);
        g_free(row->cells);
        row_free(row);
    }
    g_ptr_array_unref(table->rows);
    g_ptr_array_unref(table->columns);
    g_free(table->corner);
    g_free(table);
}

FactColumn *fact_table_add_column(FactTable *table, const char *heading)
{
    FactColumn *column = g_new0(FactColumn, 1);
    column->heading = g_strdup(heading);
    g_ptr_array_add(table->columns, column);
    return column;
}

FactRow *fact_table_add_row(FactTable *table, const char *name)
{
    FactRow *row = g_new0(FactRow, 1);
    row->name = g_strdup(name);
    row->cells = g_new0(char *, table->columns->len + 1);
    g_ptr_array_add(table->rows, row);
    return row;
}

void fact_row_set(FactRow *row, guint column, char *text)
{
    g_free(row->cells[column]);
    row->cells[column] = text;
}

static const char *cell_of(const FactTable *table, guint row, guint column)
{
    return ((const FactRow *)table->rows->pdata[row])->cells[column];
}

/* The text that every row has, a failed one excepted where it has none; NULL: they differ, or it is
 * known of one row alone. */
static const char *agreed_cell(const FactTable *table, guint column)
{
    const char *text = NULL;
    guint known = 0;
    for (guint i = 0; i < table->rows->len; i++) {
        const FactRow *row = table->rows->pdata[i];
        const char *cell = row->cells[column];
        if (!cell && row->failed)
            continue;
        if (!cell || (text && !g_str_equal(text, cell)))
            return NULL;
        text = cell;
        known++;
    }
    return known > 1 ? text : NULL;
}

static bool is_empty(const FactTable *table, guint column)
{
    for (guint i = 0; i < table->rows->len; i++) {
        if (cell_of(table, i, column))
            return false;
    }
    return true;
}

static bool is_shown(const FactTable *table, guint column)
{
    const FactColumn *head = table->columns->pdata[column];
    if (is_empty(table, column))
        return false;
    return head->stays || table->rows->len == 1 || !agreed_cell(table, column);
}

/* "CUDA 12.4", or the cell alone where it tells itself. */
static char *tell(const FactColumn *column, const char *cell)
{
    return column->plain ? g_strdup(cell) : g_strdup_printf("%s %s", column->heading, cell);
}

char *fact_table_agreed(const FactTable *table)
{
    g_autoptr(GString) text = g_string_new(NULL);
    for (guint c = 0; c < table->columns->len; c++) {
        const char *cell = is_shown(table, c) ? NULL : agreed_cell(table, c);
        if (!cell)
            continue;
        g_autofree char *told = tell(table->columns->pdata[c], cell);
        g_string_append_printf(text, "%s%s", text->len > 0 ? ", " : "", told);
    }
    return text->len > 0 ? g_strdup(text->str) : NULL;
}

/* Text */

static unsigned column_width(const FactTable *table, guint column)
{
    unsigned width = layout_width(((const FactColumn *)table->columns->pdata[column])->heading);
    for (guint i = 0; i < table->rows->len; i++) {
        const char *cell = cell_of(table, i, column);
        width = MAX(width, cell ? layout_width(cell) : NOTHING_WIDTH);
    }
    return width;
}

static unsigned name_width(const FactTable *table)
{
    unsigned width = table->corner ? layout_width(table->corner) : 0;
    for (guint i = 0; i < table->rows->len; i++)
        width = MAX(width, layout_width(((const FactRow *)table->rows->pdata[i])->name));
    return width;
}

static unsigned table_width(const FactTable *table)
{
    unsigned width = INDENT + name_width(table);
    for (guint c = 0; c < table->columns->len; c++)
        width += is_shown(table, c) ? GAP + column_width(table, c) : 0;
    return width;
}

static void end_line(Layout *layout)
{
    while (layout->out->len > 0 && layout->out->str[layout->out->len - 1] == ' ')
        g_string_truncate(layout->out, layout->out->len - 1);
    g_string_append_c(layout->out, '\n');
}

static void put_head(const FactTable *table, Layout *layout)
{
    layout_pad(layout, TINT_NONE, "", INDENT, false);
    layout_pad(layout, TINT_FAINT, table->corner ? table->corner : "", name_width(table), false);
    for (guint c = 0; c < table->columns->len; c++) {
        const FactColumn *column = table->columns->pdata[c];
        if (!is_shown(table, c))
            continue;
        layout_pad(layout, TINT_NONE, "", GAP, false);
        layout_pad(layout, TINT_FAINT, column->heading, column_width(table, c), column->right);
    }
    end_line(layout);
}

static void put_row(const FactTable *table, Layout *layout, const FactRow *row)
{
    layout_pad(layout, TINT_NONE, "", INDENT, false);
    layout_pad(layout, row->failed ? TINT_BAD : TINT_STRONG, row->name, name_width(table), false);
    for (guint c = 0; c < table->columns->len; c++) {
        const FactColumn *column = table->columns->pdata[c];
        const char *cell = row->cells[c];
        if (!is_shown(table, c))
            continue;
        layout_pad(layout, TINT_NONE, "", GAP, false);
        layout_pad(layout, cell ? TINT_NONE : TINT_FAINT, cell ? cell : NOTHING,
                   column_width(table, c), column->right);
    }
    end_line(layout);
}

/* A heading and its cell stay on one line. */
static void append_joined(GString *out, const char *text)
{
    g_auto(GStrv) words = g_strsplit(text, " ", -1);
    g_autofree char *joined = g_strjoinv(LAYOUT_JOIN, words);
    g_string_append_printf(out, "%s%s", out->len > 0 ? ", " : "", joined);
}

static void put_paragraph(const FactTable *table, Layout *layout, const FactRow *row,
                          unsigned width)
{
    g_autoptr(GString) text = g_string_new(NULL);
    for (guint c = 0; c < table->columns->len; c++) {
        if (!is_shown(table, c) || !row->cells[c])
            continue;
        g_autofree char *told = tell(table->columns->pdata[c], row->cells[c]);
        append_joined(text, told);
    }
    layout_pad(layout, TINT_NONE, "", INDENT, false);
    layout_pad(layout, row->failed ? TINT_BAD : TINT_STRONG, row->name, width, false);
    unsigned column = INDENT + MAX(width, layout_width(row->name)) + GAP;
    layout_pad(layout, TINT_NONE, "", GAP, false);
    layout_words(layout, TINT_NONE, text->str, column, INDENT + width + GAP);
}

void fact_table_put(const FactTable *table, Layout *layout)
{
    if (table_width(table) <= layout->columns) {
        put_head(table, layout);
        for (guint i = 0; i < table->rows->len; i++)
            put_row(table, layout, table->rows->pdata[i]);
        return;
    }
    unsigned width = MIN(name_width(table), MIN(WIDEST_NAME, layout->columns / 3));
    for (guint i = 0; i < table->rows->len; i++)
        put_paragraph(table, layout, table->rows->pdata[i], width);
}

/* Markdown */

void fact_table_append_markdown(const FactTable *table, GString *out)
{
    g_string_append(out, "| ");
    markdown_append_text(out, table->corner ? table->corner : "");
    for (guint c = 0; c < table->columns->len; c++) {
        if (!is_shown(table, c))
            continue;
        g_string_append(out, " | ");
        markdown_append_text(out, ((const FactColumn *)table->columns->pdata[c])->heading);
    }
    g_string_append(out, " |\n|---");
    for (guint c = 0; c < table->columns->len; c++) {
        if (is_shown(table, c))
            g_string_append(out, ((const FactColumn *)table->columns->pdata[c])->right ? "|--:"
                                                                                       : "|---");
    }
    g_string_append(out, "|\n");
    for (guint i = 0; i < table->rows->len; i++) {
        const FactRow *row = table->rows->pdata[i];
        g_string_append(out, "| ");
        markdown_append_text(out, row->name);
        for (guint c = 0; c < table->columns->len; c++) {
            if (!is_shown(table, c))
                continue;
            g_string_append(out, " | ");
            markdown_append_text(out, row->cells[c] ? row->cells[c] : "");
        }
        g_string_append(out, " |\n");
    }
}
