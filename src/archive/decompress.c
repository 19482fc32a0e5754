#include "archive/decompress.h"

#include "archive/inflate.h"
#include "base/limits.h"

#include <isa-l.h>

enum {
    CHUNK_BYTES = 256 * 1024,
    /* ISA-L takes up to eight bytes more than it needs; they are given back. */
    BACK_BYTES = 8,
    /* ISA-L counts output in 32 bits, and only asks whether a distance reaches before the start. */
    COUNT_HIGH = 1 << 30,
    TRAILER_BYTES = 8,
};

typedef enum {
    GZIP_HEADER, /* of a member, or the end */
    GZIP_BODY,
    GZIP_TRAILER,
} GzipPart;

struct Decompressor {
    char *name;
    ArchiveInput input;
    Compression kind;
    guint64 total;
    /* bytes of the input that are not used yet: chunk[start..end) */
    guint8 chunk[BACK_BYTES + CHUNK_BYTES];
    size_t start, end;
    /* gzip */
    GzipPart part;
    unsigned members;
    guint32 crc, member_size;
    struct inflate_state state;
    struct isal_gzip_header header;
    /* what libarchive reads */
    ArchiveReader *reader;
    bool empty; /* it has nothing to read */
};

Compression compression_of(const guint8 *bytes, size_t length)
{
    static const struct {
        const char *magic;
        size_t length;
        Compression kind;
    } rows[] = {
        {"\x1f\x8b", 2, COMPRESSION_GZIP},
        {"\x28\xb5\x2f\xfd", 4, COMPRESSION_ZSTD},
        {"\xfd"
         "7zXZ",
         6, COMPRESSION_OTHER},
        {"BZh", 3, COMPRESSION_OTHER},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        if (length >= rows[i].length && memcmp(bytes, rows[i].magic, rows[i].length) == 0)
            return rows[i].kind;
    }
    /* a zstd stream may begin with a skippable frame */
    bool skippable =
        length >= 4 && (bytes[0] & 0xf0) == 0x50 && memcmp(bytes + 1, "*M\x18", 3) == 0;
    return skippable ? COMPRESSION_ZSTD : COMPRESSION_NONE;
}

static gboolean set_broken(const Decompressor *decompressor, const char *what, GError **error)
{
    return error_set(error, ERROR_INPUT, SPAN_NONE, "%s %s", decompressor->name, what);
}

/* More input behind what is left; FALSE with no error at its end. The last bytes used stay before
 * the first one that is not. */
static gboolean fill(Decompressor *decompressor, GError **error)
{
    size_t left = decompressor->end - decompressor->start;
    size_t keep = MIN(decompressor->start, (size_t)BACK_BYTES);
    memmove(decompressor->chunk, decompressor->chunk + decompressor->start - keep, keep + left);
    decompressor->start = keep;
    decompressor->end = keep + left;
    gssize n =
        decompressor->input.read(decompressor->input.data, decompressor->chunk + decompressor->end,
                                 sizeof decompressor->chunk - decompressor->end, error);
    if (n <= 0)
        return FALSE;
    decompressor->end += (size_t)n;
    return TRUE;
}

/* At least `count` bytes, or all that there are. */
static gboolean need(Decompressor *decompressor, size_t count, GError **error)
{
    while (decompressor->end - decompressor->start < count) {
        GError *cause = NULL;
        if (fill(decompressor, &cause))
            continue;
        if (!cause)
            return TRUE;
        g_propagate_error(error, cause);
        return FALSE;
    }
    return TRUE;
}

/* For libarchive: what was looked at, then the rest. */
static gssize read_again(void *data, void *buffer, size_t length, GError **error)
{
    Decompressor *decompressor = data;
    size_t left = MIN(length, decompressor->end - decompressor->start);
    if (left == 0)
        return decompressor->input.read(decompressor->input.data, buffer, length, error);
    memcpy(buffer, decompressor->chunk + decompressor->start, left);
    decompressor->start += left;
    return (gssize)left;
}

static gboolean open_reader(Decompressor *decompressor, GError **error)
{
    ArchiveInput again = {read_again, NULL, decompressor};
    const ArchiveEntry *entry;
    decompressor->reader = archive_reader_new_stream(decompressor->name, &again, error);
    if (!decompressor->reader || !archive_reader_next(decompressor->reader, &entry, error))
        return FALSE;
    decompressor->empty = !entry;
    return TRUE;
}

Decompressor *decompressor_new(const char *name, const ArchiveInput *input, GError **error)
{
    g_autoptr(Decompressor) decompressor = g_new(Decompressor, 1);
    decompressor->name = g_strdup(name);
    decompressor->input = *input;
    decompressor->start = decompressor->end = 0;
    decompressor->total = 0;
    decompressor->part = GZIP_HEADER;
    decompressor->members = 0;
    decompressor->reader = NULL;
    decompressor->empty = false;
    if (!need(decompressor, 6, error))
        return NULL;
    decompressor->kind = compression_of(decompressor->chunk, decompressor->end);
    bool foreign =
        decompressor->kind == COMPRESSION_ZSTD || decompressor->kind == COMPRESSION_OTHER;
    if (foreign && !open_reader(decompressor, error))
        return NULL;
    return g_steal_pointer(&decompressor);
}

void decompressor_free(Decompressor *decompressor)
{
    if (!decompressor)
        return;
    archive_reader_free(decompressor->reader);
    g_free(decompressor->name);
    g_free(decompressor);
}

Compression decompressor_kind(const Decompressor *decompressor)
{
    return decompressor->kind;
}

/* gzip */

