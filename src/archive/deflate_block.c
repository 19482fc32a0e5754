#include "archive/deflate_block.h"

#include "archive/huffman.h"

#include <string.h>

/* RFC 1951 §3.2.5 to §3.2.7. */
static const guint8 length_extra[29] = {0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2,
                                        2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0};
static const guint16 length_base[29] = {3,  4,  5,  6,   7,   8,   9,   10,  11, 13,
                                        15, 17, 19, 23,  27,  31,  35,  43,  51, 59,
                                        67, 83, 99, 115, 131, 163, 195, 227, 258};
static const guint8 distance_extra[30] = {0, 0, 0, 0, 1, 1, 2, 2,  3,  3,  4,  4,  5,  5,  6,
                                          6, 7, 7, 8, 8, 9, 9, 10, 10, 11, 11, 12, 12, 13, 13};
static const guint16 distance_base[31] = {
    1,   2,   3,   4,   5,    7,    9,    13,   17,   25,   33,   49,    65,    97,    129, 193,
    257, 385, 513, 769, 1025, 1537, 2049, 3073, 4097, 6145, 8193, 12289, 16385, 24577, 0};
static const guint8 precode_order[19] = {16, 17, 18, 0, 8,  7, 9,  6, 10, 5,
                                         11, 4,  12, 3, 13, 2, 14, 1, 15};

enum {
    TYPE_FIXED = 1,
    TYPE_DYNAMIC = 2,
    PRECODE_SYMBOLS = 19,
    PRECODE_BITS = 7,
    CODE_BITS = 15,
    REPEAT_LAST = 16,  /* 3 to 6 times, 2 bits */
    REPEAT_ZERO = 17,  /* 3 to 10 times, 3 bits */
    REPEAT_ZEROS = 18, /* 11 to 138 times, 7 bits */
    LENGTH_SYMBOLS = 29,
    DISTANCE_SYMBOLS = 30,
};

/* log2 of 1 + i / 256 by repeated squaring: each squaring gives the next bit. */
static guint16 fraction_logarithm(unsigned i)
{
    guint64 value = ((guint64)256 + i) << 22; /* 30 bits behind the point */
    unsigned result = 0;
    for (unsigned bit = 0; bit < 12; bit++) {
        value = (value * value) >> 30;
        bool high = value >= (guint64)2 << 30;
        result = result << 1 | high;
        value >>= high;
    }
    return (guint16)result;
}

static void init_fixed(DeflateCodes *codes)
{
    for (unsigned i = 0; i < DEFLATE_LITERALS; i++)
        codes->lengths[i] = i < 144 ? 8 : i < 256 ? 9 : i < 280 ? 7 : 8;
    memset(codes->distance_lengths, 5, sizeof codes->distance_lengths);
    huffman_codes(codes->lengths, DEFLATE_LITERALS, codes->codes);
    huffman_codes(codes->distance_lengths, DEFLATE_DISTANCES, codes->distance_codes);
}

static guint32 make_word(const DeflateCodes *codes, unsigned symbol, guint32 extra, unsigned count)
{
    unsigned length = codes->lengths[symbol];
    return codes->codes[symbol] | extra << length | (length + count) << 24;
}

static void make_words(const DeflateTables *tables, const DeflateCodes *codes, DeflateWords *words)
{
    for (unsigned i = 0; i < DEFLATE_END; i++)
        words->symbols[i] = make_word(codes, i, 0, 0);
    words->end = make_word(codes, DEFLATE_END, 0, 0);
    for (unsigned length = DEFLATE_MATCH_MIN; length <= DEFLATE_MATCH_MAX; length++) {
        unsigned symbol = tables->length_symbols[length];
        words->symbols[DEFLATE_TOKEN_MATCH + length - DEFLATE_MATCH_MIN] = make_word(
            codes, DEFLATE_END + 1 + symbol, length - length_base[symbol], length_extra[symbol]);
    }
    for (unsigned i = 0; i < DISTANCE_SYMBOLS; i++) {
        guint32 length = codes->distance_lengths[i];
        words->distances[i] =
            codes->distance_codes[i] | length << 16 | (length + distance_extra[i]) << 24;
    }
    words->distances[DEFLATE_NO_DISTANCE] = 0;
}

