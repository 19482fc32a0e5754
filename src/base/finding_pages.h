/* What each finding means, for people: the text of `ramekin explain CODE` and of
 * ramekin-findings(7).
 *
 * Every code of finding.h has a page and every page a code. Paragraphs are plain text without line
 * breaks; names of keys and commands stand in backticks. The example is part of a recipe, in YAML,
 * with its line breaks. */
#pragma once

#include <stddef.h>

typedef struct {
    const char *code;
    const char *meaning; /* when it is raised */
    const char *matters; /* what goes wrong when it is ignored */
    const char *example; /* lines, each ended by a line break */
    const char *way_out;
} FindingPage;

/* NULL where no page has the code. */
const FindingPage *finding_page_find(const char *code);
/* The table, ordered by code. */
const FindingPage *finding_pages(size_t *ret_count);