static void give_input(Decompressor *decompressor)
{
    decompressor->state.next_in = decompressor->chunk + decompressor->start;
    decompressor->state.avail_in = (uint32_t)(decompressor->end - decompressor->start);
}

static void take_input(Decompressor *decompressor)
{
    decompressor->start = decompressor->end - decompressor->state.avail_in;
}

/* *ret_end: there is no further member. */
static gboolean begin_member(Decompressor *decompressor, bool *ret_end, GError **error)
{
    if (!need(decompressor, 1, error))
        return FALSE;
    *ret_end = decompressor->start == decompressor->end;
    if (*ret_end)
        return decompressor->members > 0 || set_broken(decompressor, "is empty", error);
    isal_inflate_init(&decompressor->state);
    isal_gzip_header_init(&decompressor->header);
    for (;;) {
        give_input(decompressor);
        int status = isal_read_gzip_header(&decompressor->state, &decompressor->header);
        take_input(decompressor);
        if (status == ISAL_DECOMP_OK)
            break;
        if (status != ISAL_END_INPUT)
            return set_broken(decompressor,
                              decompressor->members > 0 ? "goes on behind the end of its gzip data"
                                                        : "has a broken gzip header",
                              error);
        GError *cause = NULL;
        if (!fill(decompressor, &cause)) {
            if (!cause)
                return set_broken(decompressor, "ends early", error);
            g_propagate_error(error, cause);
            return FALSE;
        }
    }
    decompressor->state.crc_flag = ISAL_DEFLATE;
    decompressor->crc = decompressor->member_size = 0;
    decompressor->members++;
    decompressor->part = GZIP_BODY;
    return TRUE;
}

/* Some bytes of the member, or its end. */
static gssize inflate_some(Decompressor *decompressor, void *buffer, size_t length, GError **error)
{
    struct inflate_state *state = &decompressor->state;
    state->next_out = buffer;
    state->avail_out = (uint32_t)length;
    give_input(decompressor);
    int status = isal_inflate(state);
    take_input(decompressor);
    size_t made = length - state->avail_out;
    if (status != ISAL_DECOMP_OK) {
        set_broken(decompressor, "has broken deflate data", error);
        return -1;
    }
    if (state->total_out >= 2u * COUNT_HIGH)
        state->total_out -= COUNT_HIGH;
    decompressor->crc = crc32_update(decompressor->crc, buffer, made);
    decompressor->member_size += (guint32)made;
    if (state->block_state == ISAL_BLOCK_FINISH) {
        decompressor->start -= (size_t)state->read_in_length / 8;
        decompressor->part = GZIP_TRAILER;
    }
    return (gssize)made;
}

static gboolean check_trailer(Decompressor *decompressor, GError **error)
{
    guint32 trailer[2];
    if (!need(decompressor, TRAILER_BYTES, error))
        return FALSE;
    if (decompressor->end - decompressor->start < TRAILER_BYTES)
        return set_broken(decompressor, "ends early", error);
    memcpy(trailer, decompressor->chunk + decompressor->start, TRAILER_BYTES);
    decompressor->start += TRAILER_BYTES;
    if (GUINT32_FROM_LE(trailer[0]) != decompressor->crc ||
        GUINT32_FROM_LE(trailer[1]) != decompressor->member_size)
        return set_broken(decompressor, "has a gzip member with a wrong checksum or length", error);
    decompressor->part = GZIP_HEADER;
    return TRUE;
}

/* Bytes of the body; 0 where it has ended or needs the input that was just read. */
static gssize read_body(Decompressor *decompressor, void *buffer, size_t length, GError **error)
{
    gssize made = inflate_some(decompressor, buffer, length, error);
    if (made != 0 || decompressor->part != GZIP_BODY)
        return made;
    GError *cause = NULL;
    if (fill(decompressor, &cause))
        return 0;
    if (cause)
        g_propagate_error(error, cause);
    else
        set_broken(decompressor, "ends early", error);
    return -1;
}

static gssize read_gzip(Decompressor *decompressor, void *buffer, size_t length, GError **error)
{
    for (;;) {
        bool end = false;
        gssize made = 0;
        if (decompressor->part == GZIP_HEADER && !begin_member(decompressor, &end, error))
            return -1;
        if (end)
            return 0;
        if (decompressor->part == GZIP_BODY)
            made = read_body(decompressor, buffer, length, error);
        if (made != 0)
            return made;
        if (decompressor->part == GZIP_TRAILER && !check_trailer(decompressor, error))
            return -1;
    }
}

static gssize read_any(Decompressor *decompressor, void *buffer, size_t length, GError **error)
{
    switch (decompressor->kind) {
    case COMPRESSION_NONE:
        return read_again(decompressor, buffer, length, error);
    case COMPRESSION_GZIP:
        return read_gzip(decompressor, buffer, length, error);
    case COMPRESSION_ZSTD:
    case COMPRESSION_OTHER:
    default:
        return decompressor->empty
                   ? 0
                   : archive_reader_read(decompressor->reader, buffer, length, error);
    }
}

gssize decompressor_read(void *data, void *buffer, size_t length, GError **error)
{
    Decompressor *decompressor = data;
    gssize n = read_any(decompressor, buffer, MIN(length, (size_t)COUNT_HIGH), error);
    if (n <= 0)
        return n;
    decompressor->total += (guint64)n;
    if (decompressor->total <= LIMIT_LAYER_BYTES)
        return n;
    error_set(error, ERROR_INPUT, SPAN_NONE, "%s has more than %llu bytes", decompressor->name,
              (unsigned long long)LIMIT_LAYER_BYTES);
    return -1;
}
