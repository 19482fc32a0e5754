/* A table of things beside facts: rows of a matrix, versions of a package. A fact that is the same
 * in all rows is said once above the table, so that what is left in the columns is what makes the
 * rows differ. Where the columns do not fit the width, each row becomes a paragraph. */
#pragma once

#include "plan/layout.h"

typedef struct {
    char *heading;
    bool right; /* numbers */
    bool stays; /* a column even where all rows agree */
    bool plain; /* a paragraph has its cells without the heading: they tell themselves */
} FactColumn;

typedef struct {
    char *name;
    char **cells; /* one for each column; NULL: nothing to say */
    bool failed;
} FactRow;

typedef struct {
    char *corner;       /* heading of the names, or NULL */
    GPtrArray *columns; /* FactColumn */
    GPtrArray *rows;    /* FactRow */
} FactTable;

FactTable *fact_table_new(const char *corner);
void fact_table_free(FactTable *table);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(FactTable, fact_table_free)

/* Columns come before rows. */
FactColumn *fact_table_add_column(FactTable *table, const char *heading);
FactRow *fact_table_add_row(FactTable *table, const char *name);
/* Takes the text; NULL: nothing to say. */
void fact_row_set(FactRow *row, guint column, char *text);

/* "Python 3.11.0, CUDA 12.4": what all rows agree on; NULL: nothing, or there is one row alone.
 * Caller frees. */
char *fact_table_agreed(const FactTable *table);

/* The columns that are left, and the rows. */
void fact_table_put(const FactTable *table, Layout *layout);
/* The same as a table of GitHub Flavored Markdown. */
void fact_table_append_markdown(const FactTable *table, GString *out);
