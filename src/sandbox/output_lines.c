#include "sandbox/output_lines.h"

#include <errno.h>
#include <unistd.h>

enum {
    READ_BYTES = 64 * 1024,
};

OutputLines *output_lines_new(const SandboxCommand *command, int out, int err)
{
    OutputLines *lines = g_new0(OutputLines, 1);
    lines->command = command;
    lines->left = command->output_bytes > 0 ? command->output_bytes : SANDBOX_OUTPUT_BYTES;
    lines->streams[SANDBOX_STDOUT] = out;
    lines->streams[SANDBOX_STDERR] = err;
    for (guint i = 0; i < G_N_ELEMENTS(lines->lines); i++)
        lines->lines[i] = g_string_new(NULL);
    return lines;
}

void output_lines_free(OutputLines *lines)
{
    if (!lines)
        return;
    for (guint i = 0; i < G_N_ELEMENTS(lines->lines); i++) {
        g_string_free(lines->lines[i], TRUE);
        if (lines->streams[i] >= 0)
            close(lines->streams[i]);
    }
    g_free(lines->first_error);
    g_free(lines);
}

static void give(OutputLines *lines, SandboxStream stream)
{
    GString *line = lines->lines[stream];
    if (lines->command->line)
        lines->command->line(lines->command->data, stream, line->str);
    if (stream == SANDBOX_STDERR && !lines->first_error)
        lines->first_error = g_strdup(line->str);
    g_string_truncate(line, 0);
    lines->cut[stream] = false;
}

static void take(OutputLines *lines, SandboxStream stream, const char *bytes, size_t length)
{
    GString *line = lines->lines[stream];
    size_t room = SANDBOX_LINE_BYTES - MIN(line->len, (gsize)SANDBOX_LINE_BYTES);
    for (size_t i = 0; i < MIN(length, room); i++)
        g_string_append_c(line, bytes[i] ? bytes[i] : '?');
    lines->cut[stream] = lines->cut[stream] || length > room;
}

static void split(OutputLines *lines, SandboxStream stream, const char *bytes, size_t length)
{
    while (length > 0) {
        const char *end = memchr(bytes, '\n', length);
        size_t part = end ? (size_t)(end - bytes) : length;
        take(lines, stream, bytes, part);
        if (!end)
            return;
        give(lines, stream);
        bytes = end + 1;
        length -= part + 1;
    }
}

bool output_lines_read(OutputLines *lines, SandboxStream stream)
{
    char buffer[READ_BYTES];
    ssize_t n = read(lines->streams[stream], buffer, sizeof buffer);
    if (n < 0 && (errno == EINTR || errno == EAGAIN))
        return true;
    if (n <= 0) {
        close(lines->streams[stream]);
        lines->streams[stream] = -1;
        return true;
    }
    size_t shown = MIN((size_t)n, lines->left);
    split(lines, stream, buffer, shown);
    lines->left -= shown;
    return shown == (size_t)n;
}

void output_lines_finish(OutputLines *lines)
{
    for (guint i = 0; i < G_N_ELEMENTS(lines->lines); i++) {
        if (lines->lines[i]->len > 0)
            give(lines, (SandboxStream)i);
    }
}
