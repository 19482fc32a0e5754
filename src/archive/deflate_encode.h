/* Our own deflate encoder (RFC 1951). It makes every compressed byte of a layer that is not copied
 * from a wheel, so that no version of a compression library enters a digest.
 *
 * What comes out is a function of the bytes of the stream and of DEFLATE_ENCODER_VERSION: not of
 * the machine (integers only, no choice by processor, byte order does not matter), not of how the
 * bytes were cut into writes, and not of what the same encoder wrote before. Whoever changes one
 * byte of the output raises the version, and with it every cache key and golden digest.
 *
 * The method: hash chains over 32 KiB with lazy matching, blocks cut where the statistics of the
 * data change, and for each block the cheapest of a dynamic code, the fixed code and no
 * compression, by exact count of bits. Input is taken in segments of 256 KiB, across whose ends no
 * match reaches; an encoder holds about 1 MiB and no more, however long the stream is. */
#pragma once

#include "base/error.h"

enum {
    DEFLATE_ENCODER_VERSION = 1,
    /* deflate_encode_small() takes at most so many bytes, and gives at most so many more. */
    DEFLATE_SMALL_BYTES = 4096,
    DEFLATE_SMALL_MORE = 5,
};

typedef struct DeflateEncoder DeflateEncoder;

/* Takes what comes out, in pieces whose cut means nothing. */
typedef gboolean (*DeflateSink)(void *data, const void *bytes, size_t length, GError **error);

/* `data` stays the caller's and outlives the encoder. */
DeflateEncoder *deflate_encoder_new(DeflateSink sink, void *data);
void deflate_encoder_free(DeflateEncoder *encoder);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(DeflateEncoder, deflate_encoder_free)

/* The only errors are the sink's; after one the encoder may only be freed. */
gboolean deflate_encoder_write(DeflateEncoder *encoder, const void *bytes, size_t length,
                               GError **error);
/* Gives everything written so far, ended at a byte boundary by an empty stored block; the stream
 * goes on. Where a stream is flushed is part of what its output depends on. */
gboolean deflate_encoder_flush(DeflateEncoder *encoder, GError **error);
/* Ends the stream with its final block; the next write begins another one. */
gboolean deflate_encoder_finish(DeflateEncoder *encoder, GError **error);

/* A whole stream of one block at once, for inputs of at most DEFLATE_SMALL_BYTES: about a
 * microsecond for a tar header. The stream under way is not touched. `out` has room for length +
 * DEFLATE_SMALL_MORE bytes; returns how many were written. */
size_t deflate_encode_small(const DeflateEncoder *encoder, const void *in, size_t length,
                            void *out);
