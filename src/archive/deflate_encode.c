#include "archive/deflate_encode.h"

#include "archive/deflate_block.h"
#include "archive/deflate_match.h"
#include "base/limits.h"

enum {
    SEGMENT = 256 * 1024,
    UNIT_TOKENS = 4096,       /* a block is made of units of so many */
    BLOCK_TOKENS = 64 * 1024, /* at most, but for one unit */
    HEADER_COST = 900 * 4096, /* of another dynamic block, in 1/4096 bit */
    OUT_ROOM = SEGMENT + 8192,
    FIRST_PLACE = 2 * DEFLATE_WINDOW,
    /* of a matcher: where it is rebased, which must not change what comes out */
    LAST_PLACE = 1u << 30,
};

typedef struct {
    DeflateCounts counts;
    guint64 cost; /* deflate_ideal_cost() of counts */
    size_t tokens;
    const guint8 *raw;
    size_t raw_length;
} Part;

struct DeflateEncoder {
    DeflateSink sink;
    void *sink_data;
    DeflateTables tables;
    DeflateMatcher matcher;
    guint32 place; /* of the segment's first byte */
    size_t filled; /* of the segment */
    DeflateBits bits;
    guint8 window[DEFLATE_WINDOW + SEGMENT + DEFLATE_LOAD_MORE]; /* the segment lies at its end */
    DeflateToken tokens[BLOCK_TOKENS + 2 * UNIT_TOKENS];
    guint8 out[OUT_ROOM];
};

DeflateEncoder *deflate_encoder_new(DeflateSink sink, void *data)
{
    DeflateEncoder *encoder = g_new0(DeflateEncoder, 1);
    encoder->sink = sink;
    encoder->sink_data = data;
    encoder->place = FIRST_PLACE;
    encoder->bits.at = encoder->out;
    deflate_tables_init(&encoder->tables);
    return encoder;
}

void deflate_encoder_free(DeflateEncoder *encoder)
{
    g_free(encoder);
}

static gboolean give(DeflateEncoder *encoder, GError **error)
{
    size_t length = (size_t)(encoder->bits.at - encoder->out);
    encoder->bits.at = encoder->out;
    return length == 0 || encoder->sink(encoder->sink_data, encoder->out, length, error);
}

static void write_part(DeflateEncoder *encoder, Part *part, bool final)
{
    part->counts.literals[DEFLATE_END] = 1;
    DeflateBlock block = {
        .tokens = encoder->tokens,
        .count = part->tokens,
        .counts = &part->counts,
        .raw = part->raw,
        .raw_length = part->raw_length,
        .final = final,
    };
    deflate_block_write(&encoder->tables, &block, &encoder->bits);
}

static void add_counts(DeflateCounts *to, const DeflateCounts *from)
{
    for (unsigned i = 0; i < DEFLATE_LITERALS; i++)
        to->literals[i] += from->literals[i];
    for (unsigned i = 0; i < DEFLATE_DISTANCES; i++)
        to->distances[i] += from->distances[i];
}

/* Adds the unit, whose tokens stand behind the block's, or writes the block and begins the next one
 * with the unit. */
static void add_unit(DeflateEncoder *encoder, Part *block, const Part *unit)
{
    Part both = *block;
    add_counts(&both.counts, &unit->counts);
    both.cost = deflate_ideal_cost(&encoder->tables, &both.counts);
    both.tokens += unit->tokens;
    both.raw_length += unit->raw_length;
    if (block->tokens == 0) {
        *block = *unit;
    } else if (both.tokens <= BLOCK_TOKENS && both.cost <= block->cost + unit->cost + HEADER_COST) {
        *block = both;
    } else {
        write_part(encoder, block, false);
        memmove(encoder->tokens, encoder->tokens + block->tokens,
                unit->tokens * sizeof *encoder->tokens);
        *block = *unit;
    }
}

static gboolean encode_segment(DeflateEncoder *encoder, bool final, GError **error)
{
    const guint8 *start = encoder->window + DEFLATE_WINDOW, *at = start;
    const guint8 *end = start + encoder->filled;
    Part block = {.raw = at};
    while (at < end) {
        Part unit = {.raw = at};
        DeflateParse parse = {at, end, encoder->place + (guint32)(at - start),
                              encoder->tokens + block.tokens, UNIT_TOKENS};
        at = deflate_parse(&encoder->matcher, &encoder->tables, &parse, &unit.tokens, &unit.counts);
        unit.raw_length = (size_t)(at - unit.raw);
        unit.cost = deflate_ideal_cost(&encoder->tables, &unit.counts);
        add_unit(encoder, &block, &unit);
    }
    if (block.tokens > 0 || final)
        write_part(encoder, &block, final);
    encoder->place += (guint32)encoder->filled;
    return give(encoder, error);
}

