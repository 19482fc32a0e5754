#include "base/progress.h"

#include "base/clock.h"
#include "base/escape.h"

enum {
    REDRAW_USEC = 80000,
    LINE_CHARS = 78, /* what fits on every terminal; the line must not wrap */
};

struct Progress {
    ProgressMode mode;
    char *step;
    gint64 drawn_at;
    bool line_shown;
};

Progress *progress_new(ProgressMode mode)
{
    Progress *progress = g_new0(Progress, 1);
    progress->mode = mode;
    return progress;
}

void progress_free(Progress *progress)
{
    if (!progress)
        return;
    progress_finish(progress);
    g_free(progress->step);
    g_free(progress);
}

static void draw_line(Progress *progress, const char *detail)
{
    g_autofree char *text =
        detail ? g_strdup_printf("%s: %s", progress->step, detail) : g_strdup(progress->step);
    long chars = g_utf8_strlen(text, -1);
    g_autofree char *shown = g_utf8_substring(text, 0, MIN(chars, LINE_CHARS));
    fprintf(stderr, "\r\033[K%s", shown);
    fflush(stderr);
    progress->line_shown = true;
}

static void write_json(const char *event, const char *text)
{
    g_autofree char *valid = g_utf8_make_valid(text, -1);
    g_autoptr(GString) line = g_string_new("{\"schema\": \"ramekin.progress/1\", \"");
    g_string_append_printf(line, "%s\": ", event);
    escape_json(line, valid);
    fprintf(stderr, "%s}\n", line->str);
}

void progress_step(Progress *progress, const char *format, ...)
{
    if (!progress || progress->mode == PROGRESS_NONE)
        return;
    va_list args;
    va_start(args, format);
    g_free(progress->step);
    progress->step = g_strdup_vprintf(format, args);
    va_end(args);
    if (progress->mode == PROGRESS_TERMINAL)
        draw_line(progress, NULL);
    else if (progress->mode == PROGRESS_JSON)
        write_json("step", progress->step);
    else
        fprintf(stderr, "%s\n", progress->step);
}

void progress_detail(Progress *progress, const char *format, ...)
{
    if (!progress || progress->mode != PROGRESS_TERMINAL || !progress->step)
        return;
    gint64 now = clock_monotonic_usec();
    if (now - progress->drawn_at < REDRAW_USEC)
        return;
    progress->drawn_at = now;
    va_list args;
    va_start(args, format);
    g_autofree char *detail = g_strdup_vprintf(format, args);
    va_end(args);
    draw_line(progress, detail);
}

void progress_finish(Progress *progress)
{
    if (!progress || !progress->line_shown)
        return;
    fprintf(stderr, "\r\033[K");
    fflush(stderr);
    progress->line_shown = false;
}
