/* The findings of a stage as lines for people. */
#pragma once

#include "plan/layout.h"

/* Findings that say the same of several distributions (one code, one recipe line, no requirement of
 * its own) are summed up under the one that the others follow from, unless `each`. */
void findings_put(Layout *layout, const GPtrArray *findings, bool each);
