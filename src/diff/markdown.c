#include "diff/markdown.h"

#include <string.h>

void markdown_append_text(GString *out, const char *text)
{
    for (const char *at = text; *at; at++) {
        if (strchr("\\`*_[]<>|~#", *at))
            g_string_append_c(out, '\\');
        g_string_append_c(out, (guchar)*at < ' ' ? ' ' : *at);
    }
}

void markdown_append_code(GString *out, const char *text)
{
    g_string_append_c(out, '`');
    for (const char *at = text; *at; at++)
        g_string_append_c(out, *at == '`'          ? '\''
                               : *at == '|'        ? '/'
                               : (guchar)*at < ' ' ? ' '
                                                   : *at);
    g_string_append_c(out, '`');
}
