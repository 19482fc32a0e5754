#include "plan/layout.h"

#include <stdarg.h>

static const char *const tints[] = {"", "\033[1m", "\033[2m", "\033[32m", "\033[33m", "\033[31m"};

char *layout_size(guint64 bytes)
{
    static const char *const units[] = {"kB", "MB"};
    if (bytes < 1000)
        return g_strdup_printf("%u B", (unsigned)bytes);
    guint64 step = 1000;
    for (size_t unit = 0; unit < G_N_ELEMENTS(units); unit++, step *= 1000) {
        guint64 tenths = (bytes + step / 20) / (step / 10);
        if (tenths < 10000)
            return g_strdup_printf("%u.%u %s", (unsigned)tenths / 10, (unsigned)tenths % 10,
                                   units[unit]);
    }
    guint64 hundredths = (bytes + step / 200) / (step / 100);
    return g_strdup_printf("%" G_GUINT64_FORMAT ".%02u GB", hundredths / 100,
                           (unsigned)(hundredths % 100));
}

static char *clean(const char *text)
{
    g_autofree char *valid = g_utf8_make_valid(text, -1);
    GString *out = g_string_new(NULL);
    for (const char *p = valid; *p; p = g_utf8_next_char(p)) {
        gunichar c = g_utf8_get_char(p);
        g_string_append_unichar(out, c != '\n' && g_unichar_iscntrl(c) ? ' ' : c);
    }
    return g_string_free(out, FALSE);
}

unsigned layout_width(const char *text)
{
    return (unsigned)g_utf8_strlen(text, -1);
}

static void put_clean(Layout *layout, Tint tint, const char *text, size_t length)
{
    bool tinted = layout->colour && tint != TINT_NONE && length > 0;
    if (tinted)
        g_string_append(layout->out, tints[tint]);
    g_string_append_len(layout->out, text, (gssize)length);
    if (tinted)
        g_string_append(layout->out, "\033[0m");
}

void layout_put(Layout *layout, Tint tint, const char *text)
{
    g_autofree char *cleaned = clean(text);
    put_clean(layout, tint, cleaned, strlen(cleaned));
}

void layout_printf(Layout *layout, Tint tint, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_autofree char *text = g_strdup_vprintf(format, args);
    va_end(args);
    layout_put(layout, tint, text);
}

static void put_blanks(Layout *layout, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        g_string_append_c(layout->out, ' ');
}

void layout_pad(Layout *layout, Tint tint, const char *text, unsigned width, bool right)
{
    unsigned length = layout_width(text);
    unsigned blanks = length < width ? width - length : 0;
    if (right)
        put_blanks(layout, blanks);
    layout_put(layout, tint, text);
    if (!right)
        put_blanks(layout, blanks);
}

/* The words of a line are one run of the tint. */
static void words_of_line(Layout *layout, Tint tint, const char *line, unsigned column,
                          unsigned indent)
{
    g_auto(GStrv) words = g_strsplit(line, " ", -1);
    g_autoptr(GString) run = g_string_new(NULL);
    for (guint i = 0; words[i]; i++) {
        if (!*words[i])
            continue;
        unsigned width = layout_width(words[i]);
        bool first = run->len == 0;
        if (!first && column + 1 + width > layout->columns) {
            put_clean(layout, tint, run->str, run->len);
            g_string_truncate(run, 0);
            g_string_append_c(layout->out, '\n');
            put_blanks(layout, indent);
            column = indent;
            first = true;
        }
        g_auto(GStrv) parts = g_strsplit(words[i], LAYOUT_JOIN, -1);
        g_autofree char *joined = g_strjoinv(" ", parts);
        g_string_append_printf(run, "%s%s", first ? "" : " ", joined);
        column += width + !first;
    }
    put_clean(layout, tint, run->str, run->len);
    g_string_append_c(layout->out, '\n');
}

void layout_words(Layout *layout, Tint tint, const char *text, unsigned column, unsigned indent)
{
    g_autofree char *cleaned = clean(text);
    g_auto(GStrv) lines = g_strsplit(cleaned, "\n", -1);
    for (guint i = 0; lines[i]; i++) {
        if (i > 0)
            put_blanks(layout, indent);
        words_of_line(layout, tint, lines[i], i == 0 ? column : indent, indent);
    }
}

void layout_rest(Layout *layout, Tint tint, const char *text, unsigned column)
{
    g_autofree char *cleaned = clean(text);
    unsigned room = layout->columns > column + 3 ? layout->columns - column : 3;
    if (layout_width(cleaned) > room) {
        g_autofree char *part = g_utf8_substring(cleaned, 0, room - 3);
        layout_printf(layout, tint, "%s...", part);
    } else {
        put_clean(layout, tint, cleaned, strlen(cleaned));
    }
    g_string_append_c(layout->out, '\n');
}
