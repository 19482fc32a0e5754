/* The findings that there are: their codes, severities and titles, and what each means, for people:
 * the text of `ramekin explain CODE` and of ramekin-findings(7).
 *
 * One row says all of a finding; rows lie in a file for each family (finding_pages_FAMILY.c).
 * Paragraphs are plain text without line breaks; names of keys and commands stand in backticks. The
 * example is part of a recipe, in YAML, or of a Dockerfile, with its line breaks. */
#pragma once

#include "base/finding.h"

typedef struct {
    FindingKind kind;
    const char *meaning; /* when it is raised */
    const char *matters; /* what goes wrong when it is ignored */
    const char *example; /* lines, each ended by a line break */
    const char *way_out;
} FindingPage;

/* NULL where there is no such finding. */
const FindingPage *finding_page_find(const char *code);
/* FindingPage of every family, by code; the caller frees the array. */
GPtrArray *finding_pages(void);
