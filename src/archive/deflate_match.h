/* The search for repetitions of the deflate encoder: hash chains over the last 32 KiB. Half of the
 * encoder; see deflate_encode.h for what its output depends on.
 *
 * Places are counted by 32 bits that go round. What the tables say about a place further back than
 * the window is void, so that a new stream needs no clearing: it begins a window and more behind
 * the last one. */
#pragma once

#include "archive/deflate_block.h"

enum {
    DEFLATE_WINDOW = 32768,
    DEFLATE_HASH4_BITS = 15,
    DEFLATE_HASH3_BITS = 13,
    DEFLATE_LOAD_MORE = 8, /* bytes behind the input that are loaded, never used */
};

typedef struct {
    guint32 newest4[1 << DEFLATE_HASH4_BITS]; /* the newest place of a hash of 4 bytes */
    guint32 newest3[1 << DEFLATE_HASH3_BITS];
    guint16 steps[DEFLATE_WINDOW]; /* from a place to the one before with its hash; 0: none */
} DeflateMatcher;

/* No place has been seen; the first one to come is at least 2 * DEFLATE_WINDOW. */
void deflate_matcher_clear(DeflateMatcher *matcher);
/* Takes `less` off every place, `now` being the next one before that. */
void deflate_matcher_rebase(DeflateMatcher *matcher, guint32 now, guint32 less);

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
