#include "facts/object_bytes.h"

#include "base/limits.h"

typedef struct {
    guint64 offset, length;
    guint64 filled;
    guint8 *bytes;
} Range;

struct ObjectBytes {
    const ObjectStream *stream;
    bool started;
    guint64 position; /* of the stream */
    guint64 held;     /* bytes of all ranges */
    GPtrArray *ranges;
    guint8 buffer[64 * 1024];
};

static void range_free(void *data)
{
    Range *range = data;
    g_free(range->bytes);
    g_free(range);
}

ObjectBytes *object_bytes_new(const ObjectStream *stream)
{
    ObjectBytes *bytes = g_new(ObjectBytes, 1);
    bytes->stream = stream;
    bytes->started = false;
    bytes->position = bytes->held = 0;
    bytes->ranges = g_ptr_array_new_with_free_func(range_free);
    return bytes;
}

void object_bytes_free(ObjectBytes *bytes)
{
    if (!bytes)
        return;
    g_ptr_array_unref(bytes->ranges);
    g_free(bytes);
}

static const Range *find_range(const ObjectBytes *bytes, guint64 offset, guint64 length)
{
    for (guint i = 0; i < bytes->ranges->len; i++) {
        const Range *range = bytes->ranges->pdata[i];
        if (offset >= range->offset && offset - range->offset <= range->length &&
            length <= range->length - (offset - range->offset))
            return range;
    }
    return NULL;
}

bool object_bytes_want(ObjectBytes *bytes, guint64 offset, guint64 length)
{
    guint64 size = bytes->stream->size;
    if (offset > size || length > size - offset)
        return false;
    if (find_range(bytes, offset, length))
        return true;
    if (length > LIMIT_OBJECT_TABLES - MIN(LIMIT_OBJECT_TABLES, bytes->held))
        return false;
    Range *range = g_new(Range, 1);
    *range = (Range){offset, length, 0, g_try_malloc(length)};
    if (!range->bytes) {
        g_free(range);
        return false;
    }
    bytes->held += length;
    g_ptr_array_add(bytes->ranges, range);
    return true;
}

/* Where the next missing byte of any range is; G_MAXUINT64: nothing is missing. */
static guint64 first_missing(const ObjectBytes *bytes, guint64 *ret_end)
{
    guint64 first = G_MAXUINT64;
    for (guint i = 0; i < bytes->ranges->len; i++) {
        const Range *range = bytes->ranges->pdata[i];
        if (range->filled == range->length)
            continue;
        first = MIN(first, range->offset + range->filled);
        *ret_end = MAX(*ret_end, range->offset + range->length);
    }
    return first;
}

static void hand_out(ObjectBytes *bytes, size_t length)
{
    for (guint i = 0; i < bytes->ranges->len; i++) {
        Range *range = bytes->ranges->pdata[i];
        guint64 wanted = range->offset + range->filled;
        if (range->filled == range->length || wanted < bytes->position ||
            wanted >= bytes->position + length)
            continue;
        size_t skip = (size_t)(wanted - bytes->position);
        size_t take = (size_t)MIN(length - skip, range->length - range->filled);
        memcpy(range->bytes + range->filled, bytes->buffer + skip, take);
        range->filled += take;
    }
    bytes->position += length;
}

gboolean object_bytes_collect(ObjectBytes *bytes, GError **error)
{
    const ObjectStream *stream = bytes->stream;
    guint64 end = 0, first = first_missing(bytes, &end);
    if (first == G_MAXUINT64)
        return TRUE;
    if (!bytes->started || first < bytes->position) {
        if (!stream->rewind(stream->data, error))
            return FALSE;
        bytes->started = true;
        bytes->position = 0;
    }
    while (bytes->position < end) {
        gssize got = stream->read(stream->data, bytes->buffer, sizeof bytes->buffer, error);
        if (got < 0)
            return FALSE;
        if (got == 0)
            return error_set(error, ERROR_INPUT, SPAN_NONE, "the file ends early");
        hand_out(bytes, (size_t)got);
    }
    return TRUE;
}

const guint8 *object_bytes_at(const ObjectBytes *bytes, guint64 offset, guint64 length)
{
    const Range *range = find_range(bytes, offset, length);
    return range && range->filled == range->length ? range->bytes + (offset - range->offset) : NULL;
}

static gboolean memory_rewind(void *data, G_GNUC_UNUSED GError **error)
{
    ((MemoryStream *)data)->position = 0;
    return TRUE;
}

static gssize memory_read(void *data, void *buffer, size_t length, G_GNUC_UNUSED GError **error)
{
    MemoryStream *stream = data;
    gsize size;
    const guint8 *from = g_bytes_get_data(stream->bytes, &size);
    size_t take = MIN(length, size - stream->position);
    if (take > 0)
        memcpy(buffer, from + stream->position, take);
    stream->position += take;
    return (gssize)take;
}

ObjectStream memory_stream_open(MemoryStream *memory, GBytes *bytes)
{
    *memory = (MemoryStream){bytes, 0};
    return (ObjectStream){memory_rewind, memory_read, memory, g_bytes_get_size(bytes)};
}
