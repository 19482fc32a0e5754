/* The grammar of PEP 440 and the order of versions, shared by version.c and specifier.c and of no
 * use elsewhere.
 *
 * A scan finds the parts of a version in place. A key is a string of bytes whose memcmp() order,
 * a shorter prefix first, is the order of versions:
 *
 *   number   one byte (digits < 128) or two (0x80 | high, low) that count its digits, then the
 *            digits without leading zeros
 *   key      epoch, release numbers without trailing zeros, 0, pre, post, dev, local
 *   pre      0 dev release alone, 1 a, 2 b, 3 rc (those three with a number), 4 none
 *   post     0 none, 1 number          dev      0 number, 1 none
 *   local    per segment: 1 text 0, or 2 number
 *
 * Every part ends itself, so two versions share their public part when one key begins with the
 * other's public part, and a prefix followed by KEY_AFTER sorts right behind all keys that begin
 * with it. */
#pragma once

#include <glib.h>
#include <stdbool.h>

/* Python's int() refuses longer ones. */
#define VERSION_DIGITS_MAX 4300u

#define KEY_AFTER 0xff

typedef struct {
    const char *at; /* no leading zeros, but "0" itself */
    size_t length;
} Digits;

typedef enum {
    PRE_ALPHA,
    PRE_BETA,
    PRE_CANDIDATE,
    PRE_NONE,
} PreRank;

typedef struct {
    Digits epoch;
    const char *release; /* digits and dots as written */
    size_t release_length;
    size_t release_count;
    PreRank pre_rank;
    Digits pre;
    bool has_post, has_dev;
    Digits post, dev;
    const char *local; /* as written, separators included; NULL: none */
    size_t local_length;
    const char *release_end; /* where the release ends in the text */
    bool too_long;           /* a number has more than VERSION_DIGITS_MAX digits */
} VersionScan;

typedef struct {
    size_t pre;    /* length up to and with the pre part */
    size_t public; /* length up to and with the dev part */
    size_t all;
} KeyLengths;

/* Scans the longest version at `text`; returns its end, or NULL when there is none. Local parts are
 * read only when `local` is set. */
const char *version_scan(const char *text, bool local, VersionScan *ret_scan);

/* Steps through the release: *at starts at scan->release, false at the end. */
bool version_scan_next_number(const VersionScan *scan, const char **at, Digits *ret_digits);
/* Steps through the local part likewise; a segment of digits alone has *ret_number set and no
 * leading zeros. */
bool version_scan_next_segment(const VersionScan *scan, const char **at, Digits *ret_segment,
                               bool *ret_number);

/* An upper bound of the bytes that the functions below write for a version of `length` bytes. */
size_t version_key_bound(size_t length);
guint8 *version_key_write(const VersionScan *scan, guint8 *at, KeyLengths *ret_lengths);
/* The key of the first dev release of the release made of the first `count` numbers, the last of
 * them increased by one when `next` is set: 1.2.3 with 2 and next gives 1.3.dev0. */
guint8 *version_key_write_prefix(const VersionScan *scan, size_t count, bool next, guint8 *at);
int version_key_compare(const guint8 *a, size_t a_length, const guint8 *b, size_t b_length);

/* What Python's str.strip() takes off: moves *text and shortens *length. */
void python_strip(const char **text, size_t *length);
/* The length of the white space character (str.isspace) at `text`, or 0. */
size_t python_space(const char *text, const char *end);
