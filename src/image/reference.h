/* Names of images in registries: [HOST[:PORT]/]PATH[:TAG][@DIGEST] (the grammar that docker,
 * containerd and skopeo share). */
#pragma once

#include "base/error.h"

typedef struct {
    char *host; /* with its port; NULL: the default registry */
    char *path;
    char *tag;    /* or NULL */
    char *digest; /* "sha256:…", or NULL */
} ImageReference;

/* Errors: ERROR_INPUT saying which part is wrong. */
ImageReference *image_reference_parse(const char *text, GError **error);
void image_reference_free(ImageReference *reference);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(ImageReference, image_reference_free)
bool image_digest_is_valid(const char *text); /* "sha256:" or "sha512:" and lower-case hex */