void deflate_tables_init(DeflateTables *tables)
{
    for (unsigned symbol = 0; symbol < LENGTH_SYMBOLS; symbol++) {
        unsigned end =
            symbol + 1 < LENGTH_SYMBOLS ? length_base[symbol + 1] : DEFLATE_MATCH_MAX + 1;
        for (unsigned length = length_base[symbol]; length < end; length++)
            tables->length_symbols[length] = (guint8)symbol;
    }
    for (unsigned symbol = 0; symbol < DISTANCE_SYMBOLS; symbol++) {
        unsigned start = distance_base[symbol] - 1u, end = start + (1u << distance_extra[symbol]);
        for (unsigned less = start; less < end; less++)
            tables->distance_symbols[less < 256 ? less + 1 : 257 + (less >> 7)] = (guint8)symbol;
    }
    tables->distance_symbols[0] = DEFLATE_NO_DISTANCE;
    for (unsigned i = 0; i < 256; i++)
        tables->logarithms[i] = fraction_logarithm(i);
    tables->logarithms[256] = 4096;
    init_fixed(&tables->fixed);
    make_words(tables, &tables->fixed, &tables->fixed_words);
}

/* n log2 n in 1/4096, straight between two entries of the table. */
static inline guint64 weigh(const DeflateTables *tables, guint32 n)
{
    if (n == 0)
        return 0;
    unsigned whole = 31 - (unsigned)__builtin_clz(n);
    guint32 mantissa = n << (31 - whole);
    guint32 low = tables->logarithms[mantissa >> 23 & 255];
    return (guint64)n * ((guint64)whole * 4096 + low);
}

static guint64 ideal_cost(const DeflateTables *tables, const guint32 *counts, size_t count,
                          const guint8 *extra, size_t first_extra)
{
    guint64 total = 0, sum = 0, more = 0;
    for (size_t i = 0; i < count; i++) {
        total += counts[i];
        sum += weigh(tables, counts[i]);
    }
    for (size_t i = first_extra; i < count; i++)
        more += (guint64)counts[i] * extra[i - first_extra];
    guint64 whole = weigh(tables, (guint32)total);
    return (whole > sum ? whole - sum : 0) + more * 4096;
}

guint64 deflate_ideal_cost(const DeflateTables *tables, const DeflateCounts *counts)
{
    return ideal_cost(tables, counts->literals, DEFLATE_END + 1 + LENGTH_SYMBOLS, length_extra,
                      DEFLATE_END + 1) +
           ideal_cost(tables, counts->distances, DISTANCE_SYMBOLS, distance_extra, 0);
}

static inline void put(DeflateBits *out, guint64 bits, unsigned count)
{
    out->bits |= bits << out->count;
    out->count += count;
}

/* Leaves fewer than 8 bits waiting. */
static inline void drain(DeflateBits *out)
{
    guint64 bits = GUINT64_TO_LE(out->bits);
    memcpy(out->at, &bits, sizeof bits);
    out->at += out->count >> 3;
    out->bits >>= out->count & ~7u;
    out->count &= 7;
}

void deflate_bits_put(DeflateBits *out, guint32 bits, unsigned count)
{
    put(out, bits, count);
    drain(out);
}

void deflate_bits_align(DeflateBits *out)
{
    out->count = (out->count + 7) & ~7u;
    drain(out);
}

void deflate_stored_write(DeflateBits *out, const guint8 *raw, size_t length, bool final)
{
    do {
        size_t piece = MIN(length, (size_t)DEFLATE_STORED_MAX);
        length -= piece;
        deflate_bits_put(out, final && length == 0, 3);
        deflate_bits_align(out);
        deflate_bits_put(out, (guint32)piece, 16);
        deflate_bits_put(out, (guint32)(piece ^ 0xffff), 16);
        memcpy(out->at, raw, piece);
        out->at += piece;
        raw += piece;
    } while (length > 0);
}

