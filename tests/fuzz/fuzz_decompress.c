/* Compressed streams: nothing crashes, and what comes out does not depend on how it is read. */
#include "fuzz.h"

#include "archive/decompress.h"

typedef struct {
    const uint8_t *bytes;
    size_t length, piece;
} Feed;

static gssize read_feed(void *data, void *buffer, size_t length, GError **error)
{
    Feed *feed = data;
    size_t n = MIN(MIN(length, feed->piece), feed->length);
    if (n > 0)
        memcpy(buffer, feed->bytes, n);
    feed->bytes += n;
    feed->length -= n;
    return (gssize)n;
}

static char *digest_of(const uint8_t *bytes, size_t size, size_t feed_piece, size_t read_piece)
{
    Feed feed = {bytes, size, feed_piece};
    ArchiveInput input = {read_feed, NULL, &feed};
    g_autoptr(GError) error = NULL;
    g_autoptr(Decompressor) decompressor = decompressor_new("it", &input, &error);
    g_autofree guint8 *buffer = g_malloc(read_piece);
    g_autoptr(GChecksum) sum = g_checksum_new(G_CHECKSUM_SHA256);
    size_t left = 1 << 17; /* of a bomb */
    while (decompressor && left > 0) {
        gssize n = decompressor_read(decompressor, buffer, MIN(left, read_piece), &error);
        if (n <= 0)
            break;
        g_checksum_update(sum, buffer, n);
        left -= (size_t)n;
    }
    return g_strdup(error ? "refused" : g_checksum_get_string(sum));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autofree char *one = digest_of(data, size, size + 1, 1 << 18);
    g_autofree char *two = digest_of(data, size, 5, 1 << 10);
    g_assert(g_str_equal(one, two));
    return 0;
}
