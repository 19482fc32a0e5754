/* The rows of a recipe's matrix side by side: a table of facts, and what makes the rows differ. */
#pragma once

#include "diff/target_facts.h"
#include "plan/layout.h"

typedef struct {
    char *name;          /* of a variable or distribution */
    const char **values; /* one for each row; NULL: it is not there, or not known */
} RowDifference;

typedef struct {
    const char *recipe_path; /* borrowed */
    GPtrArray *rows;         /* TargetFacts */
    GPtrArray *checks;       /* RowDifference: items of `checks:` that do not hold everywhere */
    GPtrArray *vars;         /* RowDifference: variables that differ, by name */
    GPtrArray *asked;        /* RowDifference: distributions that a line of the user names */
    GPtrArray *brought;      /* RowDifference: those that differ beside them */
} RowTable;

RowTable *row_table_new(const char *recipe_path);
void row_table_free(RowTable *table);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RowTable, row_table_free)

/* Takes the facts. */
void row_table_take(RowTable *table, TargetFacts *facts);
/* Finds what differs; all rows are there. */
void row_table_compare(RowTable *table);
/* Rows that can't be satisfied. */
guint row_table_count_failed(const RowTable *table);

/* Callers free; each ends with a newline. `all`: every distribution that differs. */
char *row_table_format_text(const RowTable *table, const TextStyle *style);
char *row_table_format_markdown(const RowTable *table);
char *row_table_encode_json(const RowTable *table); /* ramekin.matrix/1 */
/* What GitHub's `strategy: {matrix: ${{ fromJSON(...) }}}` takes, on one line; rows that can't be
 * satisfied are left out. */
char *row_table_encode_github(const RowTable *table);
/* A pipeline file of GitLab with a hidden job `.ramekin` that has `parallel: {matrix: …}`, which
 * jobs extend; JSON, which is YAML too. Rows that can't be satisfied are left out. */
char *row_table_encode_gitlab(const RowTable *table);
