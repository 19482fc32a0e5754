/* Deflate (RFC 1951) and CRC-32 (RFC 1952), through ISA-L. */
#pragma once

#include "base/error.h"

/* The raw deflate stream in[0..length) → exactly `size` bytes, which the caller has checked against
 * a limit. NULL with ERROR_INPUT when it is broken, shorter or longer. Returned memory holds a NUL
 * behind its last byte. */
char *inflate_exact(const void *in, size_t length, size_t size, GError **error);

/* As inflate_exact() into room for `size` bytes; also refuses bytes behind the end of the stream.
 * libdeflate, which is faster than ISA-L for what is small. */
typedef struct SmallInflater SmallInflater;
SmallInflater *small_inflater_new(void);
void small_inflater_free(SmallInflater *inflater);
gboolean small_inflate(SmallInflater *inflater, const void *in, size_t length, void *out,
                       size_t size, GError **error);

/* CRC-32 as gzip and zip use it; start with 0 and feed pieces in order. */
guint32 crc32_update(guint32 crc, const void *data, size_t length);

/* Streams of any length through a window of fixed size; one object serves one stream after another.
 */
typedef struct Inflater Inflater;

/* Takes what comes out, in pieces whose cut means nothing. */
typedef gboolean (*InflateSink)(void *data, const void *bytes, size_t length, GError **error);

Inflater *inflater_new(void);
void inflater_free(Inflater *inflater);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Inflater, inflater_free)
/* What is said of a stream that is not one. */
#define INFLATE_BROKEN "broken deflate data"
#define INFLATE_BEHIND "there are bytes behind the end of its deflate data"
#define INFLATE_EARLY "its deflate data ends early"

/* Forgets the stream before. */
void inflater_begin(Inflater *inflater);
/* The next bytes of the stream. ERROR_INPUT when they are broken or go on behind its final block;
 * errors of the sink are passed on. */
gboolean inflater_feed(Inflater *inflater, const void *in, size_t length, InflateSink sink,
                       void *data, GError **error);
/* ERROR_INPUT unless the final block has ended with the last byte fed. */
gboolean inflater_end(const Inflater *inflater, GError **error);