/* Keeps the window before the next segment. */
static void begin_segment(DeflateEncoder *encoder)
{
    memmove(encoder->window, encoder->window + encoder->filled, DEFLATE_WINDOW);
    encoder->filled = 0;
    if (encoder->place < LAST_PLACE)
        return;
    guint32 less = (encoder->place - FIRST_PLACE) & ~(guint32)(DEFLATE_WINDOW - 1);
    deflate_matcher_rebase(&encoder->matcher, encoder->place, less);
    encoder->place -= less;
}

gboolean deflate_encoder_write(DeflateEncoder *encoder, const void *bytes, size_t length,
                               GError **error)
{
    const guint8 *at = bytes;
    while (length > 0) {
        if (encoder->filled == SEGMENT) {
            if (!encode_segment(encoder, false, error))
                return FALSE;
            begin_segment(encoder);
        }
        size_t piece = MIN(length, SEGMENT - encoder->filled);
        memcpy(encoder->window + DEFLATE_WINDOW + encoder->filled, at, piece);
        encoder->filled += piece;
        at += piece;
        length -= piece;
    }
    return TRUE;
}

gboolean deflate_encoder_flush(DeflateEncoder *encoder, GError **error)
{
    if (!encode_segment(encoder, false, error))
        return FALSE;
    begin_segment(encoder);
    deflate_stored_write(&encoder->bits, encoder->window, 0, false);
    return give(encoder, error);
}

gboolean deflate_encoder_finish(DeflateEncoder *encoder, GError **error)
{
    if (!encode_segment(encoder, true, error))
        return FALSE;
    deflate_bits_align(&encoder->bits);
    begin_segment(encoder);
    encoder->place += FIRST_PLACE;
    return give(encoder, error);
}

enum {
    SMALL_HASH_BITS = 8,
    SMALL_ROOM = DEFLATE_SMALL_BYTES + DEFLATE_SMALL_BYTES / 8 + 16,
};

/* The whole input under the fixed code, looking for one candidate a place. */
static void encode_fixed(const DeflateTables *tables, const guint8 *in, size_t length,
                         DeflateBits *bits)
{
    guint16 newest[1 << SMALL_HASH_BITS] = {0}; /* place + 1 */
    deflate_bits_put(bits, 3, 3);               /* final, fixed */
    for (size_t at = 0; at < length;) {
        size_t run = 0, before = 0;
        if (length - at >= DEFLATE_MATCH_MIN) {
            guint32 three = in[at] | (guint32)in[at + 1] << 8 | (guint32)in[at + 2] << 16;
            guint16 *slot = &newest[(three * 0x9e3779b1u) >> (32 - SMALL_HASH_BITS)];
            size_t most = MIN(length - at, (size_t)DEFLATE_MATCH_MAX);
            before = *slot;
            *slot = (guint16)(at + 1);
            if (before > 0) {
                while (run < most && in[before - 1 + run] == in[at + run])
                    run++;
            }
        }
        bool match = run >= DEFLATE_MATCH_MIN;
        DeflateToken token =
            match ? (guint32)(at + 1 - before) << 9 | (guint32)run : (guint32)in[at];
        deflate_token_write(tables, &tables->fixed, token, bits);
        at += match ? run : 1;
    }
    deflate_token_write(tables, &tables->fixed, DEFLATE_END, bits);
    deflate_bits_align(bits);
}

size_t deflate_encode_small(const DeflateEncoder *encoder, const void *in, size_t length, void *out)
{
    guint8 room[SMALL_ROOM + 8];
    g_assert(length <= DEFLATE_SMALL_BYTES);
    DeflateBits bits = {.at = room};
    encode_fixed(&encoder->tables, in, length, &bits);
    if ((size_t)(bits.at - room) > length + 5) {
        bits = (DeflateBits){.at = room};
        deflate_stored_write(&bits, in, length, true);
    }
    size_t used = (size_t)(bits.at - room);
    memcpy(out, room, used);
    return used;
}
