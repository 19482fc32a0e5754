/* Debug messages of the library, shown with -v. Libraries say nothing else to people; results go to
 * stdout and errors to stderr through src/cli/output.c. */
#pragma once

#include <glib.h>
#include <stdbool.h>

void log_set_verbose(bool verbose);
/* One line to stderr when verbose. Callers redact credentials from URLs first (url_redact). */
void log_debug(const char *format, ...) G_GNUC_PRINTF(1, 2);
