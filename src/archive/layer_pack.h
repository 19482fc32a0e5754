/* How the bytes of a tar become a blob: one LayerPack for each format, driven by splice.c. Bytes of
 * the tar come in order, each either to be packed or as the content of a deflate stream that can be
 * taken over.
 *
 * What was given to the sink is a function of the bytes and of how payloads and cuts divide them,
 * not of how they were cut into writes. */
#pragma once

#include "archive/deflate_encode.h"
#include "archive/inflate.h"

typedef struct LayerPack LayerPack;

typedef struct {
    gboolean (*write)(LayerPack *pack, const void *bytes, size_t length, GError **error);
    /* What is written next can be read without what came before. NULL: nothing has to be done. */
    gboolean (*cut)(LayerPack *pack, GError **error);
    /* A deflate stream in pieces, whose content goes to `content` and is packed by being taken
     * over: begin, pieces, end with CRC-32 and size of the content. ERROR_INPUT when it is broken,
     * ends early or goes on behind its end. begin_payload is NULL where nothing is taken over. */
    gboolean (*begin_payload)(LayerPack *pack, GError **error);
    gboolean (*payload)(LayerPack *pack, const void *deflated, size_t length, InflateSink content,
                        void *data, GError **error);
    gboolean (*end_payload)(LayerPack *pack, guint32 crc, guint64 size, GError **error);
    /* The same of a stream that is there as a whole, and known to be right. NULL: in pieces. */
    gboolean (*whole_payload)(LayerPack *pack, const void *deflated, size_t length, guint32 crc,
                              guint64 size, GError **error);
    gboolean (*finish)(LayerPack *pack, GError **error);
    void (*free)(LayerPack *pack);
} LayerPackType;

/* The first member of each kind of pack. */
struct LayerPack {
    const LayerPackType *type;
};

/* `data` stays the caller's and outlives the pack. */
LayerPack *gzip_pack_new(DeflateSink sink, void *data);
LayerPack *gzip_single_pack_new(DeflateSink sink, void *data);
LayerPack *zstd_pack_new(DeflateSink sink, void *data);
LayerPack *tar_pack_new(DeflateSink sink, void *data);

/* "zstd 1.5.4": the library that zstd_pack_new() runs with. The text lives for ever. */
const char *zstd_library(void);