/* Without a branch for what is a literal: it would be guessed wrong too often. */
static inline void token_put(const DeflateTables *tables, const DeflateWords *words,
                             DeflateToken token, DeflateBits *out)
{
    guint32 word = words->symbols[token % DEFLATE_TOKEN_SYMBOLS];
    unsigned distance = token / DEFLATE_TOKEN_SYMBOLS;
    put(out, word & 0xffffff, word >> 24);
    unsigned symbol = deflate_distance_symbol(tables, distance);
    word = words->distances[symbol];
    put(out, (word & 0xffff) | (distance - distance_base[symbol]) << (word >> 16 & 0xff),
        word >> 24);
}

void deflate_token_write(const DeflateTables *tables, DeflateToken token, DeflateBits *out)
{
    token_put(tables, &tables->fixed_words, token, out);
    drain(out);
}

void deflate_end_write(const DeflateTables *tables, DeflateBits *out)
{
    deflate_bits_put(out, tables->fixed_words.end & 0xffffff, tables->fixed_words.end >> 24);
}

/* Seven bits wait at most, and a token has at most 48. */
static void write_tokens(const DeflateTables *tables, const DeflateWords *words,
                         const DeflateBlock *block, DeflateBits *out)
{
    DeflateBits bits = *out;
    for (size_t i = 0; i < block->count; i++) {
        token_put(tables, words, block->tokens[i], &bits);
        drain(&bits);
    }
    put(&bits, words->end & 0xffffff, words->end >> 24);
    drain(&bits);
    *out = bits;
}

/* The bits of all tokens and the end under `codes`. */
static guint64 codes_cost(const DeflateCounts *counts, const DeflateCodes *codes)
{
    guint64 bits = 0;
    for (unsigned i = 0; i <= DEFLATE_END + LENGTH_SYMBOLS; i++)
        bits += (guint64)counts->literals[i] * codes->lengths[i];
    for (unsigned i = 0; i < LENGTH_SYMBOLS; i++)
        bits += (guint64)counts->literals[DEFLATE_END + 1 + i] * length_extra[i];
    for (unsigned i = 0; i < DISTANCE_SYMBOLS; i++)
        bits += (guint64)counts->distances[i] * (codes->distance_lengths[i] + distance_extra[i]);
    return bits;
}

/* The code lengths of a dynamic block, as RFC 1951 §3.2.7 writes them. */
typedef struct {
    guint8 symbols[DEFLATE_LITERALS + DEFLATE_DISTANCES];
    guint8 extra[DEFLATE_LITERALS + DEFLATE_DISTANCES];
    unsigned count;
    guint32 counts[PRECODE_SYMBOLS];
    guint8 lengths[PRECODE_SYMBOLS];
    guint16 codes[PRECODE_SYMBOLS];
    unsigned literals, distances, precodes; /* HLIT, HDIST and HCLEN, each with its minimum */
} Preamble;

static const guint8 repeat_bits[] = {2, 3, 7};

static void add_lengths(Preamble *preamble, unsigned symbol, unsigned extra)
{
    preamble->symbols[preamble->count] = (guint8)symbol;
    preamble->extra[preamble->count++] = (guint8)extra;
    preamble->counts[symbol]++;
}

static void add_run(Preamble *preamble, unsigned length, unsigned run)
{
    while (length == 0 && run >= 3) {
        unsigned piece = MIN(run, 138);
        if (piece >= 11)
            add_lengths(preamble, REPEAT_ZEROS, piece - 11);
        else
            add_lengths(preamble, REPEAT_ZERO, piece - 3);
        run -= piece;
    }
    if (run > 0 && length > 0) {
        add_lengths(preamble, length, 0);
        run--;
    }
    while (length > 0 && run >= 3) {
        unsigned piece = MIN(run, 6);
        add_lengths(preamble, REPEAT_LAST, piece - 3);
        run -= piece;
    }
    while (run-- > 0)
        add_lengths(preamble, length, 0);
}

static unsigned used(const guint8 *lengths, unsigned count, unsigned least)
{
    while (count > least && lengths[count - 1] == 0)
        count--;
    return count;
}

