/* Tables of facts that are written in YAML. */
#pragma once

#include "text/decode.h"

/* Decodes the text into a new struct of the shape; mistakes go to diags, NULL after one. */
void *table_file_decode(Source *source, const Shape *shape, Diags *diags);
