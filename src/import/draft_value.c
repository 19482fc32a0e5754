/* Values of drafts: flow style where it fits on the line, else blocks (YAML 1.2, chapters 7 and 8).
 */
#include "import/draft_value.h"

#include "base/escape.h"

typedef enum {
    DRAFT_TEXT,
    DRAFT_PLAIN,
    DRAFT_LIST,
    DRAFT_MAP,
} DraftKind;

struct DraftValue {
    DraftKind kind;
    char *text;
    GPtrArray *keys;  /* char *, of a map */
    GPtrArray *items; /* DraftValue */
};

static void free_value(void *value)
{
    draft_value_free(value);
}

static DraftValue *value_new(DraftKind kind, const char *text)
{
    DraftValue *value = g_new0(DraftValue, 1);
    value->kind = kind;
    value->text = g_strdup(text);
    if (kind == DRAFT_LIST || kind == DRAFT_MAP)
        value->items = g_ptr_array_new_with_free_func(free_value);
    if (kind == DRAFT_MAP)
        value->keys = g_ptr_array_new_with_free_func(g_free);
    return value;
}

DraftValue *draft_text(const char *text)
{
    return value_new(DRAFT_TEXT, text);
}

DraftValue *draft_plain(const char *text)
{
    return value_new(DRAFT_PLAIN, text);
}

DraftValue *draft_list(void)
{
    return value_new(DRAFT_LIST, NULL);
}

DraftValue *draft_map(void)
{
    return value_new(DRAFT_MAP, NULL);
}

void draft_value_free(DraftValue *value)
{
    if (!value)
        return;
    g_free(value->text);
    g_clear_pointer(&value->keys, g_ptr_array_unref);
    g_clear_pointer(&value->items, g_ptr_array_unref);
    g_free(value);
}

static int find_key(const DraftValue *map, const char *key)
{
    for (guint i = 0; map && map->kind == DRAFT_MAP && i < map->keys->len; i++) {
        if (g_str_equal(map->keys->pdata[i], key))
            return (int)i;
    }
    return -1;
}

void draft_add(DraftValue *list, DraftValue *item)
{
    g_assert(list->kind == DRAFT_LIST);
    g_ptr_array_add(list->items, item);
}

void draft_set(DraftValue *map, const char *key, DraftValue *value)
{
    g_assert(map->kind == DRAFT_MAP);
    int at = find_key(map, key);
    if (at >= 0) {
        draft_value_free(map->items->pdata[at]);
        map->items->pdata[at] = value;
        return;
    }
    g_ptr_array_add(map->keys, g_strdup(key));
    g_ptr_array_add(map->items, value);
}

void draft_add_text(DraftValue *list, const char *text)
{
    draft_add(list, draft_text(text));
}

void draft_set_text(DraftValue *map, const char *key, const char *text)
{
    draft_set(map, key, draft_text(text));
}

void draft_set_plain(DraftValue *map, const char *key, const char *text)
{
    draft_set(map, key, draft_plain(text));
}

void draft_set_true(DraftValue *map, const char *key)
{
    draft_set_plain(map, key, "true");
}

static DraftValue *need(DraftValue *map, const char *key, DraftKind kind)
{
    DraftValue *value = draft_get(map, key);
    if (!value || value->kind != kind) {
        value = value_new(kind, NULL);
        draft_set(map, key, value);
    }
    return value;
}

DraftValue *draft_need_list(DraftValue *map, const char *key)
{
    return need(map, key, DRAFT_LIST);
}

DraftValue *draft_need_map(DraftValue *map, const char *key)
{
    return need(map, key, DRAFT_MAP);
}

void draft_append_text(DraftValue *map, const char *key, const char *text)
{
    draft_add_text(draft_need_list(map, key), text);
}

void draft_remove(DraftValue *map, const char *key)
{
    int at = find_key(map, key);
    if (at < 0)
        return;
    g_ptr_array_remove_index(map->keys, (guint)at);
    g_ptr_array_remove_index(map->items, (guint)at);
}

DraftValue *draft_get(const DraftValue *map, const char *key)
{
    int at = find_key(map, key);
    return at < 0 ? NULL : map->items->pdata[at];
}

const char *draft_get_text(const DraftValue *map, const char *key)
{
    return draft_value_text(draft_get(map, key));
}

guint draft_count(const DraftValue *value)
{
    return value && value->items ? value->items->len : 0;
}

const char *draft_key(const DraftValue *map, guint i)
{
    return map->keys->pdata[i];
}

DraftValue *draft_item(const DraftValue *list, guint i)
{
    return list->items->pdata[i];
}

const char *draft_value_text(const DraftValue *value)
{
    return value && (value->kind == DRAFT_TEXT || value->kind == DRAFT_PLAIN) ? value->text : NULL;
}

bool draft_list_take(DraftValue *list, const char *text)
{
    for (guint i = 0; i < draft_count(list); i++) {
        if (g_strcmp0(draft_value_text(draft_item(list, i)), text) != 0)
            continue;
        g_ptr_array_remove_index(list->items, i);
        return true;
    }
    return false;
}

