/* References to the environment in a value of ENV, as Docker's shell lexer reads them: $NAME,
 * ${NAME}, ${NAME:-word} where it is empty, ${NAME:+word} where it is not. A "\" is a character
 * like others: what writes the instruction has escaped it. */
#pragma once

#include "base/error.h"

/* The value of a variable, or NULL. */
typedef const char *(*ExpandLookup)(const void *data, const char *name, size_t length);

/* The text with references replaced, unknown ones by nothing; caller frees. ERROR_INPUT at `at` for
 * what builders read in different ways ($1, $$, ${NAME%x}), and for a result beyond 1 MiB. */
char *word_expand(const char *text, ExpandLookup lookup, const void *data, Span at, GError **error);
