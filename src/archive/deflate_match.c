#include "archive/deflate_match.h"

#include <string.h>

/* How hard the search is. These numbers are part of the format version. */
enum {
    CHAIN = 9,      /* candidates looked at */
    CHAIN_LAZY = 4, /* when there is a match already one byte before */
    NICE = 48,      /* a match that is long enough not to look for a longer one */
    NICE_LAZY = 24, /* nor for a better one a byte later */
    NEAR = 4096,    /* how far back a match of 3 bytes pays */
    DISTANCE_MAX = DEFLATE_WINDOW - 1, /* the last place of the window has lost its chain */
    FOUR = 4,                          /* bytes that the chains are of */
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

/* Enters the place and returns the one before with the same hash. */
static inline unsigned enter4(DeflateMatcher *matcher, guint32 bytes, guint32 place)
{
    guint16 *newest = &matcher->newest4[hash4(bytes)];
    unsigned before = *newest;
    matcher->before[place % DEFLATE_WINDOW] = (guint16)before;
    *newest = (guint16)place;
    return before;
}

static inline unsigned enter3(DeflateMatcher *matcher, guint32 bytes, guint32 place)
{
    guint16 *newest = &matcher->newest3[hash3(bytes)];
    unsigned before = *newest;
    *newest = (guint16)place;
    return before;
}

/* Where a search stands. */
typedef struct {
    const guint8 *at;
    guint32 place;
    unsigned limit;     /* bytes that are there */
    unsigned candidate; /* place of the next one */
    unsigned chain;     /* how many may be looked at yet */
} Search;

static inline unsigned distance_to(const Search *search, unsigned place)
{
    return (guint16)(search->place - place);
}

/* Goes to the next candidate and returns its distance; 0: there is none. */
static inline unsigned take(const DeflateMatcher *matcher, Search *search)
{
    unsigned distance = distance_to(search, search->candidate);
    if (distance - 1 >= DISTANCE_MAX || search->chain-- == 0)
        return 0;
    search->candidate = matcher->before[search->candidate % DEFLATE_WINDOW];
    return distance;
}

/* Looks for a match longer than match->length, which is 3 at least. The nearest of the longest
 * wins. */
static inline void find_longer(const DeflateMatcher *matcher, Search search, Match *match)
{
    const guint8 *at = search.at;
    unsigned best = match->length, distance;
    guint32 bytes = load32(at), tail = load32(at + best + 1 - FOUR);
    while (best < MIN(search.limit, NICE) && (distance = take(matcher, &search)) > 0) {
        const guint8 *other = at - distance;
        if (load32(other + best + 1 - FOUR) != tail || load32(other) != bytes)
            continue;
        unsigned length = match_length(at, other, FOUR, search.limit);
        if (length <= best)
            continue;
        best = length;
        tail = load32(at + best + 1 - FOUR);
        match->distance = distance;
    }
    match->length = best;
}

/* The best match of a place, which is entered; its length is 0 where there is none. */
static inline Match find(DeflateMatcher *matcher, Search search)
{
    Match match = {0, 0};
    guint32 bytes = load32(search.at);
    unsigned distance, near = distance_to(&search, enter3(matcher, bytes, search.place));
    search.candidate = enter4(matcher, bytes, search.place);
    while ((distance = take(matcher, &search)) > 0) {
        if (load32(search.at - distance) != bytes)
            continue;
        match.length = match_length(search.at, search.at - distance, FOUR, search.limit);
        match.distance = distance;
        find_longer(matcher, search, &match);
        return match;
    }
    if (near - 1 < NEAR && ((load32(search.at - near) ^ bytes) & 0xffffff) == 0)
        match = (Match){DEFLATE_MATCH_MIN, near};
    return match;
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

/* Whether the place behind that of `match`, which is entered, has a better one. */
static inline bool find_better(DeflateMatcher *matcher, Search search, Match *match)
{
    guint32 bytes = load32(search.at);
    enter3(matcher, bytes, search.place);
    search.candidate = enter4(matcher, bytes, search.place);
    Match next = {MAX(match->length - 1, DEFLATE_MATCH_MIN), match->distance};
    find_longer(matcher, search, &next);
    if (next.length < match->length || !is_better(&next, match))
        return false;
    *match = next;
    return true;
}

/* Enters the places of a match. Matches of 3 bytes are looked for from its last one only: those
 * before are nearly always part of what is found by 4. */
static inline void enter_between(DeflateMatcher *matcher, const guint8 *at, const guint8 *end,
                                 const guint8 *input_end, guint32 place)
{
    const guint8 *last = end <= input_end - FOUR ? end : input_end - FOUR + 1;
    if (at >= last)
        return;
    for (; at < last; at++, place++)
        enter4(matcher, load32(at), place);
    enter3(matcher, load32(at - 1), place - 1);
}

static inline Search search_at(const DeflateParse *parse, const guint8 *at, unsigned chain)
{
    size_t left = (size_t)(parse->end - at);
    return (Search){
        .at = at,
        .place = parse->place + (guint32)(at - parse->start),
        .limit = left < DEFLATE_MATCH_MAX ? (unsigned)left : DEFLATE_MATCH_MAX,
        .chain = chain,
    };
}

const guint8 *deflate_parse(DeflateMatcher *matcher, const DeflateTables *tables,
                            const DeflateParse *parse, size_t *ret_tokens, DeflateCounts *counts)
{
    const guint8 *at = parse->start, *end = parse->end;
    DeflateToken *token = parse->tokens, *last = token + parse->room - 1;
    while (at < end && token < last) {
        Match match = {0, 0};
        if (end - at >= FOUR)
            match = find(matcher, search_at(parse, at, CHAIN));
        if (match.length == 0) {
            counts->literals[*at]++;
            *token++ = *at++;
            continue;
        }
        const guint8 *entered = at + 1;
        while (match.length < NICE_LAZY && end - entered >= FOUR && token < last) {
            Search search = search_at(parse, entered++, CHAIN_LAZY);
            if (!find_better(matcher, search, &match))
                break;
            counts->literals[*at]++;
            *token++ = *at++;
        }
        counts->literals[DEFLATE_END + 1 + tables->length_symbols[match.length]]++;
        counts->distances[deflate_distance_symbol(tables, match.distance)]++;
        *token++ = deflate_match_token(match.distance, match.length);
        at += match.length;
        enter_between(matcher, entered, at, end, parse->place + (guint32)(entered - parse->start));
    }
    *ret_tokens = (size_t)(token - parse->tokens);
    return at;
}
