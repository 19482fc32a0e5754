/* The search for repetitions of the deflate encoder: hash chains over the last 32 KiB. Half of the
 * encoder; see deflate_encode.h for what its output depends on.
 *
 * Places are counted by 16 bits that go round, so that the tables stay small. What is further back
 * than 64 KiB seems near then: such a candidate is compared with the input like every other one and
 * found wrong, or right by chance. So the tables are cleared where a stream begins, at
 * DEFLATE_FIRST_PLACE, from which what is clear is out of reach. */
#pragma once

#include "archive/deflate_block.h"

enum {
    DEFLATE_WINDOW = 32768,
    DEFLATE_FIRST_PLACE = DEFLATE_WINDOW,
    DEFLATE_HASH4_BITS = 15,
    DEFLATE_HASH3_BITS = 13,
    DEFLATE_LOAD_MORE = 8, /* bytes behind the input that are loaded, never used */
};

typedef struct {
    guint16 newest4[1 << DEFLATE_HASH4_BITS]; /* the newest place of a hash of 4 bytes */
    guint16 newest3[1 << DEFLATE_HASH3_BITS];
    guint16 before[DEFLATE_WINDOW]; /* the place before one with its hash of 4 bytes */
} DeflateMatcher;

void deflate_matcher_clear(DeflateMatcher *matcher);

typedef struct {
    const guint8 *start; /* of the parse; the window lies before it */
    const guint8 *end;   /* of the input, DEFLATE_LOAD_MORE readable bytes behind it */
    guint32 place;       /* of start */
    DeflateToken *tokens;
    size_t room; /* > 1 */
} DeflateParse;

/* Turns bytes into tokens until the input or the room (by one) is used up; returns where it ended
 * and adds what it made to `counts`. */
const guint8 *deflate_parse(DeflateMatcher *matcher, const DeflateTables *tables,
                            const DeflateParse *parse, size_t *ret_tokens, DeflateCounts *counts);
