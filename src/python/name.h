/* Names of distributions and extras (PEP 503, PEP 685). */
#pragma once

#include <glib.h>
#include <stdbool.h>

/* Lower case, runs of "-", "_" and "." as one "-". Owned by the caller. */
char *name_canonicalize(const char *name);
/* PEP 508: ASCII letters, digits, "-_.", beginning and ending with a letter or digit. */
bool name_is_valid(const char *name);
/* The names of both lists (either may be NULL) in canonical form, sorted, each once; caller frees
 * with g_strfreev(). */
char **name_canonical_set(char **first, char **second);
