/* Why a stage can't be satisfied, as parts of a page below a heading of level 3. */
#pragma once

#include "text/html_write.h"

/* LockConflictLine and LockWayOut; nothing where both are empty. */
void page_conflict_write(HtmlWriter *writer, const GPtrArray *lines, const GPtrArray *ways);
