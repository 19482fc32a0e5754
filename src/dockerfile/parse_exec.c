/* The JSON array of exec form. Read here and not by a JSON library, since each character of a
 * string keeps its place. What is no array of JSON is no mistake: it is shell form then. */
#include "dockerfile/parse_private.h"

enum {
    MAX_DEPTH = 64, /* of other values, which are refused anyway */
};

typedef struct {
    const Placed *text;
    size_t at;
} Json;

static const char *rest_of(const Json *json)
{
    return json->text->text->str + json->at;
}

static void skip_space(Json *json)
{
    json->at += strspn(rest_of(json), " \t\r\n");
}

static bool skip_sign(Json *json, char sign)
{
    skip_space(json);
    if (*rest_of(json) != sign)
        return false;
    json->at++;
    return true;
}

static int read_hex(const char *text)
{
    int value = 0;
    for (int i = 0; i < 4; i++) {
        int digit = g_ascii_xdigit_value(text[i]);
        if (digit < 0)
            return -1;
        value = value * 16 + digit;
    }
    return value;
}

/* Behind "\u"; half a surrogate pair is U+FFFD. */
static bool read_unicode(Json *json, gunichar *ret_character)
{
    int high = read_hex(rest_of(json));
    if (high < 0)
        return false;
    json->at += 4;
    *ret_character = (gunichar)high;
    if (high < 0xd800 || high > 0xdfff)
        return true;
    *ret_character = 0xfffd;
    const char *next = rest_of(json);
    int low = high < 0xdc00 && g_str_has_prefix(next, "\\u") ? read_hex(next + 2) : -1;
    if (low < 0xdc00 || low > 0xdfff)
        return true;
    json->at += 6;
    *ret_character = 0x10000u + (((gunichar)high - 0xd800u) << 10) + ((gunichar)low - 0xdc00u);
    return true;
}

static bool read_escape(Json *json, Placed *out)
{
    static const char names[] = "\"\\/bfnrt", values[] = "\"\\/\b\f\n\r\t";
    size_t place = g_array_index(json->text->places, guint32, json->at);
    json->at++;
    char c = *rest_of(json);
    if (c == '\0')
        return false;
    json->at++;
    const char *name = strchr(names, c);
    if (name) {
        placed_append_at(out, &values[name - names], 1, place);
        return true;
    }
    gunichar character;
    if (c != 'u' || !read_unicode(json, &character))
        return false;
    char bytes[6];
    int length = g_unichar_to_utf8(character, bytes);
    if (character == 0) /* no C string holds it */
        placed_append_at(out, "\xef\xbf\xbd", 3, place);
    else
        placed_append_at(out, bytes, (size_t)length, place);
    return true;
}

static Placed *read_string(Json *json)
{
    if (!skip_sign(json, '"'))
        return NULL;
    g_autoptr(Placed) out = placed_new();
    for (;;) {
        char c = *rest_of(json);
        if ((unsigned char)c < 0x20)
            return NULL;
        if (c == '"')
            break;
        if (c == '\\') {
            if (!read_escape(json, out))
                return NULL;
            continue;
        }
        placed_append_slice(out, json->text, json->at, 1);
        json->at++;
    }
    json->at++;
    return g_steal_pointer(&out);
}

static bool skip_value(Json *json, unsigned depth);

/* Behind "[" or "{". */
static bool skip_members(Json *json, char end, unsigned depth)
{
    if (skip_sign(json, end))
        return true;
    do {
        if (end == '}') {
            g_autoptr(Placed) name = read_string(json);
            if (!name || !skip_sign(json, ':'))
                return false;
        }
        if (!skip_value(json, depth + 1))
            return false;
    } while (skip_sign(json, ','));
    return skip_sign(json, end);
}

static bool skip_number(Json *json)
{
    const char *p = rest_of(json);
    p += *p == '-';
    if (!g_ascii_isdigit(*p))
        return false;
    p += *p == '0' ? 1 : strspn(p, "0123456789");
    if (*p == '.') {
        size_t digits = strspn(p + 1, "0123456789");
        if (digits == 0)
            return false;
        p += 1 + digits;
    }
    if (*p == 'e' || *p == 'E') {
        p++;
        p += *p == '+' || *p == '-';
        size_t digits = strspn(p, "0123456789");
        if (digits == 0)
            return false;
        p += digits;
    }
    json->at = (size_t)(p - json->text->text->str);
    return true;
}

static bool skip_value(Json *json, unsigned depth)
{
    static const char *const words[] = {"true", "false", "null"};
    if (depth > MAX_DEPTH)
        return false;
    skip_space(json);
    if (*rest_of(json) == '"') {
        g_autoptr(Placed) string = read_string(json);
        return string != NULL;
    }
    if (skip_sign(json, '['))
        return skip_members(json, ']', depth);
    if (skip_sign(json, '{'))
        return skip_members(json, '}', depth);
    for (guint i = 0; i < G_N_ELEMENTS(words); i++) {
        if (g_str_has_prefix(rest_of(json), words[i])) {
            json->at += strlen(words[i]);
            return true;
        }
    }
    return skip_number(json);
}

GPtrArray *exec_form_parse(const Placed *text, bool *ret_other)
{
    Json json = {text, 0};
    if (!skip_sign(&json, '['))
        return NULL;
    g_autoptr(GPtrArray) strings = g_ptr_array_new_with_free_func((GDestroyNotify)placed_free);
    bool other = false;
    bool more = !skip_sign(&json, ']');
    while (more) {
        skip_space(&json);
        if (*rest_of(&json) == '"') {
            Placed *string = read_string(&json);
            if (!string)
                return NULL;
            g_ptr_array_add(strings, string);
        } else {
            other = true;
            if (!skip_value(&json, 0))
                return NULL;
        }
        more = skip_sign(&json, ',');
        if (!more && !skip_sign(&json, ']'))
            return NULL;
    }
    skip_space(&json);
    if (*rest_of(&json) != '\0')
        return NULL;
    if (other)
        *ret_other = true;
    return other ? NULL : g_steal_pointer(&strings);
}
