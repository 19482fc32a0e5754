/* Shell scripts of RUN instructions, taken apart into simple commands (POSIX XCU 2, with what bash
 * adds in scripts that people write: [[ ]], (( )), arrays, <<<, &>, process substitution).
 *
 * The commands lie in one list, in the order in which they stand, those inside of compound commands
 * and substitutions too; each knows what surrounds it. Nothing is run or expanded. A script that
 * has something in it that is not read here is `understood == false` and has no commands: who
 * judges it says nothing. */
#pragma once

#include "dockerfile/placed.h"

typedef enum {
    SHELL_TEXT,     /* `text`, its quotes taken away */
    SHELL_VARIABLE, /* $NAME or ${NAME}: `text` is the name */
    SHELL_OTHER,    /* any other expansion or substitution; `text` is NULL */
} ShellPartKind;

typedef struct {
    ShellPartKind kind;
    bool quoted; /* no blank in it parts words, no wildcard is one */
    char *text;
} ShellPart;

typedef struct {
    GArray *parts;         /* ShellPart; an empty one for "" */
    size_t offset, length; /* in the script */
} ShellWord;

typedef enum {
    REDIRECT_IN,          /* < */
    REDIRECT_OUT,         /* > */
    REDIRECT_APPEND,      /* >> */
    REDIRECT_CLOBBER,     /* >| */
    REDIRECT_IN_OUT,      /* <> */
    REDIRECT_COPY_IN,     /* <& */
    REDIRECT_COPY_OUT,    /* >& */
    REDIRECT_BOTH,        /* &> */
    REDIRECT_BOTH_APPEND, /* &>> */
    REDIRECT_HEREDOC,     /* << and <<- */
    REDIRECT_STRING,      /* <<< */
} ShellRedirectKind;

typedef struct {
    ShellRedirectKind kind;
    bool glued;               /* no blank before it: the word before may have been meant to go on */
    bool plain;               /* heredoc: its marker is quoted, so nothing in it is expanded */
    bool chomp;               /* heredoc: "<<-" */
    ShellWord *target;        /* of a heredoc: its end marker */
    size_t offset, length;    /* from the number or the operator to the end of the target */
    size_t body, body_length; /* heredoc: where its lines stand in the script */
} ShellRedirect;

/* What follows a command, or goes before it. */
typedef enum {
    SHELL_LINK_NONE, /* nothing: the beginning or the end of a list */
    SHELL_LINK_THEN, /* ";" or a line break */
    SHELL_LINK_AND,
    SHELL_LINK_OR,
    SHELL_LINK_PIPE,
    SHELL_LINK_BACKGROUND,
} ShellLink;

typedef struct {
    GPtrArray *assignments; /* ShellWord: "NAME=value" before the words; arrays too */
    GPtrArray *words;       /* ShellWord */
    GPtrArray *redirects;   /* ShellRedirect */
    ShellLink before, after;
    unsigned depth;   /* compound commands and substitutions around it */
    bool isolated;    /* in a subshell, a pipe, a substitution or the background: what it changes
                         in the shell ends with it */
    bool conditional; /* it may not run: in a branch, a loop or a function, or behind "||" */
    bool forgiven;    /* the script goes on when it fails: "cmd || true", a condition, "!" */
    size_t offset, length; /* from the first to the last of its words */
} ShellCommand;

/* A piece of the script's outermost list, between two links. */
typedef struct {
    size_t offset, length; /* with its redirections */
    ShellLink before, after;
    guint begin, end; /* its commands in the list of all */
    bool compound;    /* no simple command */
    bool negated;     /* "! command" */
    GArray *branches; /* of `if` alone: size_t quadruples, offset and length of the condition and of
                         what is done then; the condition of `else` has length 0. NULL: no `if` */
} ShellStep;

typedef struct {
    Placed *text;
    GPtrArray *commands; /* ShellCommand */
    GPtrArray *steps;    /* ShellStep */
    GArray *comments;    /* size_t pairs: offset, length */
    GPtrArray *names;    /* char *: the variables of `for` and `select` */
    bool understood;
    const char *reason; /* why not, in words; NULL where it is */
    size_t reason_at;
} ShellScript;

/* Takes `text`. */
ShellScript *shell_parse(Placed *text);
void shell_script_free(ShellScript *script);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(ShellScript, shell_script_free)

/* Whether all of the word is known from the script: no variable, no substitution. */
bool shell_word_is_plain(const ShellWord *word);
/* The value of a variable, or NULL where it is not known. */
typedef const char *(*ShellLookup)(const void *data, const char *name);
/* What the word says, without wildcards being expanded; NULL where it is not known. `lookup` NULL:
 * plain words only. Caller frees. */
char *shell_word_value(const ShellWord *word, ShellLookup lookup, const void *data);
/* The same split where an unquoted variable's value has blanks; NULL where it is not known. */
GPtrArray *shell_word_fields(const ShellWord *word, ShellLookup lookup, const void *data);
bool shell_word_equals(const ShellWord *word, const char *text);
/* Where the word stands in the file. */
Span shell_word_span(const ShellScript *script, const ShellWord *word, Source *source);
