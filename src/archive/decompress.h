/* The bytes that a stream holds once decompressed: gzip (RFC 1952, any number of members, whose
 * checksums and lengths are checked) through ISA-L, zstd, xz and bzip2 through libarchive. What is
 * none of these passes as it is.
 *
 * ERROR_INPUT for data that are broken, cut off, followed by something else, or more than
 * LIMIT_LAYER_BYTES. */
#pragma once

#include "archive/reader.h"

typedef enum {
    COMPRESSION_NONE,
    COMPRESSION_GZIP,
    COMPRESSION_ZSTD,
    COMPRESSION_OTHER, /* xz, bzip2 */
} Compression;

/* What the first bytes of a stream say; six are enough. */
Compression compression_of(const guint8 *bytes, size_t length);

typedef struct Decompressor Decompressor;

/* `name` is what errors call the stream. The input's data stays the caller's and outlives the
 * decompressor. */
Decompressor *decompressor_new(const char *name, const ArchiveInput *input, GError **error);
void decompressor_free(Decompressor *decompressor);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Decompressor, decompressor_free)
Compression decompressor_kind(const Decompressor *decompressor);
/* The read of an ArchiveInput, whose data is the Decompressor. */
gssize decompressor_read(void *decompressor, void *buffer, size_t length, GError **error);
