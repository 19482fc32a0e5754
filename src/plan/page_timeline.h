/* Which stage installed which version, and which changed it: a table with a column for each stage
 * and a lane for each distribution, from the stage that installs it to the one that removes it. */
#pragma once

#include "lock/lock.h"
#include "text/html_write.h"

typedef struct {
    guint column;
    const LockAction *action;
} TimelineStep;

typedef struct {
    const char *name; /* of the distribution */
    const char *side; /* which of two targets, where there are two; or NULL */
    const char *base; /* version that the base has; or NULL */
    GArray *steps;    /* TimelineStep, from left to right; no "keep" */
} TimelineLane;

/* TimelineLane by name, of what the stages of the target do; `columns` has the column of each
 * stage. Borrows the target; the caller frees the array. */
GPtrArray *timeline_lanes(const LockTarget *target, const guint *columns, const char *side);
void timeline_lane_free(gpointer lane);
/* `stages`: const char *, names of the columns. The lanes of one name stand together. */
void timeline_write(HtmlWriter *writer, const char *caption, const GPtrArray *stages,
                    const GPtrArray *lanes);
