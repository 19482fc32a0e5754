/* Dockerfiles as BuildKit's frontend reads them (Dockerfile reference; where it is silent, what
 * BuildKit does): parser directives, comments and blank lines inside continued instructions,
 * heredocs, flags, exec and shell form, ONBUILD.
 *
 * Nothing is evaluated here: references stay as they are written (see dockerfile/build_stages.h),
 * and so do quotes in words (see dockerfile/lexer.h). Every text remembers where it stood. What a
 * builder would refuse is a problem with a place, and reading goes on behind it. */
#pragma once

#include "dockerfile/placed.h"

typedef enum {
    DOCKER_ADD,
    DOCKER_ARG,
    DOCKER_CMD,
    DOCKER_COPY,
    DOCKER_ENTRYPOINT,
    DOCKER_ENV,
    DOCKER_EXPOSE,
    DOCKER_FROM,
    DOCKER_HEALTHCHECK,
    DOCKER_LABEL,
    DOCKER_MAINTAINER,
    DOCKER_ONBUILD,
    DOCKER_RUN,
    DOCKER_SHELL,
    DOCKER_STOPSIGNAL,
    DOCKER_USER,
    DOCKER_VOLUME,
    DOCKER_WORKDIR,
    DOCKER_UNKNOWN,
} DockerKeyword;

typedef struct {
    char *name;            /* "mount" */
    char *value;           /* without quotes and escapes; NULL: there is no "=" */
    size_t offset, length; /* in the instruction's line */
} DockerFlag;

/* One heredoc of ADD, COPY or RUN. */
typedef struct {
    char *name;     /* "EOF" */
    unsigned fd;    /* the number before "<<", 0 where there is none */
    bool expand;    /* its end marker is not quoted */
    bool chomp;     /* "<<-": leading tabs are dropped */
    Placed *body;   /* as it stands in the file, with its line ends, without the end marker */
    Placed *ending; /* the line of the end marker */
} DockerHeredoc;

typedef struct DockerInstruction DockerInstruction;
struct DockerInstruction {
    DockerKeyword keyword;
    Placed *line;                   /* joined, from the keyword on */
    size_t name;                    /* length of the keyword, which begins the line */
    size_t arguments;               /* where in the line they begin, behind the flags */
    unsigned first_line, last_line; /* in the file, heredocs included */
    GPtrArray *flags;               /* DockerFlag, in order */
    /* Placed, by keyword: exec form (`exec` is true): the strings. RUN, CMD, ENTRYPOINT, SHELL,
     * MAINTAINER, STOPSIGNAL, USER, WORKDIR: one, all of the arguments. HEALTHCHECK: "CMD" or
     * "NONE", then as CMD. ENV and LABEL: name, value, name, value ... ARG: "name" or "name=value"
     * each. ADD, COPY, EXPOSE, FROM, VOLUME: what blanks part. */
    GPtrArray *words;
    bool exec;                  /* the JSON form */
    bool old_form;              /* ENV or LABEL: "name value" */
    GPtrArray *heredocs;        /* DockerHeredoc, in order */
    DockerInstruction *trigger; /* ONBUILD's; NULL elsewhere */
};

typedef struct {
    Source *source;
    char escape;             /* "\" or "`" */
    char *syntax, *check;    /* directives, or NULL */
    GPtrArray *instructions; /* DockerInstruction, in order */
    GPtrArray *problems;     /* GError: what builders refuse, in order */
    GArray *blank_lines;     /* unsigned: empty lines inside continued instructions */
} Dockerfile;

/* Takes a reference. Bytes that are not UTF-8 are read as "?". Errors: ERROR_INPUT for a file that
 * is too large, has a line or a number of instructions that is, or a NUL character. */
Dockerfile *dockerfile_parse(Source *source, GError **error);
void dockerfile_free(Dockerfile *dockerfile);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Dockerfile, dockerfile_free)

const char *docker_keyword_name(DockerKeyword keyword); /* "RUN"; DOCKER_UNKNOWN: NULL */
/* NULL where the instruction has no such flag; the first where it has several. */
const DockerFlag *docker_flag_find(const DockerInstruction *instruction, const char *name);
Span docker_flag_span(const Dockerfile *file, const DockerInstruction *instruction,
                      const DockerFlag *flag);
/* The keyword. */
Span docker_instruction_span(const Dockerfile *file, const DockerInstruction *instruction);
Span docker_word_span(const Dockerfile *file, const Placed *word);
