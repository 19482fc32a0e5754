/* Texts in Markdown: GitHub Flavored Markdown Spec 0.29, §4.10 (tables), §6.1 (escapes). */
#pragma once

#include <glib.h>

/* Text that is no markup and keeps to its table cell. */
void markdown_append_text(GString *out, const char *text);
/* As code; a backtick of the text itself becomes a quote. */
void markdown_append_code(GString *out, const char *text);
