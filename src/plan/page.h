/* The frame and the parts of HTML pages: one file that shows itself, with its style inside, no
 * script, and nothing that is fetched from anywhere.
 *
 * A page has a header (what it is about, figures), a list of its sections, main, and a footer.
 * Parts that say something by colour say it by a sign and a word too. Headings go down one level at
 * a time: h1 the page, h2 a section, h3 a part of it. */
#pragma once

#include "base/finding.h"
#include "text/html_write.h"

/* A section that the page will have; `id` is an anchor. */
typedef struct {
    const char *id, *title;
} PageSection;

/* Up to the open <header>; the caller writes what it holds. `command`: "plan". */
HtmlWriter *page_new(const char *command, const char *title);
/* Ends the header, lists the sections (an array of PageSection) and begins <main>. */
void page_begin_main(HtmlWriter *writer, const GArray *sections);
/* Ends <main>; `schema` names the JSON that says the same. Takes the writer. */
char *page_finish(HtmlWriter *writer, const char *schema);

void page_begin_section(HtmlWriter *writer, const PageSection *section);
void page_end_section(HtmlWriter *writer);

/* Figures: begin, one or more, end. `note` may be NULL. */
void page_begin_figures(HtmlWriter *writer);
void page_figure(HtmlWriter *writer, const char *label, const char *value, const char *note);
void page_end_figures(HtmlWriter *writer);

/* Text in which `names in backticks` are code. */
void page_prose(HtmlWriter *writer, const char *text);
/* What happens to a distribution, as sign, word and colour. `name` is one of a plan's actions
 * ("upgrade") or a diff's kinds ("changed"), else it stands for itself. */
void page_mark(HtmlWriter *writer, const char *name);
/* The class of its colour, its sign. */
const char *page_mark_class(const char *name);
const char *page_mark_sign(const char *name);
const char *page_mark_word(const char *name);
/* A list that is closed at first; end it with two ends. */
void page_begin_details(HtmlWriter *writer, const char *summary);
void page_end_details(HtmlWriter *writer);

/* A table; on a narrow screen each row is a card whose cells have their column's name. */
typedef struct {
    HtmlWriter *writer;
    const char *const *columns; /* ends with NULL; "#Size" holds numbers, and is called "Size" */
    guint column;               /* of the next cell */
} PageTable;
/* The caption is for those who hear the page; a heading above says the same to others. */
PageTable page_table_begin(HtmlWriter *writer, const char *class_name, const char *caption,
                           const char *const *columns);
void page_table_end(PageTable *table);
void page_row_begin(PageTable *table);
void page_row_end(PageTable *table);
/* The row's head, then cells: begun here, ended with html_end(). */
void page_head_begin(PageTable *table);
void page_cell_begin(PageTable *table, const char *class_name);
void page_cell(PageTable *table, const char *class_name, const char *text);
