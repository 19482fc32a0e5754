/* Blocks of a deflate stream (RFC 1951 §3.2): tokens in, bits out. Half of the encoder; see
 * deflate_encode.h for what its output depends on. */
#pragma once

#include <glib.h>
#include <stdbool.h>

enum {
    DEFLATE_LITERALS = 288, /* literal and length symbols, of which 286 are used */
    DEFLATE_DISTANCES = 32, /* of which 30 are used */
    DEFLATE_NO_DISTANCE = 30,
    DEFLATE_END = 256,
    DEFLATE_MATCH_MIN = 3,
    DEFLATE_MATCH_MAX = 258,
    DEFLATE_STORED_MAX = 65535,
};

/* A literal is its byte; a match is its distance << 9 | DEFLATE_TOKEN_MATCH + its length less
 * DEFLATE_MATCH_MIN. Distances are not 0. */
typedef guint32 DeflateToken;

enum {
    DEFLATE_TOKEN_MATCH = 256,
    DEFLATE_TOKEN_SYMBOLS = 512, /* what the lowest 9 bits can be */
};

static inline DeflateToken deflate_match_token(unsigned distance, unsigned length)
{
    return distance << 9 | (DEFLATE_TOKEN_MATCH + length - DEFLATE_MATCH_MIN);
}

typedef struct {
    guint32 literals[DEFLATE_LITERALS];
    guint32 distances[DEFLATE_DISTANCES];
} DeflateCounts;

typedef struct {
    guint16 codes[DEFLATE_LITERALS]; /* first bit lowest */
    guint8 lengths[DEFLATE_LITERALS];
    guint16 distance_codes[DEFLATE_DISTANCES];
    guint8 distance_lengths[DEFLATE_DISTANCES];
} DeflateCodes;

/* The codes as tokens are written: literals and lengths with their extra bits, as bits | count <<
 * 24; distances as code | its length << 16 | its length with extra bits << 24, the last one, which
 * is nothing, for literals. */
typedef struct {
    guint32 symbols[DEFLATE_TOKEN_SYMBOLS];
    guint32 distances[DEFLATE_NO_DISTANCE + 1];
    guint32 end; /* like symbols */
} DeflateWords;

/* What does not depend on the data, computed once. */
typedef struct {
    DeflateCodes fixed;
    DeflateWords fixed_words;
    guint8 length_symbols[DEFLATE_MATCH_MAX + 1]; /* less 257 */
    guint8 distance_symbols[513];
    guint16 logarithms[257]; /* of 1 + i / 256 to base 2, in 1/4096 */
} DeflateTables;

/* Bits wait in `bits` until there are whole bytes of them. The owner keeps room behind `at`. */
typedef struct {
    guint8 *at;
    guint64 bits;
    unsigned count; /* < 8 between blocks */
} DeflateBits;

void deflate_tables_init(DeflateTables *tables);

/* DEFLATE_NO_DISTANCE for 0. */
static inline unsigned deflate_distance_symbol(const DeflateTables *tables, unsigned distance)
{
    return tables->distance_symbols[distance <= 256 ? distance : 257 + ((distance - 1) >> 7)];
}

/* What the counted symbols would cost under an ideal code, in 1/4096 bit: for deciding where a
 * block ends. */
guint64 deflate_ideal_cost(const DeflateTables *tables, const DeflateCounts *counts);

typedef struct {
    const DeflateToken *tokens;
    size_t count;
    const DeflateCounts *counts; /* of the tokens */
    const guint8 *raw;           /* what they stand for */
    size_t raw_length;
    bool final;
} DeflateBlock;

/* Writes the block in the cheapest way: at most raw_length + 5 bytes for each DEFLATE_STORED_MAX of
 * them or part, and 8 more that may be overwritten. */
void deflate_block_write(const DeflateTables *tables, const DeflateBlock *block, DeflateBits *out);
/* Stored blocks; an empty one when length is 0. */
void deflate_stored_write(DeflateBits *out, const guint8 *raw, size_t length, bool final);
/* One token, and the end of a block, under the fixed code. */
void deflate_token_write(const DeflateTables *tables, DeflateToken token, DeflateBits *out);
void deflate_end_write(const DeflateTables *tables, DeflateBits *out);
void deflate_bits_put(DeflateBits *out, guint32 bits, unsigned count);
/* Fills the byte that was begun with zeros. */
void deflate_bits_align(DeflateBits *out);
