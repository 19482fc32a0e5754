/* Members of a gzip file (RFC 1952), one after another: each holds either what our encoder makes of
 * given bytes or deflate bytes that somebody else made. MTIME 0, XFL 0, OS 255 (unknown), no name:
 * the bytes of a member are a function of its content, or of the given deflate bytes. */
#pragma once

#include "archive/deflate_encode.h"

typedef struct GzipWriter GzipWriter;

/* `data` stays the caller's and outlives the writer. The only errors are the sink's. */
GzipWriter *gzip_writer_new(DeflateSink sink, void *data);
void gzip_writer_free(GzipWriter *writer);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(GzipWriter, gzip_writer_free)

/* Into the member under way; the first write begins one. */
gboolean gzip_writer_write(GzipWriter *writer, const void *bytes, size_t length, GError **error);
/* Ends the member under way, if there is one. */
gboolean gzip_writer_end(GzipWriter *writer, GError **error);

/* A spliced member: begin (which ends the one under way), any number of pieces, and the end with
 * the CRC-32 and size of what the deflate stream holds. The caller answers for its being one whole
 * stream, and for both numbers. */
gboolean gzip_writer_begin_raw(GzipWriter *writer, GError **error);
gboolean gzip_writer_raw(GzipWriter *writer, const void *deflated, size_t length, GError **error);
gboolean gzip_writer_end_raw(GzipWriter *writer, guint32 crc, guint64 size, GError **error);

enum {
    GZIP_HEADER_BYTES = 10,
    GZIP_TRAILER_BYTES = 8,
};

/* RFC 1952 §2.3: magic, deflate, no flags, MTIME 0, XFL 0, OS unknown. */
extern const guint8 gzip_header[GZIP_HEADER_BYTES];
/* RFC 1952 §2.3.1: CRC-32, and the size modulo 2^32. */
void gzip_trailer(guint32 crc, guint64 size, guint8 out[GZIP_TRAILER_BYTES]);
