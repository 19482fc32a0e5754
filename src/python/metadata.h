/* Core metadata (METADATA, PKG-INFO): the headers that decide what is installed. */
#pragma once

#include "python/requirement.h"

typedef struct {
    char *name; /* as spelled */
    Version *version;
    char *metadata_version;   /* "2.1" or NULL */
    char *requires_python;    /* as spelled, or NULL */
    SpecifierSet *python;     /* parsed requires_python; NULL when absent or invalid */
    GPtrArray *requires_dist; /* Requirement, in file order */
    char **provides_extra;    /* as spelled, NULL-terminated */
    char **dynamic;           /* names of fields declared Dynamic, lower case */
} Metadata;

/* Reads until the blank line; folded lines, any case of keys, CRLF. Errors: ERROR_INPUT for a
 * missing or invalid Name or Version or an invalid Requires-Dist (pip 24.1 and newer refuse such a
 * version). */
Metadata *metadata_parse(const char *text, size_t length, GError **error);
void metadata_free(Metadata *metadata);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Metadata, metadata_free)
bool metadata_has_extra(const Metadata *metadata, const char *extra);
