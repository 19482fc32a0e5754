#include "text/toml_scan.h"

#include <string.h>

Span toml_scan_span(TomlScan *scan, const char *from, const char *to)
{
    if (from >= scan->mark) {
        scan->mark_column += (unsigned)g_utf8_strlen(scan->mark, from - scan->mark);
        scan->mark = from;
    }
    unsigned back = (unsigned)g_utf8_strlen(from, scan->mark - from);
    unsigned column = scan->mark_column > back ? scan->mark_column - back : 1;
    long width = to > from ? g_utf8_strlen(from, to - from) : 1;
    return span_at(scan->source, scan->line, column, (unsigned)MAX(width, 1));
}

GError *toml_fail(TomlScan *scan, const char *from, const char *to, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_autofree char *message = g_strdup_vprintf(format, args);
    va_end(args);
    if (scan->failed)
        return NULL;
    scan->failed = true;
    return diags_error(scan->diags, toml_scan_span(scan, from, MIN(to, scan->end)), "%s", message);
}

bool toml_scan_start(TomlScan *scan, Source *source, Diags *diags)
{
    size_t length;
    const char *text = source_text(source, &length), *bad;
    *scan = (TomlScan){source, diags, text, text + length, 1, text, 1, false};
    if (length >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) {
        scan->failed = true;
        GError *error = diags_error(diags, toml_scan_span(scan, text, text),
                                    "a byte order mark can't begin a TOML file");
        error_set_hint(error, "save it as UTF-8 without one");
        return false;
    }
    if (g_utf8_validate_len(text, length, &bad))
        return true;
    for (const char *c = text; c < bad; c++) {
        if (*c != '\n')
            continue;
        scan->line++;
        scan->mark = c + 1;
    }
    const char *message = *bad == '\0' ? "a NUL character can't be in a TOML file"
                                       : "a byte that is not UTF-8 can't be in a TOML file";
    Span at = toml_scan_span(scan, bad, bad);
    scan->failed = true;
    diags_error(diags, at, "%s", message);
    return false;
}

char toml_peek(const TomlScan *scan)
{
    return scan->at < scan->end ? *scan->at : '\0';
}

bool toml_skip_char(TomlScan *scan, char wanted)
{
    if (toml_peek(scan) != wanted || scan->at >= scan->end)
        return false;
    scan->at++;
    return true;
}

void toml_skip_blanks(TomlScan *scan)
{
    while (toml_peek(scan) == ' ' || toml_peek(scan) == '\t')
        scan->at++;
}

static bool starts_with(const TomlScan *scan, const char *text)
{
    size_t length = strlen(text);
    return (size_t)(scan->end - scan->at) >= length && memcmp(scan->at, text, length) == 0;
}

/* LF or CRLF. */
static bool skip_line_end(TomlScan *scan)
{
    if (starts_with(scan, "\r\n"))
        scan->at++;
    if (toml_peek(scan) != '\n')
        return false;
    scan->at++;
    scan->line++;
    scan->mark = scan->at;
    scan->mark_column = 1;
    return true;
}

static bool is_control(char c)
{
    return ((unsigned char)c < 0x20 && c != '\t') || c == 0x7F;
}

static bool fail_control(TomlScan *scan)
{
    toml_fail(scan, scan->at, scan->at + 1, "a control character can't stand here");
    return false;
}

static bool skip_comment(TomlScan *scan)
{
    if (toml_peek(scan) != '#')
        return true;
    while (scan->at < scan->end && *scan->at != '\n' && !starts_with(scan, "\r\n")) {
        if (is_control(*scan->at))
            return fail_control(scan);
        scan->at++;
    }
    return true;
}

bool toml_skip_lines(TomlScan *scan)
{
    do {
        toml_skip_blanks(scan);
        if (!skip_comment(scan))
            return false;
    } while (skip_line_end(scan));
    return true;
}

bool toml_skip_rest(TomlScan *scan)
{
    toml_skip_blanks(scan);
    if (!skip_comment(scan))
        return false;
    if (scan->at >= scan->end || skip_line_end(scan))
        return true;
    toml_fail(scan, scan->at, scan->at + 1, "expected the end of the line");
    return false;
}

/* Strings */

static bool is_scalar_value(guint32 code)
{
    return code <= 0x10FFFF && !(code >= 0xD800 && code <= 0xDFFF);
}

/* The digits of \u and \U, behind the letter. */
static bool scan_code(TomlScan *scan, int digits, GString *text)
{
    const char *from = scan->at - 2;
    guint32 code = 0;
    for (int i = 0; i < digits; i++) {
        int digit = scan->at < scan->end ? g_ascii_xdigit_value(*scan->at) : -1;
        if (digit < 0) {
            toml_fail(scan, from, scan->at, "\\%c takes %d hexadecimal digits", from[1], digits);
            return false;
        }
        code = code << 4 | (guint32)digit;
        scan->at++;
    }
    if (code == 0)
        toml_fail(scan, from, scan->at, "a NUL character can't be in a text");
    else if (!is_scalar_value(code))
        toml_fail(scan, from, scan->at, "this is the code of no character");
    else
        g_string_append_unichar(text, code);
    return !scan->failed;
}

