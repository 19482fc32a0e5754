/* Tables of facts that lie beside the program as YAML. */
#pragma once

#include "text/decode.h"

/* Decodes the file into a new struct of the shape; mistakes go to diags, NULL after one. */
void *table_file_load(const char *path, const Shape *shape, Diags *diags);
