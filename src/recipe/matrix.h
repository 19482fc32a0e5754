/* `matrix:` of a recipe: rows of variable values, by name or as the product of lists. */
#pragma once

#include "text/decode.h"

typedef struct {
    char *name;
    GArray *values; /* NodePair: variable and value, in order */
} MatrixRow;

void matrix_row_free(void *row);

/* The rows of a `matrix:` node in order; empty for NULL and after mistakes. */
GPtrArray *matrix_decode(Decoder *decoder, const Node *node);