/* Behind a backslash. */
static bool scan_escape(TomlScan *scan, GString *text)
{
    static const char letters[] = "btnfr\"\\", meanings[] = "\b\t\n\f\r\"\\";
    char letter = toml_peek(scan);
    const char *found = letter ? strchr(letters, letter) : NULL;
    if (found) {
        g_string_append_c(text, meanings[found - letters]);
        scan->at++;
        return true;
    }
    if (letter == 'u' || letter == 'U') {
        scan->at++;
        return scan_code(scan, letter == 'u' ? 4 : 8, text);
    }
    error_set_hint(toml_fail(scan, scan->at - 1, scan->at + 1, "there is no such escape"),
                   "write a backslash twice, or the text in single quotes");
    return false;
}

/* A backslash at the end of a line takes white space and line ends with it. */
static bool skip_folded(TomlScan *scan)
{
    const char *at = scan->at;
    while (at < scan->end && (*at == ' ' || *at == '\t'))
        at++;
    if (at >= scan->end || (*at != '\n' && *at != '\r'))
        return false;
    scan->at = at;
    while (skip_line_end(scan))
        toml_skip_blanks(scan);
    return true;
}

static bool scan_character(TomlScan *scan, char quote, bool lines, GString *text)
{
    if (lines && skip_line_end(scan)) {
        g_string_append_c(text, '\n');
        return true;
    }
    if (is_control(*scan->at))
        return fail_control(scan);
    if (quote == '"' && *scan->at == '\\') {
        scan->at++;
        return (lines && skip_folded(scan)) || scan_escape(scan, text);
    }
    g_string_append_c(text, *scan->at++);
    return true;
}

static bool fail_unclosed(TomlScan *scan, Span begin)
{
    GError *error = toml_fail(scan, scan->at, scan->at, "the text is not closed");
    error_add_note(error, begin, "it begins here");
    return false;
}

static bool scan_line_text(TomlScan *scan, char quote, GString *text, Span begin)
{
    while (scan->at < scan->end && *scan->at != quote) {
        if (*scan->at == '\n' || starts_with(scan, "\r\n"))
            return fail_unclosed(scan, begin);
        if (!scan_character(scan, quote, false, text))
            return false;
    }
    return toml_skip_char(scan, quote) || fail_unclosed(scan, begin);
}

/* The quotes that end the text may have one or two of its own before them. */
static bool scan_block_text(TomlScan *scan, char quote, GString *text, Span begin)
{
    skip_line_end(scan);
    while (scan->at < scan->end) {
        if (*scan->at != quote) {
            if (!scan_character(scan, quote, true, text))
                return false;
            continue;
        }
        size_t count = 0;
        while (count < 5 && scan->at + count < scan->end && scan->at[count] == quote)
            count++;
        scan->at += count;
        for (size_t own = count >= 3 ? count - 3 : count; own > 0; own--)
            g_string_append_c(text, quote);
        if (count >= 3)
            return true;
    }
    return fail_unclosed(scan, begin);
}

static bool scan_quoted(TomlScan *scan, bool blocks, GString *ret_text, Span *ret_at)
{
    const char *from = scan->at;
    char quote = *from;
    const char three[] = {quote, quote, quote, '\0'};
    Span begin = toml_scan_span(scan, from, from + 1);
    if (starts_with(scan, three) && blocks) {
        *ret_at = begin;
        scan->at += 3;
        return scan_block_text(scan, quote, ret_text, begin);
    }
    scan->at++;
    if (!scan_line_text(scan, quote, ret_text, begin))
        return false;
    *ret_at = toml_scan_span(scan, from, scan->at);
    return true;
}

bool toml_scan_string(TomlScan *scan, GString *ret_text, Span *ret_at)
{
    return scan_quoted(scan, true, ret_text, ret_at);
}

bool toml_scan_key(TomlScan *scan, GString *ret_text, Span *ret_at)
{
    const char *from = scan->at;
    if (toml_peek(scan) == '"' || toml_peek(scan) == '\'')
        return scan_quoted(scan, false, ret_text, ret_at);
    while (scan->at < scan->end && (g_ascii_isalnum(*scan->at) || strchr("_-", *scan->at)))
        scan->at++;
    if (scan->at == from) {
        toml_fail(scan, from, from + 1, "expected a key");
        return false;
    }
    g_string_append_len(ret_text, from, scan->at - from);
    *ret_at = toml_scan_span(scan, from, scan->at);
    return true;
}

/* Numbers */

/* Digits, each single underscore between two of them. */
static bool take_digits(const char **at, const char *end, const char *digits)
{
    const char *p = *at;
    while (p < end && *p && strchr(digits, *p)) {
        p++;
        if (p + 1 < end && *p == '_' && p[1] && strchr(digits, p[1]))
            p++;
    }
    bool any = p > *at;
    *at = p;
    return any;
}

#define DECIMAL "0123456789"

