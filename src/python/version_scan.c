#include "python/version_scan.h"

static bool is_separator(char c)
{
    return c == '.' || c == '-' || c == '_';
}

size_t python_space(const char *text, const char *end)
{
    const guint8 *at = (const guint8 *)text;
    size_t left = (size_t)(end - text);
    if (left == 0)
        return 0;
    if (at[0] < 0x80)
        return at[0] == ' ' || (at[0] >= 0x09 && at[0] <= 0x0d) || (at[0] >= 0x1c && at[0] <= 0x1f);
    if (left >= 2 && at[0] == 0xc2)
        return at[1] == 0x85 || at[1] == 0xa0 ? 2 : 0;
    if (left < 3)
        return 0;
    unsigned code = (at[0] & 0x0fu) << 12 | (at[1] & 0x3fu) << 6 | (at[2] & 0x3fu);
    if ((at[0] & 0xf0) != 0xe0)
        return 0;
    bool space = code == 0x1680 || (code >= 0x2000 && code <= 0x200a) || code == 0x2028 ||
                 code == 0x2029 || code == 0x202f || code == 0x205f || code == 0x3000;
    return space ? 3 : 0;
}

void python_strip(const char **text, size_t *length)
{
    const char *begin = *text, *end = begin + *length;
    for (size_t n; (n = python_space(begin, end)) > 0;)
        begin += n;
    while (end > begin) {
        const char *last = end - 1;
        while (last > begin && ((guint8)*last & 0xc0) == 0x80)
            last--;
        if (python_space(last, end) != (size_t)(end - last))
            break;
        end = last;
    }
    *text = begin;
    *length = (size_t)(end - begin);
}

static Digits trim_zeros(const char *at, size_t length)
{
    while (length > 1 && *at == '0') {
        at++;
        length--;
    }
    return (Digits){at, length};
}

/* No digits at all count as 0, as in "1.0a" and "1.0.post". */
static const char *scan_number(const char *at, VersionScan *scan, Digits *ret_digits)
{
    const char *begin = at;
    while (g_ascii_isdigit(*at))
        at++;
    size_t length = (size_t)(at - begin);
    scan->too_long |= length > VERSION_DIGITS_MAX;
    *ret_digits = length == 0 ? (Digits){"0", 1} : trim_zeros(begin, length);
    return at;
}

static const char *scan_word(const char *at, const char *word)
{
    size_t length = strlen(word);
    return g_ascii_strncasecmp(at, word, length) == 0 ? at + length : NULL;
}

/* separator? word separator? digits? */
static const char *scan_lettered(const char *at, const char *word, VersionScan *scan,
                                 Digits *ret_digits)
{
    if (is_separator(*at))
        at++;
    at = scan_word(at, word);
    if (at == NULL)
        return NULL;
    if (is_separator(*at))
        at++;
    return scan_number(at, scan, ret_digits);
}

static const struct {
    const char *word;
    PreRank rank;
} pre_words[] = {
    /* clang-format off */
    {"alpha", PRE_ALPHA}, {"a", PRE_ALPHA}, {"beta", PRE_BETA}, {"b", PRE_BETA},
    {"preview", PRE_CANDIDATE}, {"pre", PRE_CANDIDATE}, {"c", PRE_CANDIDATE},
    {"rc", PRE_CANDIDATE},
    /* clang-format on */
};

static const char *scan_pre(const char *at, VersionScan *scan)
{
    for (size_t i = 0; i < G_N_ELEMENTS(pre_words); i++) {
        const char *end = scan_lettered(at, pre_words[i].word, scan, &scan->pre);
        if (end == NULL)
            continue;
        scan->pre_rank = pre_words[i].rank;
        return end;
    }
    return at;
}

static const char *scan_post(const char *at, VersionScan *scan)
{
    static const char *const words[] = {"post", "rev", "r"};
    if (at[0] == '-' && g_ascii_isdigit(at[1])) {
        scan->has_post = true;
        return scan_number(at + 1, scan, &scan->post);
    }
    for (size_t i = 0; i < G_N_ELEMENTS(words); i++) {
        const char *end = scan_lettered(at, words[i], scan, &scan->post);
        if (end == NULL)
            continue;
        scan->has_post = true;
        return end;
    }
    return at;
}

static const char *scan_dev(const char *at, VersionScan *scan)
{
    const char *end = scan_lettered(at, "dev", scan, &scan->dev);
    scan->has_dev = end != NULL;
    return end != NULL ? end : at;
}

static const char *scan_local(const char *at, VersionScan *scan)
{
    if (at[0] != '+' || !g_ascii_isalnum(at[1]))
        return at;
    const char *begin = ++at;
    for (;;) {
        while (g_ascii_isalnum(*at))
            at++;
        if (!is_separator(at[0]) || !g_ascii_isalnum(at[1]))
            break;
        at++;
    }
    scan->local = begin;
    scan->local_length = (size_t)(at - begin);
    const char *step = scan->local;
    Digits segment;
    for (bool number; version_scan_next_segment(scan, &step, &segment, &number);)
        scan->too_long |= number && segment.length > VERSION_DIGITS_MAX;
    return at;
}

static const char *scan_release(const char *at, VersionScan *scan)
{
    Digits number;
    scan->release = at;
    at = scan_number(at, scan, &number);
    scan->release_count = 1;
    while (at[0] == '.' && g_ascii_isdigit(at[1])) {
        at = scan_number(at + 1, scan, &number);
        scan->release_count++;
    }
    scan->release_length = (size_t)(at - scan->release);
    scan->release_end = at;
    return at;
}

