#include "base/wrap.h"

#include <stdbool.h>

void wrap_append(GString *out, const char *text, unsigned column, unsigned indent, unsigned columns)
{
    if (columns == 0) {
        g_string_append(out, text);
        return;
    }
    g_auto(GStrv) words = g_strsplit(text, " ", -1);
    bool first = true;
    for (guint i = 0; words[i]; i++) {
        unsigned width = (unsigned)g_utf8_strlen(words[i], -1);
        if (!first && column + 1 + width > columns) {
            g_string_append_printf(out, "\n%*s", (int)indent, "");
            column = indent;
            first = true;
        }
        g_string_append_printf(out, "%s%s", first ? "" : " ", words[i]);
        column += width + !first;
        first = false;
    }
}
