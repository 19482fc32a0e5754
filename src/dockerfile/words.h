/* Words as a POSIX shell and as Dockerfile instructions read them.
 *
 * Everything here returns text that its reader takes back apart into exactly the word that went in.
 * A RUN instruction is one logical line, so no result holds a raw line break. Callers free. */
#pragma once

#include <glib.h>
#include <stdbool.h>

/* As one word of a shell command: bare where that is safe, else in single quotes. A text with line
 * breaks becomes a command substitution, which drops those at its end. */
char *word_shell(const char *text);
/* As a value of ENV or LABEL: bare where that is safe, else in double quotes. `expand`: $NAME and
 * ${NAME} stay references to the image's environment. NULL for a text with a line break, which
 * these instructions can't carry. */
char *word_value(const char *text, bool expand);
/* As the exec form of CMD, ENTRYPOINT and HEALTHCHECK, or the list form of COPY: ["a", "b"]. */
char *words_exec(const char *const *words);
/* The end marker of a heredoc: "EOF", or what no line of `text` equals. */
char *word_heredoc_end(const char *text);
