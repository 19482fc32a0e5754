#include "archive/layer_pack.h"

#include <zstd.h>

/* Part of the format version. One thread: what several make is other bytes, and layers are made
 * beside each other anyway. */
static const struct {
    ZSTD_cParameter name;
    int value;
} parameters[] = {
    {ZSTD_c_compressionLevel, 3},
    {ZSTD_c_checksumFlag, 1},
    {ZSTD_c_nbWorkers, 0},
};

/* A single frame (RFC 8878). */
typedef struct {
    LayerPack pack;
    DeflateSink sink;
    void *sink_data;
    ZSTD_CCtx *context;
    size_t room;
    guint8 out[];
} ZstdPack;

/* Takes all of `in`, and ends the frame with `end`. */
static gboolean compress(ZstdPack *self, ZSTD_inBuffer *in, ZSTD_EndDirective end, GError **error)
{
    for (;;) {
        ZSTD_outBuffer out = {self->out, self->room, 0};
        size_t left = ZSTD_compressStream2(self->context, &out, in, end);
        if (ZSTD_isError(left))
            return error_set(error, ERROR_FAILED, SPAN_NONE, "zstd: %s", ZSTD_getErrorName(left));
        if (out.pos > 0 && !self->sink(self->sink_data, self->out, out.pos, error))
            return FALSE;
        if (end == ZSTD_e_end ? left == 0 : in->pos == in->size)
            return TRUE;
    }
}

static gboolean zstd_write(LayerPack *pack, const void *bytes, size_t length, GError **error)
{
    ZSTD_inBuffer in = {bytes, length, 0};
    return compress((ZstdPack *)pack, &in, ZSTD_e_continue, error);
}

static gboolean zstd_finish(LayerPack *pack, GError **error)
{
    ZSTD_inBuffer none = {NULL, 0, 0};
    return compress((ZstdPack *)pack, &none, ZSTD_e_end, error);
}

static void zstd_free(LayerPack *pack)
{
    ZSTD_freeCCtx(((ZstdPack *)pack)->context);
    g_free(pack);
}

LayerPack *zstd_pack_new(DeflateSink sink, void *data)
{
    static const LayerPackType type = {
        .write = zstd_write,
        .finish = zstd_finish,
        .free = zstd_free,
    };
    size_t room = ZSTD_CStreamOutSize();
    ZstdPack *self = g_malloc0(sizeof *self + room);
    *self = (ZstdPack){{&type}, sink, data, ZSTD_createCCtx(), room};
    g_assert(self->context);
    for (size_t i = 0; i < G_N_ELEMENTS(parameters); i++)
        ZSTD_CCtx_setParameter(self->context, parameters[i].name, parameters[i].value);
    return &self->pack;
}

const char *zstd_library(void)
{
    g_autofree char *text = g_strconcat("zstd ", ZSTD_versionString(), NULL);
    return g_intern_string(text);
}
