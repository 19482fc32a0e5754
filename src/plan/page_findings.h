/* Findings as parts of a page: each with its place, evidence and way out, and what its code means.
 */
#pragma once

#include "base/finding.h"
#include "text/html_write.h"

typedef struct {
    const Finding *finding;
    const GPtrArray *others; /* Finding that say the same of others; or NULL */
    const char *change;      /* "gained" or "lost", where two targets are compared; or NULL */
    const char *stage;       /* or NULL */
    const char *at;          /* its place as it is to be shown; or NULL */
} PageFinding;

/* An item of a list of class "cards". */
void page_finding_write(HtmlWriter *writer, const PageFinding *shown);
/* What the codes of the findings (PageFinding) mean, each once, folded. */
void page_codes_write(HtmlWriter *writer, const GArray *findings);
