/* A layer's blob while it is read: gives the tar archive inside, and digests both on the way
 * (image-spec 1.1, config.md: "Layer DiffID"). */
#pragma once

#include "archive/decompress.h"

typedef struct LayerStream LayerStream;

/* What the layer is promised to be; NULL or 0 where nobody says. */
typedef struct {
    const char *digest;  /* "sha256:…", of the blob */
    const char *diff_id; /* of the tar */
    guint64 size;        /* bytes of the blob */
} LayerPromise;

typedef struct {
    char *digest, *diff_id; /* by the algorithms of the promise, else sha256 */
    guint64 size, tar_size;
    Compression compression;
} LayerFound;
void layer_found_clear(LayerFound *found);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(LayerFound, layer_found_clear)

/* `name` is what errors call the layer; the input's data stays the caller's. */
LayerStream *layer_stream_new(const char *name, const ArchiveInput *input,
                              const LayerPromise *promise, GError **error);
void layer_stream_free(LayerStream *stream);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(LayerStream, layer_stream_free)
/* The tar: the read of an ArchiveInput, whose data is the LayerStream. */
gssize layer_stream_read(void *stream, void *buffer, size_t length, GError **error);
/* Reads what is left. ERROR_INPUT naming the layer where it is not what was promised; what it is
 * instead is in the message. */
gboolean layer_stream_finish(LayerStream *stream, LayerFound *ret_found, GError **error);
