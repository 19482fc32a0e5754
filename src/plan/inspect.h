/* What an image says of itself, without its layers being read: platforms, configuration, layers
 * with their history, and of an image that was built here what its lock says. */
#pragma once

#include "image/image_layout.h"
#include "lock/lock.h"
#include "plan/layout.h"

typedef struct {
    const ImageManifest *manifest;
    Lock *lock;    /* embedded; NULL: none that can be read */
    char *problem; /* why it can't be read; or NULL */
} InspectedImage;

typedef struct {
    char *name;           /* as the user wrote it */
    char *digest;         /* of what it names; or NULL */
    GPtrArray *manifests; /* ImageManifest */
    GPtrArray *images;    /* InspectedImage, one for each platform */
} Inspection;

/* `name` is oci:DIR[:TAG], oci-archive:FILE[:TAG] or docker-archive:FILE[:NAME]; where colons are
 * in names, the shortest path that exists is meant. `platform` NULL: all. Errors: ERROR_INPUT,
 * ERROR_FAILED; ERROR_USAGE for another name. */
Inspection *inspection_new(const char *name, const Platform *platform, GError **error);
void inspection_free(Inspection *inspection);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Inspection, inspection_free)

/* Callers free. */
char *inspection_format_text(const Inspection *inspection, const TextStyle *style);
char *inspection_encode_json(const Inspection *inspection); /* ramekin.inspect/1 */

/* For both of them: the entry that tells of the layer, or NULL; bytes of all layers. */
const ImageHistory *inspected_history(const InspectedImage *image, guint layer);
guint64 inspected_size(const InspectedImage *image);
