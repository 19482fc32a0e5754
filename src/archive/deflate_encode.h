/* Our own deflate encoder (RFC 1951). It makes every compressed byte of a layer that is not copied
 * from a wheel, so that no version of a compression library enters a digest.
 *
 * What comes out is a function of the bytes of the stream and of DEFLATE_ENCODER_VERSION: not of
 * the machine (integers only, no choice by processor, byte order does not matter), not of how the
 * bytes were cut into writes, and not of what the same encoder wrote before. Whoever changes one
 * byte of the output raises the version, and with it every cache key and golden digest, whether a
 * release had the old one or not: caches and images of builds in between have it.
 *
 * The method: hash chains over 32 KiB with lazy matching, blocks cut where the statistics of the
 * data change, and for each block the cheapest of a dynamic code, the fixed code and no
 * compression, by exact count of bits. Input is taken in segments of 256 KiB, across whose ends no
 * match reaches; an encoder holds about 1 MiB and no more, however long the stream is. */
#pragma once

#include "base/error.h"

enum {
    DEFLATE_ENCODER_VERSION = 2,
    /* A stream, or what stands between two cuts, of at most so many bytes is one block of the fixed
     * code or stored: about a microsecond for a tar header. */
    DEFLATE_SMALL_BYTES = 1536,
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
/* Ends what was written at a byte boundary, by an empty stored block where it does not end there
 * by itself, and leaves the stream open: blocks that others made may follow. What is written next
 * refers to nothing before it. */
gboolean deflate_encoder_cut(DeflateEncoder *encoder, GError **error);
/* The next block begins inside a byte, of which others made the lowest `count` bits (< 8). Only
 * when nothing has been written since the stream began or was cut. */
void deflate_encoder_join(DeflateEncoder *encoder, unsigned bits, unsigned count);
/* Ends the stream with its final block; the next write begins another one. */
gboolean deflate_encoder_finish(DeflateEncoder *encoder, GError **error);
