#include "diff/fact_table.h"
#include "test.h"

#include <string.h>

static FactTable *make_table(void)
{
    FactTable *table = fact_table_new(NULL);
    fact_table_add_column(table, "platform")->plain = true;
    fact_table_add_column(table, "CUDA");
    fact_table_add_column(table, "size")->right = true;
    fact_table_add_column(table, "empty");
    fact_table_add_column(table, "state")->stays = true;
    return table;
}

static FactRow *add_row(FactTable *table, const char *name, const char *cuda, const char *size)
{
    FactRow *row = fact_table_add_row(table, name);
    fact_row_set(row, 0, g_strdup("linux"));
    fact_row_set(row, 1, g_strdup(cuda));
    fact_row_set(row, 2, g_strdup(size));
    fact_row_set(row, 4, g_strdup("good"));
    return row;
}

static char *put(const FactTable *table, unsigned columns)
{
    Layout layout = {g_string_new(NULL), false, columns};
    fact_table_put(table, &layout);
    return g_string_free(layout.out, FALSE);
}

TEST(common_facts_are_said_once)
{
    g_autoptr(FactTable) table = make_table();
    add_row(table, "a", "12.4", "1 kB");
    add_row(table, "long", "12.4", "100 kB");
    g_autofree char *agreed = fact_table_agreed(table);
    assert_text(NULL, "linux, CUDA 12.4", agreed);
    g_autofree char *text = put(table, 80);
    assert_text(NULL,
                "          size  state\n"
                "  a       1 kB  good\n"
                "  long  100 kB  good\n",
                text);
}

TEST(narrow_tables_are_paragraphs)
{
    g_autoptr(FactTable) table = make_table();
    add_row(table, "a", "12.4", "1 kB");
    add_row(table, "b", NULL, "200 kB");
    g_autofree char *text = put(table, 20);
    assert_text(NULL,
                "  a  CUDA 12.4,\n"
                "     size 1 kB,\n"
                "     state good\n"
                "  b  size 200 kB,\n"
                "     state good\n",
                text);
}

/* What is known of one row alone is no agreement. */
TEST(failed_rows_hide_nothing)
{
    g_autoptr(FactTable) table = make_table();
    add_row(table, "a", "12.4", "1 kB");
    fact_table_add_row(table, "b")->failed = true;
    g_assert_null(fact_table_agreed(table));
    add_row(table, "c", "12.4", "2 kB");
    g_autofree char *agreed = fact_table_agreed(table);
    assert_text(NULL, "linux, CUDA 12.4", agreed);
}

TEST(one_row_has_all_its_facts)
{
    g_autoptr(FactTable) table = make_table();
    add_row(table, "a", "12.4", "1 kB");
    g_assert_null(fact_table_agreed(table));
    g_autofree char *text = put(table, 80);
    assert_text(NULL,
                "     platform  CUDA  size  state\n"
                "  a  linux     12.4  1 kB  good\n",
                text);
}

TEST(markdown_is_escaped)
{
    g_autoptr(FactTable) table = make_table();
    add_row(table, "a|b", "12.4", "1 kB");
    add_row(table, "c", NULL, "2 *kB*");
    g_autoptr(GString) out = g_string_new(NULL);
    fact_table_append_markdown(table, out);
    assert_text(NULL,
                "|  | CUDA | size | state |\n"
                "|---|---|--:|---|\n"
                "| a\\|b | 12.4 | 1 kB | good |\n"
                "| c |  | 2 \\*kB\\* | good |\n",
                out->str);
}
