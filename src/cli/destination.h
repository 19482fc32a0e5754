/* Where an image goes: "oci:DIR[:TAG]", "oci-archive:FILE[:TAG]", "docker-archive:FILE[:NAME:TAG]",
 * "layer:FILE.tar[.gz|.zst]", "layers:DIR", "rootfs:FILE.tar". */
#pragma once

#include "emit/image.h"

typedef enum {
    DESTINATION_OCI,
    DESTINATION_OCI_ARCHIVE,
    DESTINATION_DOCKER_ARCHIVE,
    DESTINATION_LAYER,
    DESTINATION_LAYERS,
    DESTINATION_ROOTFS,
} DestinationKind;

typedef struct {
    DestinationKind kind;
    const char *text; /* as the user wrote it; borrowed */
    char *path;
    char *tag;  /* NULL: not given, or none for this kind */
    int format; /* LayerFormat of a single layer's file, by its name; else -1 */
} Destination;

/* Errors: ERROR_USAGE. */
Destination *destination_parse(const char *text, GError **error);
void destination_free(Destination *destination);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Destination, destination_free)
/* What can be said before anything is built: ERROR_INPUT where a file stands in the place of a
 * folder, or a folder in that of a file. */
gboolean destination_check(const Destination *destination, GError **error);
/* Whether it can take an image of several platforms, or images of several rows under tags. */
bool destination_takes_several(const Destination *destination);
/* Writes the images (BuiltImage, one a platform); `tag` where the destination names none. */
gboolean destination_write(const Destination *destination, const char *tag, const char *name,
                           const GPtrArray *images, GError **error);
