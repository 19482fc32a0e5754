/* entry_points.txt as pip reads it: importlib.metadata takes the lines apart, distlib's
 * get_export_entry() the values. */
#include "python/wheel_archive.h"

#include "base/limits.h"

#include <string.h>

static void entry_point_free(void *data)
{
    EntryPoint *entry = data;
    g_free(entry->name);
    g_free(entry->module);
    g_free(entry->attribute);
    g_free(entry);
}

static bool is_word(gunichar c)
{
    return c == '_' || g_unichar_isalnum(c);
}

/* Behind the word characters at `at`. */
static const char *skip_word(const char *at)
{
    while (*at && is_word(g_utf8_get_char(at)))
        at = g_utf8_next_char(at);
    return at;
}

static const char *skip_spaces(const char *at)
{
    while (*at && g_unichar_isspace(g_utf8_get_char(at)))
        at = g_utf8_next_char(at);
    return at;
}

/* "pkg.cli:app.run" → behind it; *ret_colons counts the colons. NULL: there is no word. */
static const char *skip_callable(const char *at, unsigned *ret_colons)
{
    const char *end = skip_word(at);
    *ret_colons = 0;
    if (end == at)
        return NULL;
    while (*end == ':' || *end == '.') {
        const char *next = skip_word(end + 1);
        if (next == end + 1)
            break;
        *ret_colons += *end == ':';
        end = next;
    }
    return end;
}

/* "[a-b=c, d]": whether the extras behind the callable are well formed. */
static bool has_extras(const char *at)
{
    if (*at++ != '[')
        return false;
    at = skip_spaces(at);
    for (bool first = true;; first = false) {
        const char *end = at;
        while (*end && (is_word(g_utf8_get_char(end)) || (first && *end == '-')))
            end = g_utf8_next_char(end);
        if (end == at)
            return false;
        if (*end == '=') {
            at = end + 1;
            end = skip_word(at);
            if (end == at)
                return false;
        }
        at = end;
        if (*at != ',')
            break;
        at = skip_spaces(at + 1);
    }
    return *skip_spaces(at) == ']';
}

static gboolean refuse(const char *name, const char *why, GError **error)
{
    return error_set(error, ERROR_INPUT, SPAN_NONE, "the entry point '%.200s' %s", name, why);
}

static gboolean check_name(const char *name, GError **error)
{
    if (*name == '\0' || *name == '[' || strlen(name) > 255 || strchr(name, '/') ||
        g_str_equal(name, ".") || g_str_equal(name, "..") || g_str_has_prefix(name, ".wh."))
        return refuse(name, "has a name that no script can have", error);
    for (const char *at = name; *at; at = g_utf8_next_char(at)) {
        gunichar c = g_utf8_get_char(at);
        if (g_unichar_isspace(c) || g_unichar_iscntrl(c))
            return refuse(name, "has a space in its name", error);
    }
    return TRUE;
}

static EntryPoint *entry_point_new(const char *name, const char *value, GError **error)
{
    unsigned colons;
    if (!check_name(name, error))
        return NULL;
    const char *end = skip_callable(value, &colons);
    if (!end || colons != 1) {
        refuse(name, "names no callable, MODULE:FUNCTION", error);
        return NULL;
    }
    bool brackets = strpbrk(value, "[]") != NULL;
    if (brackets && !has_extras(skip_spaces(end))) {
        refuse(name, "has brackets that hold no extras", error);
        return NULL;
    }
    const char *colon = strchr(value, ':');
    EntryPoint *entry = g_new(EntryPoint, 1);
    *entry = (EntryPoint){g_strdup(name), g_strndup(value, (gsize)(colon - value)),
                          g_strndup(colon + 1, (gsize)(end - colon - 1)), false};
    return entry;
}

/* A name that comes twice keeps its first place and its last value. */
static void put_entry(GPtrArray *group, GHashTable *places, EntryPoint *entry)
{
    guint place = GPOINTER_TO_UINT(g_hash_table_lookup(places, entry->name));
    EntryPoint *old = NULL;
    if (place > 0) {
        old = group->pdata[place - 1];
        group->pdata[place - 1] = entry;
    } else {
        g_ptr_array_add(group, entry);
        place = group->len;
    }
    g_hash_table_replace(places, entry->name, GUINT_TO_POINTER(place));
    if (old)
        entry_point_free(old);
}

enum {
    GROUP_OTHER = -1,
    GROUP_NONE = -2, /* before the first section */
    GROUPS = 2,
};

typedef struct {
    GPtrArray *groups[GROUPS];
    GHashTable *places[GROUPS];
    int current;
} Parser;

static void begin_section(Parser *parser, char *line)
{
    static const char *const names[GROUPS] = {"console_scripts", "gui_scripts"};
    char *name = line + strspn(line, "[]");
    name[strcspn(name, "[]")] = '\0';
    parser->current = GROUP_OTHER;
    for (int i = 0; i < GROUPS; i++) {
        if (g_str_equal(name, names[i]))
            parser->current = i;
    }
}

static gboolean parse_line(Parser *parser, char *line, GError **error)
{
    g_strstrip(line);
    size_t length = strlen(line);
    if (length == 0 || *line == '#')
        return TRUE;
    if (*line == '[' && line[length - 1] == ']') {
        begin_section(parser, line);
        return TRUE;
    }
    char *equals = strchr(line, '=');
    if (parser->current == GROUP_NONE)
        return TRUE;
    if (!equals)
        return error_set(error, ERROR_INPUT, SPAN_NONE, "the line '%.200s' has no '='", line);
    if (parser->current < 0)
        return TRUE;
    *equals = '\0';
    EntryPoint *entry = entry_point_new(g_strstrip(line), g_strstrip(equals + 1), error);
    if (!entry)
        return FALSE;
    entry->gui = parser->current == 1;
    put_entry(parser->groups[parser->current], parser->places[parser->current], entry);
    return TRUE;
}

static gboolean parse_lines(Parser *parser, char *text, GError **error)
{
    for (char *at = text; *at;) {
        size_t length = strcspn(at, "\r\n");
        bool last = at[length] == '\0';
        at[length] = '\0';
        if (!parse_line(parser, at, error))
            return FALSE;
        at += length + !last;
    }
    return TRUE;
}

GPtrArray *entry_points_parse(const char *text, size_t length, GError **error)
{
    if (length > LIMIT_METADATA_BYTES || !g_utf8_validate(text, (gssize)length, NULL)) {
        error_set(error, ERROR_INPUT, SPAN_NONE,
                  "the entry points are too large, hold a NUL or are no UTF-8");
        return NULL;
    }
    Parser parser = {.current = GROUP_NONE};
    for (int i = 0; i < GROUPS; i++) {
        parser.groups[i] = g_ptr_array_new_with_free_func(entry_point_free);
        parser.places[i] = g_hash_table_new(g_str_hash, g_str_equal);
    }
    g_autofree char *copy = g_strndup(text, length);
    gboolean ok = parse_lines(&parser, copy, error);
    for (int i = 0; i < GROUPS; i++)
        g_hash_table_unref(parser.places[i]);
    g_ptr_array_extend_and_steal(parser.groups[0], parser.groups[1]);
    if (!ok)
        g_clear_pointer(&parser.groups[0], g_ptr_array_unref);
    return parser.groups[0];
}
