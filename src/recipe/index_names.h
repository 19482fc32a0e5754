/* Names of package indexes that the language knows without a declaration: `main`, the default
 * index, and the folders of the torch wheel index (`cpu`, `cuNNN`, `rocmN.N`). */
#pragma once

#include <glib.h>
#include <stdbool.h>

/* The index that a CUDA version names: "12.4" → "cu124", "cu124", "cpu", "auto" and "rocm6.2" as
 * they are; NULL for anything else. Caller frees. */
char *cuda_index_name(const char *text);
/* "cu124" → "12.4"; NULL for other names. Caller frees. */
char *cuda_version_of_index(const char *name);
/* The URL of a built-in index; NULL for `main` and unknown names. Caller frees. */
char *builtin_index_url(const char *name);
bool index_name_is_builtin(const char *name);
