#include "archive/huffman.h"

#include <string.h>

enum {
    SYMBOL_BITS = 9,
    SYMBOL_MASK = (1 << SYMBOL_BITS) - 1,
    DEPTH = 40, /* a tree of depth d needs counts that grow as Fibonacci's numbers */
    DIGIT_BITS = 8,
};

/* Sorts by count; what is equal stays in the order of the symbols. */
static void sort_keys(guint32 *keys, unsigned count, guint32 most)
{
    guint32 other[HUFFMAN_SYMBOLS];
    for (unsigned shift = SYMBOL_BITS; shift < 32 && most >> (shift - SYMBOL_BITS);
         shift += DIGIT_BITS) {
        unsigned places[(1 << DIGIT_BITS) + 1] = {0};
        for (unsigned i = 0; i < count; i++)
            places[(keys[i] >> shift & 0xff) + 1]++;
        for (unsigned i = 0; i < 1 << DIGIT_BITS; i++)
            places[i + 1] += places[i];
        for (unsigned i = 0; i < count; i++)
            other[places[keys[i] >> shift & 0xff]++] = keys[i];
        memcpy(keys, other, count * sizeof *keys);
    }
}

/* The depth of each leaf of Huffman's tree over weights in ascending order, in place: first the
 * cells become inner nodes with the place of their parent, then depths of inner nodes, then depths
 * of leaves (Moffat and Katajainen, "In-place calculation of minimum-redundancy codes", 1995). */
static void tree_depths(guint32 *cells, unsigned count)
{
    unsigned root = 0, leaf = 2;
    cells[0] += cells[1];
    for (unsigned next = 1; next + 1 < count; next++) {
        if (leaf >= count || cells[root] < cells[leaf]) {
            cells[next] = cells[root];
            cells[root++] = next;
        } else {
            cells[next] = cells[leaf++];
        }
        if (leaf >= count || (root < next && cells[root] < cells[leaf])) {
            cells[next] += cells[root];
            cells[root++] = next;
        } else {
            cells[next] += cells[leaf++];
        }
    }
    cells[count - 2] = 0;
    for (unsigned next = count - 2; next-- > 0;)
        cells[next] = cells[cells[next]] + 1;
    unsigned open = 1, inner = 0, depth = 0, place = count;
    int node = (int)count - 2;
    while (open > 0) {
        for (inner = 0; node >= 0 && cells[node] == depth; node--)
            inner++;
        for (; open > inner; open--)
            cells[--place] = depth;
        open = 2 * inner;
        depth++;
    }
}

/* Shortens what is too long: a pair of deepest leaves loses one, whose partner moves up, and the
 * other hangs itself beside a leaf further up. The code stays complete. */
static void limit_depths(unsigned *lengths, unsigned limit)
{
    for (unsigned depth = DEPTH - 1; depth > limit; depth--) {
        while (lengths[depth] > 0) {
            unsigned above = depth - 2;
            while (lengths[above] == 0)
                above--;
            lengths[depth] -= 2;
            lengths[depth - 1]++;
            lengths[above + 1] += 2;
            lengths[above]--;
        }
    }
}

static unsigned collect(const guint32 *counts, unsigned symbols, guint32 *keys, guint32 *ret_most)
{
    unsigned found = 0;
    guint32 most = 1;
    for (unsigned symbol = 0; symbol < symbols; symbol++) {
        if (counts[symbol] == 0)
            continue;
        keys[found++] = counts[symbol] << SYMBOL_BITS | symbol;
        most = MAX(most, counts[symbol]);
    }
    *ret_most = most;
    return found;
}

void huffman_lengths(const guint32 *counts, unsigned symbols, unsigned limit, guint8 *ret_lengths)
{
    guint32 keys[HUFFMAN_SYMBOLS], cells[HUFFMAN_SYMBOLS], most;
    unsigned by_length[DEPTH] = {0};
    unsigned found = collect(counts, symbols, keys, &most);
    memset(ret_lengths, 0, symbols);
    if (found < 2) {
        unsigned only = found == 1 ? keys[0] & SYMBOL_MASK : 0;
        ret_lengths[only] = 1;
        ret_lengths[only == 0 ? 1 : 0] = 1;
        return;
    }
    sort_keys(keys, found, most);
    for (unsigned i = 0; i < found; i++)
        cells[i] = keys[i] >> SYMBOL_BITS;
    tree_depths(cells, found);
    for (unsigned i = 0; i < found; i++)
        by_length[cells[i]]++;
    limit_depths(by_length, limit);
    unsigned next = 0;
    for (unsigned length = limit; length > 0; length--) {
        for (unsigned i = 0; i < by_length[length]; i++)
            ret_lengths[keys[next++] & SYMBOL_MASK] = (guint8)length;
    }
}

static guint16 reverse(unsigned code, unsigned length)
{
    code = (code & 0x5555) << 1 | (code >> 1 & 0x5555);
    code = (code & 0x3333) << 2 | (code >> 2 & 0x3333);
    code = (code & 0x0f0f) << 4 | (code >> 4 & 0x0f0f);
    code = (code & 0x00ff) << 8 | (code >> 8 & 0x00ff);
    return (guint16)(code >> (16 - length));
}

void huffman_codes(const guint8 *lengths, unsigned symbols, guint16 *ret_codes)
{
    unsigned counts[17] = {0}, next[17] = {0};
    for (unsigned symbol = 0; symbol < symbols; symbol++)
        counts[lengths[symbol]]++;
    counts[0] = 0;
    for (unsigned length = 1; length < 17; length++)
        next[length] = (next[length - 1] + counts[length - 1]) << 1;
    for (unsigned symbol = 0; symbol < symbols; symbol++) {
        unsigned length = lengths[symbol];
        ret_codes[symbol] = length == 0 ? 0 : reverse(next[length]++, length);
    }
}
