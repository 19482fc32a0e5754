/* What changed between two texts, line by line. */
#pragma once

#include <glib.h>

typedef struct {
    const char *text; /* what is compared */
    size_t length;
    const char *shown; /* what is printed, of the same length: `text`, or a masked copy */
} DiffSide;

/* A unified diff without context (diff -U0) of the file `path`; "" where nothing differs. Line ends
 * are compared, and printed as "\n"; control characters are printed as blanks. The hunks turn the
 * one into the other; after a change of hundreds of lines they may be longer than need be. Caller
 * frees. */
char *line_diff(const char *path, DiffSide old, DiffSide new);