/* Returns its cost in bits. */
static guint64 plan_preamble(const DeflateCodes *codes, Preamble *preamble)
{
    guint8 all[DEFLATE_LITERALS + DEFLATE_DISTANCES];
    memset(preamble->counts, 0, sizeof preamble->counts);
    preamble->count = 0;
    preamble->literals = used(codes->lengths, DEFLATE_END + 1 + LENGTH_SYMBOLS, DEFLATE_END + 1);
    preamble->distances = used(codes->distance_lengths, DISTANCE_SYMBOLS, 1);
    unsigned count = preamble->literals + preamble->distances;
    memcpy(all, codes->lengths, preamble->literals);
    memcpy(all + preamble->literals, codes->distance_lengths, preamble->distances);
    for (unsigned i = 0; i < count;) {
        unsigned end = i + 1;
        while (end < count && all[end] == all[i])
            end++;
        add_run(preamble, all[i], end - i);
        i = end;
    }
    huffman_lengths(preamble->counts, PRECODE_SYMBOLS, PRECODE_BITS, preamble->lengths);
    huffman_codes(preamble->lengths, PRECODE_SYMBOLS, preamble->codes);
    preamble->precodes = PRECODE_SYMBOLS;
    while (preamble->precodes > 4 && preamble->lengths[precode_order[preamble->precodes - 1]] == 0)
        preamble->precodes--;
    guint64 bits = 5 + 5 + 4 + 3 * preamble->precodes;
    for (unsigned i = 0; i < PRECODE_SYMBOLS; i++)
        bits += (guint64)preamble->counts[i] *
                (preamble->lengths[i] + (i >= REPEAT_LAST ? repeat_bits[i - REPEAT_LAST] : 0u));
    return bits;
}

static void write_preamble(const Preamble *preamble, DeflateBits *out)
{
    deflate_bits_put(out, preamble->literals - (DEFLATE_END + 1), 5);
    deflate_bits_put(out, preamble->distances - 1, 5);
    deflate_bits_put(out, preamble->precodes - 4, 4);
    for (unsigned i = 0; i < preamble->precodes; i++)
        deflate_bits_put(out, preamble->lengths[precode_order[i]], 3);
    for (unsigned i = 0; i < preamble->count; i++) {
        unsigned symbol = preamble->symbols[i];
        deflate_bits_put(out, preamble->codes[symbol], preamble->lengths[symbol]);
        if (symbol >= REPEAT_LAST)
            deflate_bits_put(out, preamble->extra[i], repeat_bits[symbol - REPEAT_LAST]);
    }
}

static guint64 stored_cost(const DeflateBits *out, size_t length)
{
    guint64 pieces = length == 0 ? 1 : (length + DEFLATE_STORED_MAX - 1) / DEFLATE_STORED_MAX;
    unsigned begun = (out->count + 3) & 7;
    /* only the first piece begins inside a byte; the others take 3 bits and 5 of padding */
    return 3 + (begun ? 8 - begun : 0) + (pieces - 1) * 8 + pieces * 32 + (guint64)length * 8;
}

void deflate_block_write(const DeflateTables *tables, const DeflateBlock *block, DeflateBits *out)
{
    DeflateCodes dynamic;
    DeflateWords words;
    Preamble preamble;
    huffman_lengths(block->counts->literals, DEFLATE_LITERALS, CODE_BITS, dynamic.lengths);
    huffman_lengths(block->counts->distances, DEFLATE_DISTANCES, CODE_BITS,
                    dynamic.distance_lengths);
    guint64 dynamic_cost =
        3 + plan_preamble(&dynamic, &preamble) + codes_cost(block->counts, &dynamic);
    guint64 fixed_cost = 3 + codes_cost(block->counts, &tables->fixed);
    if (stored_cost(out, block->raw_length) <= MIN(fixed_cost, dynamic_cost)) {
        deflate_stored_write(out, block->raw, block->raw_length, block->final);
    } else if (fixed_cost <= dynamic_cost) {
        deflate_bits_put(out, block->final | TYPE_FIXED << 1, 3);
        write_tokens(tables, &tables->fixed_words, block, out);
    } else {
        huffman_codes(dynamic.lengths, DEFLATE_LITERALS, dynamic.codes);
        huffman_codes(dynamic.distance_lengths, DEFLATE_DISTANCES, dynamic.distance_codes);
        make_words(tables, &dynamic, &words);
        deflate_bits_put(out, block->final | TYPE_DYNAMIC << 1, 3);
        write_preamble(&preamble, out);
        write_tokens(tables, &words, block, out);
    }
}
