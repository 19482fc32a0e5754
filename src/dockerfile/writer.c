#include "dockerfile/writer.h"

#include "dockerfile/words.h"

enum {
    LINE_COLUMNS = 96, /* a command longer than this has an argument a line */
};

struct DockerfileWriter {
    GString *text;
};

typedef struct {
    GPtrArray *words; /* the beginning, then each argument; quoted */
} RunCommand;

struct RunStep {
    GPtrArray *mounts;   /* char* */
    GPtrArray *commands; /* RunCommand */
};

DockerfileWriter *dockerfile_writer_new(void)
{
    DockerfileWriter *writer = g_new(DockerfileWriter, 1);
    writer->text = g_string_new(NULL);
    return writer;
}

void dockerfile_writer_free(DockerfileWriter *writer)
{
    if (!writer)
        return;
    if (writer->text)
        g_string_free(writer->text, TRUE);
    g_free(writer);
}

char *dockerfile_writer_finish(DockerfileWriter *writer)
{
    return g_string_free(g_steal_pointer(&writer->text), FALSE);
}

void dockerfile_comment(DockerfileWriter *writer, const char *text)
{
    if (!text || !*text)
        return;
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    for (guint i = 0; lines[i]; i++) {
        const char *line = g_strchomp(lines[i]);
        if (!lines[i + 1] && !*line)
            break;
        g_string_append_printf(writer->text, "#%s%s\n", *line ? " " : "", line);
    }
}

void dockerfile_blank(DockerfileWriter *writer)
{
    if (writer->text->len > 0 && !g_str_has_suffix(writer->text->str, "\n\n"))
        g_string_append_c(writer->text, '\n');
}

void dockerfile_instruction(DockerfileWriter *writer, const char *name, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_string_append_printf(writer->text, "%s ", name);
    g_string_append_vprintf(writer->text, format, args);
    g_string_append_c(writer->text, '\n');
    va_end(args);
}

void dockerfile_heredoc_file(DockerfileWriter *writer, const char *flags, const char *path,
                             const char *text)
{
    g_autofree char *end = word_heredoc_end(text);
    g_autofree char *target = word_shell(path);
    /* The quoted marker keeps the builder from expanding variables in the text. */
    g_string_append_printf(writer->text, "COPY %s<<'%s' %s\n%s%s%s\n", flags, end, target, text,
                           g_str_has_suffix(text, "\n") || !*text ? "" : "\n", end);
}

static void command_free(void *data)
{
    RunCommand *command = data;
    g_ptr_array_unref(command->words);
    g_free(command);
}

RunStep *run_step_new(void)
{
    RunStep *run = g_new(RunStep, 1);
    run->mounts = g_ptr_array_new_with_free_func(g_free);
    run->commands = g_ptr_array_new_with_free_func(command_free);
    return run;
}

void run_step_free(RunStep *run)
{
    if (!run)
        return;
    g_ptr_array_unref(run->mounts);
    g_ptr_array_unref(run->commands);
    g_free(run);
}

void run_step_mount(RunStep *run, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_ptr_array_add(run->mounts, g_strdup_vprintf(format, args));
    va_end(args);
}

void run_step_command(RunStep *run, const char *format, ...)
{
    RunCommand *command = g_new(RunCommand, 1);
    command->words = g_ptr_array_new_with_free_func(g_free);
    va_list args;
    va_start(args, format);
    g_ptr_array_add(command->words, g_strdup_vprintf(format, args));
    va_end(args);
    g_ptr_array_add(run->commands, command);
}

void run_step_argument(RunStep *run, const char *format, ...)
{
    RunCommand *command = run->commands->pdata[run->commands->len - 1];
    va_list args;
    va_start(args, format);
    g_ptr_array_add(command->words, g_strdup_vprintf(format, args));
    va_end(args);
}

void run_step_switch(RunStep *run, const char *format, ...)
{
    RunCommand *command = run->commands->pdata[run->commands->len - 1];
    va_list args;
    va_start(args, format);
    g_autofree char *text = g_strdup_vprintf(format, args);
    va_end(args);
    char *head = g_strdup_printf("%s %s", (char *)command->words->pdata[0], text);
    g_free(command->words->pdata[0]);
    command->words->pdata[0] = head;
}

bool run_step_is_empty(const RunStep *run)
{
    return run->commands->len == 0;
}

static size_t command_columns(const RunCommand *command)
{
    size_t columns = 0;
    for (guint i = 0; i < command->words->len; i++)
        columns += strlen(command->words->pdata[i]) + 1;
    return columns;
}

/* On one line where it fits, else an argument a line; `indent` is that of the arguments. */
static void append_command(GString *out, const RunCommand *command, const char *indent)
{
    bool fits = command_columns(command) <= LINE_COLUMNS;
    for (guint i = 0; i < command->words->len; i++) {
        if (i > 0 && fits)
            g_string_append_c(out, ' ');
        else if (i > 0)
            g_string_append_printf(out, " \\\n%s", indent);
        g_string_append(out, command->words->pdata[i]);
    }
}

void dockerfile_run(DockerfileWriter *writer, const RunStep *run)
{
    GString *out = writer->text;
    g_string_append(out, "RUN ");
    for (guint i = 0; i < run->mounts->len; i++)
        g_string_append_printf(out, "--mount=%s \\\n    ", (char *)run->mounts->pdata[i]);
    for (guint i = 0; i < run->commands->len; i++) {
        if (i > 0)
            g_string_append(out, " \\\n    && ");
        append_command(out, run->commands->pdata[i], "        ");
    }
    g_string_append_c(out, '\n');
}

char *run_step_script(const RunStep *run)
{
    GString *out = g_string_new(NULL);
    for (guint i = 0; i < run->commands->len; i++) {
        append_command(out, run->commands->pdata[i], "    ");
        g_string_append_c(out, '\n');
    }
    return g_string_free(out, FALSE);
}
