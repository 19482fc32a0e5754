#include "text/line_diff.h"

#include <stdbool.h>
#include <string.h>

enum {
    WINDOW = 256, /* lines that a hunk looks ahead for where both go on alike */
};

typedef struct {
    DiffSide side;
    GArray *starts; /* size_t: of each line, then the end of the text */
} Lines;

static Lines split(DiffSide side)
{
    Lines lines = {side, g_array_new(FALSE, FALSE, sizeof(size_t))};
    for (size_t at = 0; at < side.length;) {
        g_array_append_val(lines.starts, at);
        const char *end = memchr(side.text + at, '\n', side.length - at);
        at = end ? (size_t)(end - side.text) + 1 : side.length;
    }
    g_array_append_val(lines.starts, side.length);
    return lines;
}

static guint count_of(const Lines *lines)
{
    return lines->starts->len - 1;
}

static size_t start_of(const Lines *lines, guint i)
{
    return g_array_index(lines->starts, size_t, i);
}

static bool are_equal(const Lines *old, guint i, const Lines *new, guint k)
{
    if (i == count_of(old) || k == count_of(new))
        return i == count_of(old) && k == count_of(new);
    size_t length = start_of(old, i + 1) - start_of(old, i);
    return length == start_of(new, k + 1) - start_of(new, k) &&
           memcmp(old->side.text + start_of(old, i), new->side.text + start_of(new, k), length) ==
               0;
}

/* How many lines of each make the change that begins at both places: the fewest in all behind which
 * a line is the same. */
static void measure(const Lines *old, guint i, const Lines *new, guint k, guint *ret_gone,
                    guint *ret_come)
{
    guint most_gone = count_of(old) - i, most_come = count_of(new) - k;
    for (guint all = 1; all <= WINDOW; all++) {
        for (guint gone = 0; gone <= all; gone++) {
            guint come = all - gone;
            if (gone <= most_gone && come <= most_come && are_equal(old, i + gone, new, k + come)) {
                *ret_gone = gone;
                *ret_come = come;
                return;
            }
        }
    }
    *ret_gone = most_gone;
    *ret_come = most_come;
}

static void put_range(GString *out, char sign, guint at, guint count)
{
    g_string_append_printf(out, " %c%u", sign, count == 0 ? at : at + 1);
    if (count != 1)
        g_string_append_printf(out, ",%u", count);
}

static void put_lines(GString *out, char sign, const Lines *lines, guint at, guint count)
{
    for (guint i = at; i < at + count; i++) {
        size_t begin = start_of(lines, i), end = start_of(lines, i + 1);
        bool ended = lines->side.text[end - 1] == '\n';
        end -= ended;
        end -= end > begin && lines->side.text[end - 1] == '\r';
        g_string_append_c(out, sign);
        for (size_t p = begin; p < end; p++) {
            char c = lines->side.shown[p];
            g_string_append_c(out, g_ascii_iscntrl(c) && c != '\t' ? ' ' : c);
        }
        g_string_append(out, ended ? "\n" : "\n\\ No newline at end of file\n");
    }
}

char *line_diff(const char *path, DiffSide old_side, DiffSide new_side)
{
    Lines old = split(old_side), new = split(new_side);
    GString *out = g_string_new(NULL);
    for (guint i = 0, k = 0; i < count_of(&old) || k < count_of(&new);) {
        if (are_equal(&old, i, &new, k)) {
            i++;
            k++;
            continue;
        }
        guint gone, come;
        measure(&old, i, &new, k, &gone, &come);
        if (out->len == 0)
            g_string_append_printf(out, "--- %s\n+++ %s\n", path, path);
        g_string_append(out, "@@");
        put_range(out, '-', i, gone);
        put_range(out, '+', k, come);
        g_string_append(out, " @@\n");
        put_lines(out, '-', &old, i, gone);
        put_lines(out, '+', &new, k, come);
        i += gone;
        k += come;
    }
    g_array_unref(old.starts);
    g_array_unref(new.starts);
    return g_string_free(out, FALSE);
}
