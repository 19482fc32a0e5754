/* Prefix codes with a limit on their length, as deflate has them (RFC 1951 §3.2.2). Equal counts
 * are ordered by symbol, so that a code is a function of its counts alone. */
#pragma once

#include <glib.h>

enum {
    HUFFMAN_SYMBOLS = 288,   /* at most */
    HUFFMAN_COUNT = 1 << 22, /* the sum of all counts is below this */
};

/* The length of each symbol's code, 0 for those that do not occur, none longer than `limit`, which
 * leaves room for all symbols. At least two symbols get a code, whatever the counts say: some
 * readers refuse a code that is not complete. */
void huffman_lengths(const guint32 *counts, unsigned symbols, unsigned limit, guint8 *ret_lengths);
/* The canonical codes of these lengths with their first bit lowest. */
void huffman_codes(const guint8 *lengths, unsigned symbols, guint16 *ret_codes);
