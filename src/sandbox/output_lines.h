/* What a program writes, line by line, while it runs. */
#pragma once

#include "sandbox/sandbox.h"

typedef struct {
    const SandboxCommand *command;
    guint64 left;   /* bytes that it may write yet */
    int streams[2]; /* read ends; -1: at its end */
    GString *lines[2];
    bool cut[2];       /* the rest of the line is left out */
    char *first_error; /* the first line of stderr, or NULL */
} OutputLines;

OutputLines *output_lines_new(const SandboxCommand *command, int out, int err);
/* Closes what is open. */
void output_lines_free(OutputLines *lines);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(OutputLines, output_lines_free)
/* Reads what is there. FALSE: it has written too much. */
bool output_lines_read(OutputLines *lines, SandboxStream stream);
/* What stands in lines without an end. */
void output_lines_finish(OutputLines *lines);
