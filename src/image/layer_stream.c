#include "image/layer_stream.h"

#include "base/digest.h"

enum {
    DRAIN_BYTES = 256 * 1024,
    ALGORITHM_CHARS = 6, /* "sha256", "sha512": image_digest_is_valid() knows no other */
};

struct LayerStream {
    char *name;
    ArchiveInput input;
    LayerPromise promise; /* borrowed texts */
    Digest *digest, *diff;
    guint64 size, tar_size;
    Decompressor *decompressor;
};

void layer_found_clear(LayerFound *found)
{
    g_clear_pointer(&found->digest, g_free);
    g_clear_pointer(&found->diff_id, g_free);
}

static gssize read_blob(void *data, void *buffer, size_t length, GError **error)
{
    LayerStream *stream = data;
    gssize n = stream->input.read(stream->input.data, buffer, length, error);
    if (n > 0) {
        digest_update(stream->digest, buffer, (size_t)n);
        stream->size += (guint64)n;
    }
    return n;
}

static Digest *digest_like(const char *promised)
{
    g_autofree char *algorithm = promised ? g_strndup(promised, ALGORITHM_CHARS) : NULL;
    return digest_new(algorithm ? algorithm : "sha256");
}

LayerStream *layer_stream_new(const char *name, const ArchiveInput *input,
                              const LayerPromise *promise, GError **error)
{
    g_autoptr(LayerStream) stream = g_new0(LayerStream, 1);
    stream->name = g_strdup(name);
    stream->input = *input;
    stream->promise = *promise;
    stream->digest = digest_like(promise->digest);
    stream->diff = digest_like(promise->diff_id);
    ArchiveInput blob = {read_blob, NULL, stream};
    stream->decompressor = decompressor_new(name, &blob, error);
    return stream->decompressor ? g_steal_pointer(&stream) : NULL;
}

void layer_stream_free(LayerStream *stream)
{
    if (!stream)
        return;
    decompressor_free(stream->decompressor);
    digest_free(stream->digest);
    digest_free(stream->diff);
    g_free(stream->name);
    g_free(stream);
}

gssize layer_stream_read(void *data, void *buffer, size_t length, GError **error)
{
    LayerStream *stream = data;
    gssize n = decompressor_read(stream->decompressor, buffer, length, error);
    if (n > 0) {
        digest_update(stream->diff, buffer, (size_t)n);
        stream->tar_size += (guint64)n;
    }
    return n;
}

static gboolean drain(LayerStream *stream,
                      gssize (*read)(void *data, void *buffer, size_t length, GError **error),
                      GError **error)
{
    g_autofree char *rest = g_malloc(DRAIN_BYTES);
    gssize n = 1;
    while (n > 0)
        n = read(stream, rest, DRAIN_BYTES, error);
    return n == 0;
}

static char *finish(Digest *digest, const char *promised)
{
    g_autofree char *hex = digest_finish(digest);
    return g_strdup_printf("%.*s:%s", ALGORITHM_CHARS, promised ? promised : "sha256", hex);
}

static gboolean check(const LayerStream *stream, const LayerFound *found, GError **error)
{
    const LayerPromise *promise = &stream->promise;
    if (promise->size > 0 && promise->size != found->size)
        return error_set(error, ERROR_INPUT, SPAN_NONE,
                         "%s has %" G_GUINT64_FORMAT
                         " bytes, but the manifest says %" G_GUINT64_FORMAT,
                         stream->name, found->size, promise->size);
    if (promise->digest && !g_str_equal(promise->digest, found->digest))
        return error_set(error, ERROR_INPUT, SPAN_NONE, "%s: its digest is %s", stream->name,
                         found->digest);
    if (promise->diff_id && !g_str_equal(promise->diff_id, found->diff_id))
        return error_set(error, ERROR_INPUT, SPAN_NONE,
                         "%s: its diff_id is %s, but the configuration says %s", stream->name,
                         found->diff_id, promise->diff_id);
    return TRUE;
}

gboolean layer_stream_finish(LayerStream *stream, LayerFound *ret_found, GError **error)
{
    if (!drain(stream, layer_stream_read, error) || !drain(stream, read_blob, error))
        return FALSE;
    g_auto(LayerFound) found = {
        .digest = finish(stream->digest, stream->promise.digest),
        .diff_id = finish(stream->diff, stream->promise.diff_id),
        .size = stream->size,
        .tar_size = stream->tar_size,
        .compression = decompressor_kind(stream->decompressor),
    };
    if (!check(stream, &found, error))
        return FALSE;
    *ret_found = found;
    found = (LayerFound){0};
    return TRUE;
}
