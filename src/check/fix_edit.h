/* Changes of the user's lines: one version for another, in requirements and constraints files and
 * in recipes, with everything else of the line as it was. */
#pragma once

#include "check/source_book.h"

typedef struct {
    char *at;             /* "requirements.txt:1" */
    Source *source;       /* the book's */
    size_t start, length; /* what is replaced, in bytes of the source */
    char *before;         /* that text: "bitsandbytes==0.45.0" */
    char *after;
} FixEdit;
void fix_edit_free(void *edit);
/* Where the replaced text stands: within one line. */
Span fix_edit_span(const FixEdit *edit);

/* The change with which the user's line at `address` asks for `name` in the version `wanted`, where
 * it asked by `requirement`: there, or where the variable of the recipe that it uses gets its value
 * in the recipe's row. NULL: no such text is found. */
FixEdit *fix_edit_version(SourceBook *book, const Recipe *recipe, const char *address,
                          const char *requirement, const char *wanted);
/* The change of `before` on the line to `after`. NULL: it is not there, or twice. */
FixEdit *fix_edit_text(SourceBook *book, const char *address, const char *before,
                       const char *after);

/* Adds the edit, which stays the caller's, unless one that touches its place is there. */
void fix_edits_add(GPtrArray *edits, FixEdit *edit);
/* The same for a list that owns its edits; takes `edit`. */
void fix_edits_take(GPtrArray *edits, FixEdit *edit);
/* The source with those of the edits (FixEdit) that are its own; caller frees. */
char *fix_edits_apply(const GPtrArray *edits, const Source *source);
/* Each source that the edits change, once; caller frees the array. */
GPtrArray *fix_edits_sources(const GPtrArray *edits);
/* The edits as a unified diff without context (diff -U0); caller frees. */
char *fix_edits_diff(const SourceBook *book, const GPtrArray *edits);