static bool is_based_integer(const char *at, const char *end)
{
    static const char *const digits[] = {"x0123456789abcdefABCDEF", "o01234567", "b01"};
    if (end - at < 3 || at[0] != '0')
        return false;
    for (size_t i = 0; i < G_N_ELEMENTS(digits); i++) {
        if (at[1] != digits[i][0])
            continue;
        at += 2;
        return take_digits(&at, end, digits[i] + 1) && at == end;
    }
    return false;
}

static bool is_number(const char *at, const char *end)
{
    if (at < end && (*at == '+' || *at == '-'))
        at++;
    size_t length = (size_t)(end - at);
    if (length == 3 && (memcmp(at, "inf", 3) == 0 || memcmp(at, "nan", 3) == 0))
        return true;
    const char *first = at;
    if (!take_digits(&at, end, DECIMAL) || (*first == '0' && at - first > 1))
        return false;
    if (at < end && *at == '.') {
        at++;
        if (!take_digits(&at, end, DECIMAL))
            return false;
    }
    if (at < end && (*at == 'e' || *at == 'E')) {
        at++;
        if (at < end && (*at == '+' || *at == '-'))
            at++;
        if (!take_digits(&at, end, DECIMAL))
            return false;
    }
    return at == end;
}

/* Dates */

/* `count` digits with a value in [least, most]. */
static bool take_number(const char **at, const char *end, int count, int least, int most,
                        int *ret_value)
{
    int value = 0;
    for (int i = 0; i < count; i++, (*at)++) {
        if (*at >= end || !g_ascii_isdigit(**at))
            return false;
        value = value * 10 + (**at - '0');
    }
    if (ret_value)
        *ret_value = value;
    return value >= least && value <= most;
}

static bool take_sign(const char **at, const char *end, char sign)
{
    if (*at >= end || **at != sign)
        return false;
    (*at)++;
    return true;
}

static bool take_date(const char **at, const char *end)
{
    int year, month, day;
    return take_number(at, end, 4, 0, 9999, &year) && take_sign(at, end, '-') &&
           take_number(at, end, 2, 1, 12, &month) && take_sign(at, end, '-') &&
           take_number(at, end, 2, 1, 31, &day) &&
           day <= g_date_get_days_in_month((GDateMonth)month, (GDateYear)(year ? year : 400));
}

static bool take_time(const char **at, const char *end)
{
    if (!take_number(at, end, 2, 0, 23, NULL) || !take_sign(at, end, ':') ||
        !take_number(at, end, 2, 0, 59, NULL) || !take_sign(at, end, ':') ||
        !take_number(at, end, 2, 0, 60, NULL))
        return false;
    if (!take_sign(at, end, '.'))
        return true;
    const char *first = *at;
    while (*at < end && g_ascii_isdigit(**at))
        (*at)++;
    return *at > first;
}

static bool take_zone(const char **at, const char *end)
{
    if (take_sign(at, end, 'Z') || take_sign(at, end, 'z'))
        return true;
    return (take_sign(at, end, '+') || take_sign(at, end, '-')) &&
           take_number(at, end, 2, 0, 23, NULL) && take_sign(at, end, ':') &&
           take_number(at, end, 2, 0, 59, NULL);
}

static bool is_date_or_time(const char *from, const char *end)
{
    const char *at = from;
    if (take_time(&at, end) && at == end)
        return true;
    at = from;
    if (!take_date(&at, end))
        return false;
    if (at == end)
        return true;
    if (!take_sign(&at, end, 'T') && !take_sign(&at, end, 't') && !take_sign(&at, end, ' '))
        return false;
    return take_time(&at, end) && (at == end || (take_zone(&at, end) && at == end));
}

static const char *plain_end(const char *at, const char *end)
{
    while (at < end && (g_ascii_isalnum(*at) || strchr("+-_.:", *at)))
        at++;
    return at;
}

bool toml_scan_plain(TomlScan *scan, GString *ret_text, Span *ret_at)
{
    const char *from = scan->at, *to = plain_end(from, scan->end), *date = from;
    if (take_date(&date, to) && date == to && scan->end - to > 1 && *to == ' ' &&
        g_ascii_isdigit(to[1]))
        to = plain_end(to + 1, scan->end);
    size_t length = (size_t)(to - from);
    bool truth = (length == 4 && memcmp(from, "true", 4) == 0) ||
                 (length == 5 && memcmp(from, "false", 5) == 0);
    if (!truth && !is_number(from, to) && !is_based_integer(from, to) &&
        !is_date_or_time(from, to)) {
        GError *error = length == 0 ? toml_fail(scan, from, from + 1, "expected a value")
                                    : toml_fail(scan, from, to, "'%.*s' is no value of TOML",
                                                (int)MIN(length, 100), from);
        if (length > 0 && g_ascii_isalpha(*from))
            error_set_hint(error, "put a text in quotes");
        return false;
    }
    g_string_append_len(ret_text, from, (gssize)length);
    *ret_at = toml_scan_span(scan, from, to);
    scan->at = to;
    return true;
}
