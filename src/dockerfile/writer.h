/* A Dockerfile, written instruction by instruction. Knows the format and nothing of recipes.
 *
 * The text is what every builder takes: long RUN lines are continued with a backslash, no line of a
 * continued instruction begins with "#", and heredocs (which older builders lack) are used only
 * where the caller asks for a file. Arguments arrive quoted: see dockerfile/words.h. */
#pragma once

#include <glib.h>
#include <stdbool.h>

typedef struct DockerfileWriter DockerfileWriter;

DockerfileWriter *dockerfile_writer_new(void);
void dockerfile_writer_free(DockerfileWriter *writer);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(DockerfileWriter, dockerfile_writer_free)
/* The text; the writer may only be freed afterwards. Caller frees. */
char *dockerfile_writer_finish(DockerfileWriter *writer);

/* "# " before every line of `text`; NULL and "" write nothing. */
void dockerfile_comment(DockerfileWriter *writer, const char *text);
/* An empty line, never two in a row and none at the beginning. */
void dockerfile_blank(DockerfileWriter *writer);
void dockerfile_instruction(DockerfileWriter *writer, const char *name, const char *format, ...)
    G_GNUC_PRINTF(3, 4);
/* A file made of `text` (COPY with a heredoc). `flags`: "--chmod=0755 " or "". */
void dockerfile_heredoc_file(DockerfileWriter *writer, const char *flags, const char *path,
                             const char *text);

/* One RUN: mounts, then commands joined by &&. */
typedef struct RunStep RunStep;

RunStep *run_step_new(void);
void run_step_free(RunStep *run);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RunStep, run_step_free)

/* "type=cache,target=/root/.cache/pip" */
void run_step_mount(RunStep *run, const char *format, ...) G_GNUC_PRINTF(2, 3);
/* Begins the next command. */
void run_step_command(RunStep *run, const char *format, ...) G_GNUC_PRINTF(2, 3);
/* An argument of the last command, kept in one piece: a word, or an option with its value. */
void run_step_argument(RunStep *run, const char *format, ...) G_GNUC_PRINTF(2, 3);
/* Switches that stay beside the last command's first words. */
void run_step_switch(RunStep *run, const char *format, ...) G_GNUC_PRINTF(2, 3);
bool run_step_is_empty(const RunStep *run);
void dockerfile_run(DockerfileWriter *writer, const RunStep *run);
/* The same commands as lines of a shell script. */
char *run_step_script(const RunStep *run);
