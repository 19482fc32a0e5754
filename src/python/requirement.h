/* PEP 508 requirements: `name[extras] (specifiers) ; marker` and `name[extras] @ url ; marker`. */
#pragma once

#include "python/marker.h"
#include "python/specifier.h"

typedef struct {
    char *name;               /* as spelled */
    char *canonical;          /* PEP 503 */
    char **extras;            /* as spelled, sorted, NULL-terminated; never NULL */
    SpecifierSet *specifiers; /* never NULL */
    char *url;                /* direct reference, or NULL */
    Marker *marker;           /* or NULL */
    char *text;               /* as packaging prints it */
} Requirement;

/* Errors: ERROR_INPUT saying what was expected and where in the text. */
Requirement *requirement_parse(const char *text, GError **error);
Requirement *requirement_copy(const Requirement *requirement);
void requirement_free(Requirement *requirement);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Requirement, requirement_free)

/* Same name and same set of specifiers, whatever the spelling and the marker (how `acknowledge:`
 * compares). */
bool requirement_same_clause(const Requirement *a, const Requirement *b);