bool draft_is_list(const DraftValue *value)
{
    return value && value->kind == DRAFT_LIST;
}

bool draft_is_map(const DraftValue *value)
{
    return value && value->kind == DRAFT_MAP;
}

DraftValue *draft_value_copy(const DraftValue *value)
{
    DraftValue *copy = value_new(value->kind, value->text);
    for (guint i = 0; i < draft_count(value); i++) {
        DraftValue *item = draft_value_copy(value->items->pdata[i]);
        if (value->kind == DRAFT_MAP)
            draft_set(copy, value->keys->pdata[i], item);
        else
            draft_add(copy, item);
    }
    return copy;
}

bool draft_list_has(const DraftValue *list, const char *text)
{
    for (guint i = 0; i < draft_count(list); i++) {
        if (g_strcmp0(draft_value_text(draft_item(list, i)), text) == 0)
            return true;
    }
    return false;
}

char *draft_escape(const char *text)
{
    GString *out = g_string_new(NULL);
    for (; *text; text++) {
        if (text[0] == '$' && text[1] == '(')
            g_string_append_c(out, '$');
        g_string_append_c(out, *text);
    }
    return g_string_free(out, FALSE);
}

/* Scalars */

/* What another reader of YAML types: numbers, dates, truth values, null. */
static bool looks_typed(const char *text)
{
    static const char *const words[] = {"true", "false", "yes", "no",  "on", "off",
                                        "null", "y",     "n",   "nan", NULL};
    g_autofree char *lower = g_ascii_strdown(text, -1);
    if (g_strv_contains(words, lower))
        return true;
    const char *p = strchr("+-.", *text) ? text + 1 : text;
    bool based = g_str_has_prefix(p, "0x") || g_str_has_prefix(p, "0o");
    return g_ascii_isdigit(*p) && (based || p[strspn(p, "0123456789_.:+-eETZ")] == '\0');
}

static bool is_control(gunichar c)
{
    return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0x2028 || c == 0x2029 || c == 0xfeff ||
           c >= 0xfffe;
}

static bool has_control(const char *text)
{
    for (const char *p = text; *p; p = g_utf8_next_char(p)) {
        if (is_control(g_utf8_get_char(p)))
            return true;
    }
    return false;
}

char *draft_comment_text(const char *text)
{
    GString *out = g_string_new(NULL);
    for (const char *p = text; *p; p = g_utf8_next_char(p)) {
        gunichar c = g_utf8_get_char(p);
        g_string_append_unichar(out, is_control(c) ? ' ' : c);
    }
    return g_string_free(out, FALSE);
}

static bool is_plain_syntax(const char *text, bool flow)
{
    size_t length = strlen(text);
    if (length == 0 || text[0] == ' ' || text[length - 1] == ' ' || text[length - 1] == ':')
        return false;
    if (strchr("?!&*|>'\"%@`#,[]{}=<~", text[0]) || (text[0] == '-' && strchr(" ", text[1])) ||
        g_str_equal(text, "---") || g_str_equal(text, "..."))
        return false;
    if (text[0] == ':' || strstr(text, ": ") || strstr(text, " #") || has_control(text))
        return false;
    return !flow || !strpbrk(text, ",[]{}:#&*!|<>'\"%@`?");
}

static void append_quoted(GString *out, const char *text)
{
    g_string_append_c(out, '"');
    for (const char *p = text; *p; p = g_utf8_next_char(p)) {
        gunichar c = g_utf8_get_char(p);
        if (c == '"' || c == '\\')
            g_string_append_printf(out, "\\%c", (char)c);
        else if (c == '\n')
            g_string_append(out, "\\n");
        else if (c == '\t')
            g_string_append(out, "\\t");
        else if (c < 0x20 || (c >= 0x7f && c < 0xa0))
            g_string_append_printf(out, "\\x%02X", c);
        else if (c == 0x2028 || c == 0x2029 || c == 0xfeff || (c >= 0xfffe && c <= 0xffff))
            g_string_append_printf(out, "\\u%04X", c);
        else if (c > 0xffff && (c & 0xfffe) == 0xfffe)
            g_string_append_printf(out, "\\U%08X", c);
        else
            g_string_append_unichar(out, c);
    }
    g_string_append_c(out, '"');
}

static void append_scalar(GString *out, const char *text, bool typed_ok, bool flow)
{
    if (is_plain_syntax(text, flow) && (typed_ok || !looks_typed(text)))
        g_string_append(out, text);
    else
        append_quoted(out, text);
}

void draft_key_write(GString *out, const char *key)
{
    append_scalar(out, key, false, true);
}

