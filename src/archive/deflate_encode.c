#include "archive/deflate_encode.h"

#include "archive/deflate_block.h"
#include "archive/deflate_match.h"
#include "base/limits.h"

enum {
    SEGMENT = 256 * 1024,
    UNIT_TOKENS = 2048,       /* a block is made of units of so many */
    BLOCK_TOKENS = 64 * 1024, /* at most, but for one unit */
    HEADER_COST = 900 * 4096, /* of another dynamic block, in 1/4096 bit */
    OUT_ROOM = SEGMENT + 8192,
    SMALL_HASH_BITS = 8,
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
    guint32 place; /* of the segment's first byte, going round */
    size_t filled; /* of the segment */
    bool begun;    /* a segment before this one belongs to the same stream */
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

static void encode_segment(DeflateEncoder *encoder, bool final)
{
    const guint8 *start = encoder->window + DEFLATE_WINDOW, *at = start;
    const guint8 *end = start + encoder->filled;
    Part block = {.raw = at};
    if (!encoder->begun) {
        deflate_matcher_clear(&encoder->matcher);
        encoder->place = DEFLATE_FIRST_PLACE;
    }
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
}

/* Keeps the window before the next segment. */
static void begin_segment(DeflateEncoder *encoder)
{
    memmove(encoder->window, encoder->window + encoder->filled, DEFLATE_WINDOW);
    encoder->filled = 0;
    encoder->begun = true;
}

gboolean deflate_encoder_write(DeflateEncoder *encoder, const void *bytes, size_t length,
                               GError **error)
{
    const guint8 *at = bytes;
    while (length > 0) {
        if (encoder->filled == SEGMENT) {
            encode_segment(encoder, false);
            if (!give(encoder, error))
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

/* The input under the fixed code, looking for one candidate a place. */
static void encode_fixed(const DeflateTables *tables, const guint8 *in, size_t length, bool final,
                         DeflateBits *bits)
{
    guint16 newest[1 << SMALL_HASH_BITS] = {0}; /* place + 1 */
    deflate_bits_put(bits, final | 2, 3);
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
        DeflateToken token = match ? deflate_match_token((unsigned)(at + 1 - before), (unsigned)run)
                                   : (guint32)in[at];
        deflate_token_write(tables, token, bits);
        at += match ? run : 1;
    }
    deflate_end_write(tables, bits);
}

static void encode_small(DeflateEncoder *encoder, bool final)
{
    const guint8 *in = encoder->window + DEFLATE_WINDOW;
    DeflateBits start = encoder->bits;
    encode_fixed(&encoder->tables, in, encoder->filled, final, &encoder->bits);
    if ((size_t)(encoder->bits.at - start.at) <= encoder->filled + 5)
        return;
    encoder->bits = start;
    deflate_stored_write(&encoder->bits, in, encoder->filled, final);
}

/* Encodes what is left and forgets it. */
static void encode_rest(DeflateEncoder *encoder, bool final)
{
    if (!encoder->begun && encoder->filled <= DEFLATE_SMALL_BYTES) {
        if (encoder->filled > 0 || final)
            encode_small(encoder, final);
        encoder->filled = 0;
        return;
    }
    encode_segment(encoder, final);
    encoder->filled = 0;
    encoder->begun = false;
}

gboolean deflate_encoder_cut(DeflateEncoder *encoder, GError **error)
{
    encode_rest(encoder, false);
    if (encoder->bits.count > 0)
        deflate_stored_write(&encoder->bits, encoder->window, 0, false);
    return give(encoder, error);
}

void deflate_encoder_join(DeflateEncoder *encoder, unsigned bits, unsigned count)
{
    g_assert(count < 8 && encoder->filled == 0 && !encoder->begun && encoder->bits.count == 0);
    encoder->bits.bits = bits;
    encoder->bits.count = count;
}

gboolean deflate_encoder_finish(DeflateEncoder *encoder, GError **error)
{
    encode_rest(encoder, true);
    deflate_bits_align(&encoder->bits);
    return give(encoder, error);
}
