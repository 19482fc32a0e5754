/* What specifier.c needs to know of a Version beyond version.h. */
#pragma once

#include "python/version.h"
#include "python/version_scan.h"

/* The version at text[0..length), white space around it allowed; NULL when it is none. The byte at
 * text[length] must be readable and end a version (a NUL, a blank, a comma ...). */
Version *version_parse_span(const char *text, size_t length);
/* The comparison key (version_scan.h), which belongs to the version. */
const guint8 *version_key(const Version *version, KeyLengths *ret_lengths);
