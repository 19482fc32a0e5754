/* What long work reports, and how it is shown on stderr: one moving line on a terminal, a line per
 * finished step elsewhere, JSON lines for CI, or nothing. */
#pragma once

#include <glib.h>
#include <stdbool.h>

typedef enum {
    PROGRESS_NONE,
    PROGRESS_PLAIN,
    PROGRESS_TERMINAL,
    PROGRESS_JSON,
} ProgressMode;

typedef struct Progress Progress;

Progress *progress_new(ProgressMode mode);
void progress_free(Progress *progress);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Progress, progress_free)

/* NULL is accepted everywhere and reports nothing. `step` names the work at hand ("stage torch"),
 * and stays until the next one; `detail` changes often ("42 distributions, 17 requests") and is
 * rate-limited. */
void progress_step(Progress *progress, const char *format, ...) G_GNUC_PRINTF(2, 3);
void progress_detail(Progress *progress, const char *format, ...) G_GNUC_PRINTF(2, 3);
/* Removes the moving line, so that other text can follow. */
void progress_finish(Progress *progress);
