/* What the files of the shell parser share. */
#pragma once

#include "dockerfile/shell.h"

typedef struct {
    ShellScript *script;
    const char *text;
    size_t at, end;
    unsigned nesting;
    GPtrArray *heredocs; /* ShellRedirect whose lines come behind the next line break; borrowed */
    /* what surrounds the next command */
    unsigned depth;
    bool isolated, conditional, forgiven;
    bool compound;    /* the command that was read last is one */
    GArray *branches; /* of an `if` at the outermost level that was read last, or NULL; owned */
} ShellParser;

/* Says why the script is not understood; returns false. The first reason stays. */
bool shell_fail(ShellParser *parser, const char *reason);
bool shell_enter(ShellParser *parser); /* one level deeper, or fails */
void shell_leave(ShellParser *parser);

/* Commands up to the end or to a word or sign that closes them, which is left there. */
bool shell_parse_list(ShellParser *parser);

char shell_peek(const ShellParser *parser, size_t ahead); /* '\0' at the end */
bool shell_looking_at(const ShellParser *parser, const char *text);
bool shell_is_meta(char c); /* ends a word; '\0' does too */
/* Blanks, continued lines and a comment. */
void shell_skip_blanks(ShellParser *parser);
/* At a line break: goes behind it and the heredocs that are due. */
bool shell_line_break(ShellParser *parser);

/* The word at parser->at, which is no meta character. NULL: not understood. */
ShellWord *shell_word_parse(ShellParser *parser);
void shell_part_clear(void *part);
void shell_word_free(void *word);
/* Whether a redirection begins here, and reads it into the array. */
bool shell_at_redirect(const ShellParser *parser);
bool shell_redirect_parse(ShellParser *parser, GPtrArray *redirects, bool glued);
void shell_redirect_free(void *redirect);
