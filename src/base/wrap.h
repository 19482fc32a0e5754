/* Breaks text for people into lines that fit. */
#pragma once

#include <glib.h>

/* Appends the text, which stands at column `column`, broken at blanks to lines of at most `columns`
 * characters where words allow; continued lines begin with `indent` blanks. 0 columns: as it is. */
void wrap_append(GString *out, const char *text, unsigned column, unsigned indent,
                 unsigned columns);
