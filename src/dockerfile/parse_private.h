/* What the files of the parser share. */
#pragma once

#include "dockerfile/parse.h"

/* What the instruction takes. */
typedef enum {
    ARGUMENTS_LIST,      /* words parted by blanks */
    ARGUMENTS_EXEC_LIST, /* a JSON array, else the same */
    ARGUMENTS_EXEC_TEXT, /* a JSON array, else one text */
    ARGUMENTS_TEXT,
    ARGUMENTS_PAIRS,
    ARGUMENTS_NAMES, /* ARG */
    ARGUMENTS_HEALTH,
    ARGUMENTS_TRIGGER,
    ARGUMENTS_NONE, /* not read */
} ArgumentKind;

typedef struct {
    const char *name;
    ArgumentKind arguments;
    bool heredocs;
    const char
        *flags; /* "link? chown exclude+": a name, with "?" for a switch, "+" if repeatable */
} KeywordSpec;

const KeywordSpec *keyword_spec(DockerKeyword keyword);

/* Reads the instruction that `line` is; takes it. */
DockerInstruction *instruction_parse(Dockerfile *file, Placed *line, unsigned nesting);
void docker_instruction_free(DockerInstruction *instruction);
/* Reports what a builder would refuse of one instruction. */
void instruction_check(Dockerfile *file, DockerInstruction *instruction);
/* The words of `arguments` (a slice of the line) by kind. */
void arguments_parse(Dockerfile *file, DockerInstruction *instruction, const Placed *arguments,
                     ArgumentKind kind, unsigned nesting);
/* The strings of a JSON array; NULL where the text is none. *ret_other: it is one of other values,
 * which is refused. */
GPtrArray *exec_form_parse(const Placed *text, bool *ret_other);
/* The heredocs that the joined line announces, without their bodies. */
GPtrArray *heredocs_find(const Placed *line);
void docker_heredoc_free(void *heredoc);

void docker_problem(Dockerfile *file, Span at, const char *format, ...) G_GNUC_PRINTF(3, 4);
