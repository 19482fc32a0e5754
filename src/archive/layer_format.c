#include "archive/layer_format.h"

#include "archive/deflate_encode.h"
#include "archive/layer_pack.h"

enum {
    ENCODER_STEP = 100, /* versions of the encoder count by hundreds, those of a format by one */
};

static const struct {
    const char *name, *suffix;
    bool encoder; /* bytes of ours go through the deflate encoder */
    unsigned version;
} formats[LAYER_FORMATS] = {
    [LAYER_GZIP] = {"gzip", "+gzip", true, 1},
    [LAYER_GZIP_SINGLE] = {"gzip-single", "+gzip", true, 1},
    [LAYER_ESTARGZ] = {"estargz", "+gzip", true, 1},
    [LAYER_ZSTD] = {"zstd", "+zstd", false, 1},
    [LAYER_TAR] = {"tar", "", false, 1},
};

const char *layer_format_name(LayerFormat format)
{
    return formats[format].name;
}

bool layer_format_parse(const char *name, LayerFormat *ret_format)
{
    for (unsigned i = 0; i < LAYER_FORMATS; i++) {
        if (g_str_equal(name, formats[i].name)) {
            *ret_format = (LayerFormat)i;
            return true;
        }
    }
    return false;
}

unsigned layer_format_version(LayerFormat format)
{
    unsigned encoder = formats[format].encoder ? DEFLATE_ENCODER_VERSION * ENCODER_STEP : 0;
    return encoder + formats[format].version;
}

const char *layer_format_media_suffix(LayerFormat format)
{
    return formats[format].suffix;
}

const char *layer_format_library(LayerFormat format)
{
    return format == LAYER_ZSTD ? zstd_library() : NULL;
}
