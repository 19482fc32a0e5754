#include "text/json_scan.h"

typedef struct {
    const char *at, *end;
    unsigned depth;
} Scan;

static void skip_blanks(Scan *scan)
{
    while (scan->at < scan->end &&
           (*scan->at == ' ' || *scan->at == '\n' || *scan->at == '\r' || *scan->at == '\t'))
        scan->at++;
}

static bool take(Scan *scan, char c)
{
    skip_blanks(scan);
    if (scan->at == scan->end || *scan->at != c)
        return false;
    scan->at++;
    return true;
}

static bool scan_escape(Scan *scan)
{
    if (scan->at == scan->end)
        return false;
    char c = *scan->at++;
    if (c != 'u')
        return c != '\0' && strchr("\"\\/bfnrt", c) != NULL;
    for (unsigned i = 0; i < 4; i++, scan->at++) {
        if (scan->at == scan->end || !g_ascii_isxdigit(*scan->at))
            return false;
    }
    return true;
}

/* Behind the opening quote. */
static bool scan_text(Scan *scan, ScanValue *ret_value)
{
    const char *start = scan->at;
    while (scan->at < scan->end) {
        unsigned char c = (unsigned char)*scan->at++;
        if (c == '"') {
            *ret_value = (ScanValue){SCAN_TEXT, start, (size_t)(scan->at - start - 1)};
            return true;
        }
        if (c < ' ' || (c == '\\' && !scan_escape(scan)))
            return false;
    }
    return false;
}

static bool scan_digits(Scan *scan)
{
    const char *start = scan->at;
    while (scan->at < scan->end && g_ascii_isdigit(*scan->at))
        scan->at++;
    return scan->at > start;
}

static bool scan_number(Scan *scan, ScanValue *ret_value)
{
    const char *start = scan->at;
    if (*scan->at == '-')
        scan->at++;
    const char *digits = scan->at;
    if (!scan_digits(scan) || (*digits == '0' && scan->at > digits + 1))
        return false;
    if (scan->at < scan->end && *scan->at == '.') {
        scan->at++;
        if (!scan_digits(scan))
            return false;
    }
    if (scan->at < scan->end && (*scan->at == 'e' || *scan->at == 'E')) {
        scan->at++;
        if (scan->at < scan->end && (*scan->at == '+' || *scan->at == '-'))
            scan->at++;
        if (!scan_digits(scan))
            return false;
    }
    *ret_value = (ScanValue){SCAN_NUMBER, start, (size_t)(scan->at - start)};
    return true;
}

static bool scan_word(Scan *scan, ScanValue *ret_value)
{
    static const struct {
        const char *word;
        ScanKind kind;
    } words[] = {{"null", SCAN_NULL}, {"false", SCAN_FALSE}, {"true", SCAN_TRUE}};
    for (size_t i = 0; i < G_N_ELEMENTS(words); i++) {
        size_t length = strlen(words[i].word);
        if ((size_t)(scan->end - scan->at) < length || memcmp(scan->at, words[i].word, length) != 0)
            continue;
        *ret_value = (ScanValue){words[i].kind, scan->at, length};
        scan->at += length;
        return true;
    }
    return false;
}

static bool scan_value(Scan *scan, ScanValue *ret_value);

static bool scan_key(Scan *scan, ScanValue *ret_key)
{
    return take(scan, '"') && scan_text(scan, ret_key) && take(scan, ':');
}

/* Behind the opening bracket. */
static bool scan_container(Scan *scan, bool map, ScanValue *ret_value)
{
    const char *start = scan->at - 1;
    char close = map ? '}' : ']';
    ScanValue ignored;
    if (++scan->depth > JSON_SCAN_DEPTH)
        return false;
    bool first = true;
    while (!take(scan, close)) {
        if ((!first && !take(scan, ',')) || (map && !scan_key(scan, &ignored)) ||
            !scan_value(scan, &ignored))
            return false;
        first = false;
    }
    scan->depth--;
    *ret_value = (ScanValue){map ? SCAN_MAP : SCAN_LIST, start, (size_t)(scan->at - start)};
    return true;
}

static bool scan_value(Scan *scan, ScanValue *ret_value)
{
    skip_blanks(scan);
    if (scan->at == scan->end)
        return false;
    char c = *scan->at;
    if (c == '-' || g_ascii_isdigit(c))
        return scan_number(scan, ret_value);
    if (c != '"' && c != '{' && c != '[')
        return scan_word(scan, ret_value);
    scan->at++;
    return c == '"' ? scan_text(scan, ret_value) : scan_container(scan, c == '{', ret_value);
}

