/* Platforms as OCI spells them: "linux/amd64", "linux/arm64/v8". */
#pragma once

#include "base/error.h"

typedef struct {
    char *os;
    char *architecture;
    char *variant; /* or NULL */
} Platform;

/* Errors: ERROR_INPUT. */
Platform *platform_parse(const char *text, GError **error);
void platform_free(Platform *platform);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Platform, platform_free)
/* Whether an image that says these (any of which may be NULL) is for `wanted` (likewise); arm64 and
 * arm64/v8 are the same, and a variant matters only where both sides have one. */
bool platform_matches(const Platform *wanted, const char *os, const char *architecture,
                      const char *variant);
