/* Deflate (RFC 1951) and CRC-32 (RFC 1952), through ISA-L. */
#pragma once

#include "base/error.h"

/* The raw deflate stream in[0..length) → exactly `size` bytes, which the caller has checked against
 * a limit. NULL with ERROR_INPUT when it is broken, shorter or longer. Returned memory holds a NUL
 * behind its last byte. */
char *inflate_exact(const void *in, size_t length, size_t size, GError **error);

/* CRC-32 as gzip and zip use it; start with 0 and feed pieces in order. */
guint32 crc32_update(guint32 crc, const void *data, size_t length);