/* Several lines that a literal block can hold as they are. */
static bool is_literal(const char *text)
{
    size_t length = strlen(text);
    const char *end = strchr(text, '\n');
    if (!end || (end[1] == '\0' && length < 60) || text[0] == ' ' || text[0] == '\n' ||
        text[0] == '\t')
        return false;
    for (const char *p = text; *p; p++) {
        unsigned char c = (unsigned char)*p;
        if ((c < 0x20 && c != '\n' && c != '\t') || c == 0x7f)
            return false;
        if (p[0] == '\n' && p[1] == '\t')
            return false; /* a tab where the block's blanks are looked for */
    }
    g_autofree char *joined = g_strdelimit(g_strdup(text), "\n\t", ' ');
    return !has_control(joined);
}

static void end_line(GString *out, const char *comment)
{
    g_autofree char *clean = comment ? draft_comment_text(comment) : NULL;
    if (clean)
        g_string_append_printf(out, "  # %s", clean);
    g_string_append_c(out, '\n');
}

static void append_literal(GString *out, const char *text, DraftPlace place)
{
    size_t length = strlen(text);
    bool ends = text[length - 1] == '\n';
    bool keeps = ends && length > 1 && text[length - 2] == '\n';
    g_string_append_printf(out, " |%s", keeps ? "+" : ends ? "" : "-");
    end_line(out, place.comment);
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    for (guint i = 0; lines[i]; i++) {
        if (!lines[i + 1] && ends)
            break;
        if (*lines[i])
            g_string_append_printf(out, "%*s", (int)place.indent, "");
        g_string_append_printf(out, "%s\n", lines[i]);
    }
}

/* Flow */

static void append_flow(GString *out, const DraftValue *value)
{
    switch (value->kind) {
    case DRAFT_TEXT:
    case DRAFT_PLAIN:
        append_scalar(out, value->text, value->kind == DRAFT_PLAIN, true);
        break;
    case DRAFT_LIST:
    case DRAFT_MAP:
    default:
        g_string_append_c(out, value->kind == DRAFT_LIST ? '[' : '{');
        for (guint i = 0; i < value->items->len; i++) {
            g_string_append(out, i > 0 ? ", " : "");
            if (value->kind == DRAFT_MAP) {
                draft_key_write(out, value->keys->pdata[i]);
                g_string_append(out, ": ");
            }
            append_flow(out, value->items->pdata[i]);
        }
        g_string_append_c(out, value->kind == DRAFT_LIST ? ']' : '}');
    }
}

static bool has_literal(const DraftValue *value)
{
    if (value->text)
        return is_literal(value->text);
    for (guint i = 0; i < value->items->len; i++) {
        if (has_literal(value->items->pdata[i]))
            return true;
    }
    return false;
}

/* Whether the value stands on the line; then it was appended. */
static bool append_on_line(GString *out, const DraftValue *value, DraftPlace place)
{
    if (value->text) {
        g_string_append_c(out, ' ');
        append_scalar(out, value->text, value->kind == DRAFT_PLAIN, false);
        return true;
    }
    if (value->items->len == 0) {
        g_string_append(out, value->kind == DRAFT_LIST ? " []" : " {}");
        return true;
    }
    if (place.blocks > 0 || has_literal(value) ||
        (value->kind == DRAFT_MAP && place.keys > 0 && value->items->len > place.keys))
        return false;
    g_autoptr(GString) line = g_string_new(" ");
    append_flow(line, value);
    size_t comment = place.comment ? strlen(place.comment) + 4 : 0;
    if (place.column + line->len + comment > DRAFT_COLUMNS)
        return false;
    g_string_append_len(out, line->str, (gssize)line->len);
    return true;
}

/* A list of long texts that are no maps: as many in a row as fit would read worse than one a line.
 */
static void append_block(GString *out, const DraftValue *value, DraftPlace around)
{
    for (guint i = 0; i < value->items->len; i++) {
        size_t begin = out->len;
        g_string_append_printf(out, "%*s", (int)around.indent, "");
        const DraftValue *item = value->items->pdata[i];
        DraftPlace place = {.indent = around.indent + 2, .keys = around.keys};
        place.blocks = around.blocks > 0 ? around.blocks - 1 : 0;
        if (value->kind == DRAFT_MAP) {
            draft_key_write(out, value->keys->pdata[i]);
            g_string_append_c(out, ':');
        } else {
            g_string_append_c(out, '-');
        }
        place.column = out->len - begin;
        if (value->kind != DRAFT_LIST || draft_count(item) == 0) {
            draft_value_write(item, out, place);
            continue;
        }
        bool single = item->kind == DRAFT_MAP && item->items->len == 1;
        if (!single && append_on_line(out, item, place)) {
            g_string_append_c(out, '\n');
            continue;
        }
        /* the first key or item stands behind the dash */
        g_autoptr(GString) block = g_string_new(NULL);
        append_block(block, item, place);
        g_string_append_c(out, ' ');
        g_string_append(out, block->str + place.indent);
    }
}

void draft_value_write(const DraftValue *value, GString *out, DraftPlace place)
{
    if (value->text && is_literal(value->text)) {
        append_literal(out, value->text, place);
        return;
    }
    if (append_on_line(out, value, place)) {
        end_line(out, place.comment);
        return;
    }
    end_line(out, place.comment);
    append_block(out, value, place);
}
