/* Words of Dockerfile instructions and the references in them, as BuildKit's shell lexer reads them
 * (Dockerfile reference, "Environment replacement"): quotes and escapes are taken away, $NAME,
 * ${NAME}, ${NAME:-word}, ${NAME-word}, :+ + :? ?, ${NAME#pattern}, ##, %, %%, ${NAME/pattern/text}
 * and // are replaced. This is no shell: RUN's commands are read by dockerfile/shell.h. */
#pragma once

#include "base/error.h"

typedef enum {
    LEX_UNSET,
    LEX_SET,
    LEX_UNKNOWN, /* it may be set or not, nobody can tell here */
} LexValue;

/* *ret_value is borrowed, and only read for LEX_SET. */
typedef LexValue (*LexLookup)(const void *data, const char *name, const char **ret_value);

typedef struct {
    char escape;      /* "\" or "`" */
    bool raw_quotes;  /* quotes stay in the result */
    bool raw_escapes; /* escapes too */
    bool keep_unset;  /* references to what is not set stay as they are */
} LexStyle;

typedef struct {
    char *text;       /* NULL: it hangs on a value that is not known */
    GPtrArray *words; /* the text, split at blanks that no quote protects */
    GPtrArray *unset; /* names that are referred to, without a default, and not set */
} LexResult;
void lex_result_free(LexResult *result);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(LexResult, lex_result_free)

/* `lookup` NULL: nothing is set. Errors: ERROR_INPUT without a span, saying what is malformed; a
 * ${NAME:?why} that is not set is one too. */
LexResult *lex_text(const char *text, LexStyle style, LexLookup lookup, const void *data,
                    GError **error);

/* What Unicode calls white space. */
bool lex_is_space(gunichar c);
