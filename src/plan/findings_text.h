/* The findings of a stage as lines for people. */
#pragma once

#include "base/finding.h"
#include "plan/layout.h"

/* Findings that say the same of several distributions (one code, one recipe line, no requirement of
 * its own), summed up under the one that the others follow from. */
typedef struct {
    const Finding *head;
    GPtrArray *others; /* Finding; none where it is alone */
} FindingGroup;

/* FindingGroup, in the order of the findings; `each`: nothing is summed up. Borrows the findings;
 * the caller frees the array. */
GPtrArray *finding_groups(const GPtrArray *findings, bool each);
/* The groups as lines. */
void findings_put(Layout *layout, const GPtrArray *findings, bool each);
