/* The formats of a layer's blob, and what their bytes depend on besides the entries.
 *
 * A cache key of a layer's digest holds layer_format_name(), layer_format_version() and, where it
 * is not NULL, layer_format_library(). The diff_id depends on none of them. */
#pragma once

#include <glib.h>
#include <stdbool.h>

typedef enum {
    LAYER_GZIP,        /* many members */
    LAYER_GZIP_SINGLE, /* one member: payloads are joined at bit boundaries */
    LAYER_ESTARGZ,     /* many members, a table of contents and a footer */
    LAYER_ZSTD,        /* frames by libzstd; nothing is spliced */
    LAYER_TAR,         /* not compressed: digest and diff_id are the same */
} LayerFormat;

enum {
    LAYER_FORMATS = LAYER_TAR + 1
};

/* "gzip", "gzip-single", "estargz", "zstd", "tar": as recipes write them. */
const char *layer_format_name(LayerFormat format);
/* FALSE when no format has this name. */
bool layer_format_parse(const char *name, LayerFormat *ret_format);
/* Rises whenever the blob of the same entries changes. A change of the encoder
 * (DEFLATE_ENCODER_VERSION) changes every format that uses it, and is part of this number. */
unsigned layer_format_version(LayerFormat format);
/* What a layer's media type ends with: "+gzip", "+zstd" or "". */
const char *layer_format_media_suffix(LayerFormat format);
/* The foreign library whose version is part of the bytes, as "zstd 1.5.4"; NULL: none. */
const char *layer_format_library(LayerFormat format);
