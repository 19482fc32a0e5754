/* The patterns of ${NAME#pattern}, ${NAME%pattern} and ${NAME/pattern/text}: "*" and "?" stand for
 * characters, "\" takes their meaning away, "[" is a character like others. */
#pragma once

#include "base/error.h"

/* `value` without what the pattern matches at its beginning, or at its end for `suffix`: the
 * shortest such part, the longest for `greedy`. Caller frees; NULL for a malformed pattern. */
char *lex_pattern_trim(const char *value, const char *pattern, bool suffix, bool greedy,
                       GError **error);
/* `value` with the first match, or all of them, replaced. */
char *lex_pattern_replace(const char *value, const char *pattern, const char *replacement, bool all,
                          GError **error);
