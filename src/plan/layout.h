/* Text for terminals: colours, sizes, lines that fit. Text from outside is cleaned of control
 * characters on its way in, so that no version or file name steers a terminal. */
#pragma once

#include <glib.h>
#include <stdbool.h>

typedef enum {
    TINT_NONE,
    TINT_STRONG,
    TINT_FAINT,
    TINT_GOOD,
    TINT_NOTICE,
    TINT_BAD,
} Tint;

typedef struct {
    GString *out;
    bool colour;
    unsigned columns;
} Layout;

/* How a result is shown to people. */
typedef struct {
    bool all; /* everything that is known */
    bool colour;
    unsigned columns;
    bool explained; /* why a stage can't be satisfied is said beside it, on the same screen */
} TextStyle;

/* "766.7 MB", decimal units; caller frees. */
char *layout_size(guint64 bytes);
/* Characters of a text, as columns. */
unsigned layout_width(const char *text);

/* The text as it is, in a tint. */
void layout_put(Layout *layout, Tint tint, const char *text);
void layout_printf(Layout *layout, Tint tint, const char *format, ...) G_GNUC_PRINTF(3, 4);
/* Padded with blanks to `width` columns (on the left when `right`); longer texts stay whole. */
void layout_pad(Layout *layout, Tint tint, const char *text, unsigned width, bool right);
/* A blank at which layout_words() does not break a line. */
#define LAYOUT_JOIN "\302\240"

/* Words from column `column` on, broken at blanks and line ends; continued lines begin at `indent`.
 * Ends the line. */
void layout_words(Layout *layout, Tint tint, const char *text, unsigned column, unsigned indent);
/* As much of the text as fits behind `column`, "..." for the rest. Ends the line. */
void layout_rest(Layout *layout, Tint tint, const char *text, unsigned column);
