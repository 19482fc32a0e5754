/* What the files that write a plan's page share. For those alone. */
#pragma once

#include "plan/page.h"
#include "plan/plan.h"

/* Each stage with what it does, and the timeline of versions. */
void plan_html_stages(HtmlWriter *writer, const Plan *plan, bool all);
void plan_html_timeline(HtmlWriter *writer, const Plan *plan, const PageSection *section);
/* Pictures and tables of bytes, and every file with its digest. */
void plan_html_sizes(HtmlWriter *writer, const Plan *plan, const PageSection *section);
void plan_html_files(HtmlWriter *writer, const Plan *plan, const PageSection *section);
/* Whether there is anything to show of it. */
bool plan_has_sizes(const Plan *plan);
bool plan_has_files(const Plan *plan);
bool plan_has_timeline(const Plan *plan);
