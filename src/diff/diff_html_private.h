/* What the files that write a diff's page share. For those alone. */
#pragma once

#include "diff/diff.h"
#include "plan/page.h"

/* Why a side can't be installed, and what both ask for. */
void diff_html_problems(HtmlWriter *writer, const Diff *diff, const PageSection *section);
void diff_html_gpus(HtmlWriter *writer, const Diff *diff, const PageSection *section);
/* Debian packages, or what else is in the image. */
void diff_html_things(HtmlWriter *writer, const Diff *diff, const PageSection *section,
                      bool packages, bool brief);
void diff_html_layers(HtmlWriter *writer, const Diff *diff, const PageSection *section, bool brief);
void diff_html_distributions(HtmlWriter *writer, const Diff *diff, const PageSection *section,
                             bool brief);
void diff_html_stages(HtmlWriter *writer, const Diff *diff, const PageSection *section);
void diff_html_timeline(HtmlWriter *writer, const Diff *diff, const PageSection *section);
void diff_html_sizes(HtmlWriter *writer, const Diff *diff, const PageSection *section, bool brief);
/* A table of how many there are, and how many bytes; ended with page_table_end(). */
PageTable diff_html_begin_sums(HtmlWriter *writer, const char *what);
void diff_html_sum(PageTable *table, const char *what, guint count, guint64 bytes);