const char *version_scan(const char *text, bool local, VersionScan *ret_scan)
{
    VersionScan scan = {.epoch = {"0", 1}, .pre_rank = PRE_NONE};
    const char *at = text;
    if (*at == 'v' || *at == 'V')
        at++;
    if (!g_ascii_isdigit(*at))
        return NULL;
    Digits epoch;
    const char *end = scan_number(at, &scan, &epoch);
    if (end[0] == '!' && g_ascii_isdigit(end[1])) {
        scan.epoch = epoch;
        at = end + 1;
    }
    at = scan_release(at, &scan);
    /* most versions end here */
    if (is_separator(*at) || g_ascii_isalpha(*at)) {
        at = scan_pre(at, &scan);
        at = scan_post(at, &scan);
        at = scan_dev(at, &scan);
    }
    if (local)
        at = scan_local(at, &scan);
    *ret_scan = scan;
    return at;
}

bool version_scan_next_number(const VersionScan *scan, const char **at, Digits *ret_digits)
{
    const char *end = scan->release + scan->release_length;
    if (*at >= end)
        return false;
    const char *begin = *at;
    while (*at < end && **at != '.')
        (*at)++;
    *ret_digits = trim_zeros(begin, (size_t)(*at - begin));
    *at += *at < end;
    return true;
}

bool version_scan_next_segment(const VersionScan *scan, const char **at, Digits *ret_segment,
                               bool *ret_number)
{
    if (!scan->local)
        return false;
    const char *end = scan->local + scan->local_length;
    if (*at >= end)
        return false;
    const char *begin = *at;
    bool number = true;
    for (; *at < end && !is_separator(**at); (*at)++)
        number &= g_ascii_isdigit(**at);
    size_t length = (size_t)(*at - begin);
    *ret_segment = number ? trim_zeros(begin, length) : (Digits){begin, length};
    *ret_number = number;
    *at += *at < end;
    return true;
}

size_t version_key_bound(size_t length)
{
    return 3 * length + 32;
}

static guint8 *write_number(guint8 *at, Digits digits)
{
    if (digits.length >= 0x80)
        *at++ = (guint8)(0x80 | digits.length >> 8);
    *at++ = (guint8)digits.length;
    memcpy(at, digits.at, digits.length);
    return at + digits.length;
}

/* As write_number() for the number plus one. */
static guint8 *write_next_number(guint8 *at, Digits digits)
{
    bool nines = true;
    for (size_t i = 0; i < digits.length; i++)
        nines &= digits.at[i] == '9';
    size_t length = digits.length + nines;
    if (length >= 0x80)
        *at++ = (guint8)(0x80 | length >> 8);
    *at++ = (guint8)length;
    *at = '0'; /* the digit in front, when all others are nines */
    memcpy(at + nines, digits.at, digits.length);
    guint8 *digit = at + length - 1;
    for (; *digit == '9'; digit--)
        *digit = '0';
    ++*digit;
    return at + length;
}

/* Trailing zeros of the release are left out: 1.0 is 1. */
static guint8 *write_release(const VersionScan *scan, size_t count, bool next, guint8 *at)
{
    guint8 *trimmed = at;
    const char *step = scan->release;
    Digits number;
    for (size_t i = 0; i < count && version_scan_next_number(scan, &step, &number); i++) {
        bool last = next && i + 1 == count;
        at = last ? write_next_number(at, number) : write_number(at, number);
        if (last || number.length > 1 || *number.at != '0')
            trimmed = at;
    }
    *trimmed++ = 0;
    return trimmed;
}

static guint8 *write_local(const VersionScan *scan, guint8 *at)
{
    const char *step = scan->local;
    Digits segment;
    for (bool number; version_scan_next_segment(scan, &step, &segment, &number);) {
        if (number) {
            *at++ = 2;
            at = write_number(at, segment);
            continue;
        }
        *at++ = 1;
        for (size_t i = 0; i < segment.length; i++)
            *at++ = (guint8)g_ascii_tolower(segment.at[i]);
        *at++ = 0;
    }
    return at;
}

guint8 *version_key_write(const VersionScan *scan, guint8 *at, KeyLengths *ret_lengths)
{
    guint8 *begin = at;
    at = write_number(at, scan->epoch);
    at = write_release(scan, scan->release_count, false, at);
    bool dev_alone = scan->pre_rank == PRE_NONE && !scan->has_post && scan->has_dev;
    *at++ = dev_alone ? 0 : (guint8)(scan->pre_rank + 1);
    if (scan->pre_rank != PRE_NONE)
        at = write_number(at, scan->pre);
    ret_lengths->pre = (size_t)(at - begin);
    *at++ = scan->has_post;
    if (scan->has_post)
        at = write_number(at, scan->post);
    *at++ = !scan->has_dev;
    if (scan->has_dev)
        at = write_number(at, scan->dev);
    ret_lengths->public = (size_t)(at - begin);
    at = write_local(scan, at);
    ret_lengths->all = (size_t)(at - begin);
    return at;
}

guint8 *version_key_write_prefix(const VersionScan *scan, size_t count, bool next, guint8 *at)
{
    at = write_number(at, scan->epoch);
    at = write_release(scan, count, next, at);
    *at++ = 0; /* a dev release alone */
    *at++ = 0; /* no post part */
    *at++ = 0;
    return write_number(at, (Digits){"0", 1});
}

int version_key_compare(const guint8 *a, size_t a_length, const guint8 *b, size_t b_length)
{
    int order = memcmp(a, b, MIN(a_length, b_length));
    return order != 0 ? order : (a_length > b_length) - (a_length < b_length);
}