gboolean json_scan(const char *name, const char *text, size_t length, ScanValue *ret_value,
                   GError **error)
{
    Scan scan = {text, text + length, 0};
    ScanValue value;
    if (length >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0)
        scan.at += 3;
    bool sound = scan_value(&scan, &value);
    skip_blanks(&scan);
    if (scan.depth > JSON_SCAN_DEPTH)
        return error_set(error, ERROR_INPUT, SPAN_NONE, "%s: JSON of more than %d levels", name,
                         JSON_SCAN_DEPTH);
    if (!sound || scan.at != scan.end)
        return error_set(error, ERROR_INPUT, SPAN_NONE, "%s: not JSON: broken at byte %zu", name,
                         (size_t)(scan.at - text));
    *ret_value = value;
    return TRUE;
}

/* Where the next item begins, or false at the closing bracket. */
static bool begin_item(const ScanValue *container, const char **state, Scan *ret_scan)
{
    Scan scan = {*state ? *state : container->text + 1, container->text + container->length, 0};
    skip_blanks(&scan);
    if (*scan.at == ',')
        scan.at++;
    skip_blanks(&scan);
    *ret_scan = scan;
    return *scan.at != ']' && *scan.at != '}';
}

bool json_scan_item(const ScanValue *list, const char **state, ScanValue *ret_item)
{
    Scan scan;
    if (list->kind != SCAN_LIST || !begin_item(list, state, &scan) || !scan_value(&scan, ret_item))
        return false;
    *state = scan.at;
    return true;
}

bool json_scan_pair(const ScanValue *map, const char **state, ScanValue *ret_key,
                    ScanValue *ret_value)
{
    Scan scan;
    if (map->kind != SCAN_MAP || !begin_item(map, state, &scan) || !scan_key(&scan, ret_key) ||
        !scan_value(&scan, ret_value))
        return false;
    *state = scan.at;
    return true;
}

bool json_scan_is(const ScanValue *value, const char *text)
{
    return value->kind == SCAN_TEXT && strlen(text) == value->length &&
           memcmp(value->text, text, value->length) == 0;
}

static guint32 hex4(const char *text)
{
    guint32 code = 0;
    for (unsigned i = 0; i < 4; i++)
        code = code * 16 + (guint32)g_ascii_xdigit_value(text[i]);
    return code;
}

/* "uXXXX", or two of them that are a pair; returns the length, 0: no character. */
static size_t decode_unicode(GString *out, const char *text, size_t left)
{
    guint32 code = hex4(text + 1);
    if (code == 0 || (code >= 0xdc00 && code < 0xe000))
        return 0;
    if (code < 0xd800 || code >= 0xe000) {
        g_string_append_unichar(out, code);
        return 5;
    }
    if (left < 11 || text[5] != '\\' || text[6] != 'u')
        return 0;
    guint32 low = hex4(text + 7);
    if (low < 0xdc00 || low >= 0xe000)
        return 0;
    g_string_append_unichar(out, 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00));
    return 11;
}

bool json_scan_text(const ScanValue *value, GString *out)
{
    static const char letters[] = "\"\\/bfnrt", meanings[] = "\"\\/\b\f\n\r\t";
    if (value->kind != SCAN_TEXT)
        return false;
    const char *at = value->text, *end = at + value->length;
    while (at < end) {
        const char *escape = memchr(at, '\\', (size_t)(end - at));
        g_string_append_len(out, at, (escape ? escape : end) - at);
        if (!escape)
            return true;
        at = escape + 1;
        if (*at == 'u') {
            size_t used = decode_unicode(out, at, (size_t)(end - at));
            if (used == 0)
                return false;
            at += used;
        } else {
            g_string_append_c(out, meanings[strchr(letters, *at) - letters]);
            at++;
        }
    }
    return true;
}

bool json_scan_integer(const ScanValue *value, gint64 *ret_value)
{
    if (value->kind != SCAN_NUMBER || value->length > 18)
        return false;
    char text[20];
    memcpy(text, value->text, value->length);
    text[value->length] = '\0';
    if (text[strspn(text, "-0123456789")] != '\0')
        return false;
    *ret_value = g_ascii_strtoll(text, NULL, 10);
    return true;
}

static bool number_is_zero(const ScanValue *value)
{
    for (size_t i = 0; i < value->length; i++) {
        char c = value->text[i];
        if (c == 'e' || c == 'E')
            break;
        if (c >= '1' && c <= '9')
            return false;
    }
    return true;
}

bool json_scan_is_true(const ScanValue *value)
{
    const char *state = NULL;
    Scan ignored;
    switch (value->kind) {
    case SCAN_TRUE:
        return true;
    case SCAN_NUMBER:
        return !number_is_zero(value);
    case SCAN_TEXT:
        return value->length > 0;
    case SCAN_LIST:
    case SCAN_MAP:
        return begin_item(value, &state, &ignored);
    case SCAN_ABSENT:
    case SCAN_NULL:
    case SCAN_FALSE:
        return false;
    }
    return false;
}
