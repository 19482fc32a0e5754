#include "archive/deflate_match.h"

#include <string.h>

/* How hard the search is. These numbers are part of the format version. */
enum {
    CHAIN = 12,                        /* candidates looked at */
    CHAIN_LAZY = 5,                    /* when there is a match already one byte before */
    NICE = 48,                         /* a match that is long enough to be taken at once */
    DISTANCE_MAX = DEFLATE_WINDOW - 1, /* the last place of the window has lost its step */
};

typedef struct {
    unsigned length, distance;
} Match;

static inline guint32 load32(const guint8 *at)
{
    guint32 value;
    memcpy(&value, at, sizeof value);
    return GUINT32_FROM_LE(value);
}

static inline guint64 load64(const guint8 *at)
{
    guint64 value;
    memcpy(&value, at, sizeof value);
    return GUINT64_FROM_LE(value);
}

static inline unsigned hash4(guint32 bytes)
{
    return (bytes * 0x9e3779b1u) >> (32 - DEFLATE_HASH4_BITS);
}

static inline unsigned hash3(guint32 bytes)
{
    return ((bytes & 0xffffff) * 0x9e3779b1u) >> (32 - DEFLATE_HASH3_BITS);
}

void deflate_matcher_clear(DeflateMatcher *matcher)
{
    memset(matcher, 0, sizeof *matcher);
}

static void rebase(guint32 *places, size_t count, guint32 now, guint32 less)
{
    for (size_t i = 0; i < count; i++)
        places[i] = now - places[i] <= DEFLATE_WINDOW ? places[i] - less : 0;
}

void deflate_matcher_rebase(DeflateMatcher *matcher, guint32 now, guint32 less)
{
    rebase(matcher->newest4, G_N_ELEMENTS(matcher->newest4), now, less);
    rebase(matcher->newest3, G_N_ELEMENTS(matcher->newest3), now, less);
}

static inline unsigned match_length(const guint8 *a, const guint8 *b, unsigned from, unsigned limit)
{
    unsigned length = from;
    while (length < limit) {
        guint64 different = load64(a + length) ^ load64(b + length);
        if (different) {
            length += (unsigned)__builtin_ctzll(different) >> 3;
            return MIN(length, limit);
        }
        length += 8;
    }
    return limit;
}

/* Enters the place and returns how far back the one before with the same hash is; 0: none. */
static inline unsigned enter4(DeflateMatcher *matcher, guint32 bytes, guint32 place)
{
    guint32 *newest = &matcher->newest4[hash4(bytes)];
    guint32 step = place - *newest;
    *newest = place;
    step = step <= DISTANCE_MAX ? step : 0;
    matcher->steps[place % DEFLATE_WINDOW] = (guint16)step;
    return step;
}

static inline unsigned enter3(DeflateMatcher *matcher, guint32 bytes, guint32 place)
{
    guint32 *newest = &matcher->newest3[hash3(bytes)];
    guint32 step = place - *newest;
    *newest = place;
    return step <= DISTANCE_MAX ? step : 0;
}

/* Enters the place and finds a match longer than match->length, of which `limit` bytes are there.
 * The nearest of the longest wins. */
static inline void find(DeflateMatcher *matcher, const guint8 *at, guint32 place, unsigned limit,
                        unsigned chain, Match *match)
{
    guint32 bytes = load32(at);
    unsigned near = enter3(matcher, bytes, place);
    unsigned distance = enter4(matcher, bytes, place);
    unsigned best = match->length;
    /* one branch that is nearly always the same: a hash of three bytes is wrong more often than not
     */
    bool same3 = ((load32(at - near) ^ bytes) & 0xffffff) == 0;
    if ((near != 0) & same3 & (best < 3)) {
        best = 3;
        match->distance = near;
    }
    unsigned nice = MIN(limit, NICE);
    unsigned step = distance;
    for (; step; step = matcher->steps[(place - distance) % DEFLATE_WINDOW], distance += step) {
        if (distance > DISTANCE_MAX || chain-- == 0)
            break;
        const guint8 *other = at - distance;
        if (load32(other + best - 3) != load32(at + best - 3) || load32(other) != bytes)
            continue;
        unsigned length = match_length(at, other, 4, limit);
        if (length > best) {
            best = length;
            match->distance = distance;
            if (length >= nice)
                break;
        }
    }
    match->length = best;
}

static inline int magnitude(unsigned distance)
{
    return 31 - __builtin_clz(distance);
}

/* Whether the match one byte later pays for the literal before it: a byte more is worth two bits of
 * distance. */
static inline bool is_better(const Match *next, const Match *now)
{
    return 4 * ((int)next->length - (int)now->length) +
               (magnitude(now->distance) - magnitude(next->distance)) >
           2;
}

static inline void enter_between(DeflateMatcher *matcher, const guint8 *at, const guint8 *end,
                                 const guint8 *input_end, guint32 place)
{
    const guint8 *last = end <= input_end - 4 ? end : input_end - 3;
    for (; at < last; at++, place++) {
        guint32 bytes = load32(at);
        enter3(matcher, bytes, place);
        enter4(matcher, bytes, place);
    }
}

static inline unsigned limit_at(const guint8 *at, const guint8 *end)
{
    size_t left = (size_t)(end - at);
    return left < DEFLATE_MATCH_MAX ? (unsigned)left : DEFLATE_MATCH_MAX;
}

const guint8 *deflate_parse(DeflateMatcher *matcher, const DeflateTables *tables,
                            const DeflateParse *parse, size_t *ret_tokens, DeflateCounts *counts)
{
    const guint8 *at = parse->start, *end = parse->end;
    DeflateToken *token = parse->tokens, *last = token + parse->room - 1;
    guint32 shift = parse->place;
    while (at < end && token < last) {
        Match match = {2, 0};
        if (end - at >= 4)
            find(matcher, at, shift + (guint32)(at - parse->start), limit_at(at, end), CHAIN,
                 &match);
        if (match.length < DEFLATE_MATCH_MIN) {
            counts->literals[*at]++;
            *token++ = *at++;
            continue;
        }
        const guint8 *entered = at + 1;
        while (match.length < NICE && end - entered >= 4 && token < last) {
            Match next = {match.length - 1, match.distance};
            find(matcher, entered, shift + (guint32)(entered - parse->start),
                 limit_at(entered, end), CHAIN_LAZY, &next);
            entered++;
            if (next.length < match.length || !is_better(&next, &match))
                break;
            counts->literals[*at]++;
            *token++ = *at++;
            match = next;
        }
        counts->literals[DEFLATE_END + 1 + tables->length_symbols[match.length]]++;
        counts->distances[deflate_distance_symbol(tables, match.distance)]++;
        *token++ = match.distance << 9 | match.length;
        at += match.length;
        enter_between(matcher, entered, at, end, shift + (guint32)(entered - parse->start));
    }
    *ret_tokens = (size_t)(token - parse->tokens);
    return at;
}
