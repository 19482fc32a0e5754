/* What is known of base images by their names: a recipe for a registry's image says which Python
 * and C library are in it. */
#pragma once

#include "import/draft.h"

/* Sets base, python and libc. `base` may hold variables, `plain` has their values; NULL: not known.
 */
void base_read(Draft *draft, DraftValue *keys, const char *base, const char *plain, Span at,
               bool part);
