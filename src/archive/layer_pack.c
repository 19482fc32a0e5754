#include "archive/layer_pack.h"

#include "archive/gzip_write.h"

/* Gzip of many members. */
typedef struct {
    LayerPack pack;
    GzipWriter *gzip;
    Inflater *inflater;
} GzipPack;

static gboolean gzip_write(LayerPack *pack, const void *bytes, size_t length, GError **error)
{
    return gzip_writer_write(((GzipPack *)pack)->gzip, bytes, length, error);
}

static gboolean gzip_end(LayerPack *pack, GError **error)
{
    return gzip_writer_end(((GzipPack *)pack)->gzip, error);
}

static gboolean gzip_begin_payload(LayerPack *pack, GError **error)
{
    GzipPack *self = (GzipPack *)pack;
    inflater_begin(self->inflater);
    return gzip_writer_begin_raw(self->gzip, error);
}

static gboolean gzip_payload(LayerPack *pack, const void *deflated, size_t length,
                             InflateSink content, void *data, GError **error)
{
    GzipPack *self = (GzipPack *)pack;
    return inflater_feed(self->inflater, deflated, length, content, data, error) &&
           gzip_writer_raw(self->gzip, deflated, length, error);
}

static gboolean gzip_end_payload(LayerPack *pack, guint32 crc, guint64 size, GError **error)
{
    GzipPack *self = (GzipPack *)pack;
    return inflater_end(self->inflater, error) && gzip_writer_end_raw(self->gzip, crc, size, error);
}

static gboolean gzip_whole_payload(LayerPack *pack, const void *deflated, size_t length,
                                   guint32 crc, guint64 size, GError **error)
{
    GzipPack *self = (GzipPack *)pack;
    return gzip_writer_begin_raw(self->gzip, error) &&
           gzip_writer_raw(self->gzip, deflated, length, error) &&
           gzip_writer_end_raw(self->gzip, crc, size, error);
}

static void gzip_free(LayerPack *pack)
{
    GzipPack *self = (GzipPack *)pack;
    gzip_writer_free(self->gzip);
    inflater_free(self->inflater);
    g_free(self);
}

LayerPack *gzip_pack_new(DeflateSink sink, void *data)
{
    static const LayerPackType type = {
        .write = gzip_write,
        .cut = gzip_end,
        .begin_payload = gzip_begin_payload,
        .payload = gzip_payload,
        .end_payload = gzip_end_payload,
        .whole_payload = gzip_whole_payload,
        .finish = gzip_end,
        .free = gzip_free,
    };
    GzipPack *self = g_new0(GzipPack, 1);
    self->pack.type = &type;
    self->gzip = gzip_writer_new(sink, data);
    self->inflater = inflater_new();
    return &self->pack;
}

/* The tar as it is. */
typedef struct {
    LayerPack pack;
    DeflateSink sink;
    void *sink_data;
} TarPack;

static gboolean tar_write(LayerPack *pack, const void *bytes, size_t length, GError **error)
{
    TarPack *self = (TarPack *)pack;
    return self->sink(self->sink_data, bytes, length, error);
}

static gboolean tar_finish(LayerPack *pack, GError **error)
{
    return TRUE;
}

static void tar_free(LayerPack *pack)
{
    g_free(pack);
}

LayerPack *tar_pack_new(DeflateSink sink, void *data)
{
    static const LayerPackType type = {.write = tar_write, .finish = tar_finish, .free = tar_free};
    TarPack *self = g_new0(TarPack, 1);
    *self = (TarPack){{&type}, sink, data};
    return &self->pack;
}
