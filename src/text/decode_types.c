#include <errno.h>

#include "base/clock.h"
#include "text/decode.h"

static bool obeys_rule(Decoder *decoder, const Field *field, const Node *node, const char *text)
{
    const TextRule *rule = field->detail;
    return !rule || text[0] == '\0' || (*rule)(decoder, node, text);
}

/* The text of a scalar that obeys the field's rule; NULL after an error. */
static const char *ruled_text(Decoder *decoder, const Field *field, const Node *node)
{
    const char *text = decoder_text(decoder, field, node);
    return text && obeys_rule(decoder, field, node, text) ? text : NULL;
}

static bool decode_text(Decoder *decoder, const Field *field, const Node *node, void *slot)
{
    const char *text = ruled_text(decoder, field, node);
    if (text && slot)
        *(char **)slot = g_strdup(text);
    return text;
}

static void clear_text(const Field *field, void *slot)
{
    g_clear_pointer((char **)slot, g_free);
}

/* YAML types plain scalars for other readers: `3.11` is a number to them. */
static void schema_text(const Field *field, SchemaWriter *schema)
{
    static const char *const types[] = {"string", "number", "boolean", NULL};
    jsonw_strings_member(schema->json, "type", types);
}

static bool set_value(const Node *node, const char *text, Text *slot)
{
    if (text && slot)
        *slot = (Text){g_strdup(text), node->at};
    return text;
}

static bool decode_value(Decoder *decoder, const Field *field, const Node *node, void *slot)
{
    return set_value(node, ruled_text(decoder, field, node), slot);
}

static void clear_value(const Field *field, void *slot)
{
    g_clear_pointer(&((Text *)slot)->text, g_free);
}

static bool add_text(Decoder *decoder, const Field *field, const Node *item, void *data)
{
    item = decoder_expand(decoder, item);
    const char *text = ruled_text(decoder, field, item);
    if (!text)
        return false;
    Text *value = g_new(Text, 1);
    *value = (Text){g_strdup(text), item->at};
    g_ptr_array_add(data, value);
    return true;
}

static bool decode_texts(Decoder *decoder, const Field *field, const Node *node, void *slot)
{
    GPtrArray *texts = g_ptr_array_new_with_free_func(text_free);
    *(GPtrArray **)slot = texts;
    if (node->kind == NODE_MAP)
        return decoder_mismatch(decoder, field, node, "a list of texts");
    return decoder_each_item(decoder, field, node, add_text, texts);
}

static void clear_array(const Field *field, void *slot)
{
    g_clear_pointer((GPtrArray **)slot, g_ptr_array_unref);
}

static void schema_texts(const Field *field, SchemaWriter *schema)
{
    JsonWriter *json = schema->json;
    static const char *const types[] = {"string", "number", "boolean", "array", NULL};
    jsonw_strings_member(json, "type", types);
    jsonw_key(json, "items");
    jsonw_begin_object(json, JSONW_INLINE);
    schema_text(field, schema);
    jsonw_end_object(json);
}

static bool decode_strings(Decoder *decoder, const Field *field, const Node *node, void *slot)
{
    g_autoptr(GPtrArray) texts = NULL;
    bool ok = decode_texts(decoder, field, node, &texts);
    GStrvBuilder *builder = g_strv_builder_new();
    for (guint i = 0; i < texts->len; i++)
        g_strv_builder_add(builder, ((Text *)texts->pdata[i])->text);
    *(char ***)slot = g_strv_builder_end(builder);
    g_strv_builder_unref(builder);
    return ok;
}

static void clear_strings(const Field *field, void *slot)
{
    g_clear_pointer((char ***)slot, g_strfreev);
}

static void append_flow_item(GString *out, const char *text)
{
    if (out->len > 1)
        g_string_append(out, ", ");
    bool plain = text[0] && !g_str_equal(text, "-") && !strpbrk(text, "[]{},:#&*!|>'\"%@` ");
    if (plain) {
        g_string_append(out, text);
        return;
    }
    g_autofree char *escaped = g_strescape(text, NULL);
    g_string_append_printf(out, "\"%s\"", escaped);
}

/* "python -u app.py" → [python, "-u", app.py]; what needs a shell gets one. */
static char *argv_as_list(const char *text)
{
    GString *out = g_string_new("[");
    g_auto(GStrv) words = NULL;
    if (!strpbrk(text, "&|;<>$`") && g_shell_parse_argv(text, NULL, &words, NULL)) {
        for (char **word = words; *word; word++)
            append_flow_item(out, *word);
    } else {
        append_flow_item(out, "sh");
        append_flow_item(out, "-c");
        append_flow_item(out, text);
    }
    g_string_append_c(out, ']');
    return g_string_free(out, FALSE);
}

static bool decode_argv(Decoder *decoder, const Field *field, const Node *node, void *slot)
{
    if (node->kind == NODE_LIST)
        return decode_texts(decoder, field, node, slot);
    if (node->kind == NODE_MAP)
        return decoder_mismatch(decoder, field, node, "a list");
    g_autofree char *list = argv_as_list(node->text);
    GError *error =
        decoder_error(decoder, node, "'%s' is a list of the program and its arguments", field->key);
    error_set_hint(error, "%s: %s", field->key, list);
    return false;
}

static void schema_argv(const Field *field, SchemaWriter *schema)
{
    JsonWriter *json = schema->json;
    schema_write_type(schema, "array");
    jsonw_key(json, "items");
    jsonw_begin_object(json, JSONW_INLINE);
    schema_text(field, schema);
    jsonw_end_object(json);
}

static bool decode_bool(Decoder *decoder, const Field *field, const Node *node, void *slot)
{
    static const char *const likely[2][6] = {{"no", "off", "n", "0", "false", NULL},
                                             {"yes", "on", "y", "1", "true", NULL}};
    if (node->kind != NODE_SCALAR)
        return decoder_mismatch(decoder, field, node, "true or false");
    bool value = g_str_equal(node->text, "true");
    if (value || g_str_equal(node->text, "false")) {
        *(bool *)slot = value;
        return true;
    }
    GError *error =
        decoder_error(decoder, node, "'%s' is true or false, not '%s'", field->key, node->text);
    for (int i = 0; i < 2; i++)
        for (const char *const *word = likely[i]; *word; word++)
            if (g_ascii_strcasecmp(*word, node->text) == 0)
                error_set_hint(error, "write %s: %s", field->key, i ? "true" : "false");
    return false;
}

static void schema_variable(JsonWriter *json)
{
    jsonw_begin_object(json, JSONW_INLINE);
    jsonw_string_member(json, "type", "string");
    jsonw_string_member(json, "pattern", "\\$\\(");
    jsonw_end_object(json);
}

/* {type} or a variable */
static void schema_or_variable(SchemaWriter *schema, const char *type)
{
    JsonWriter *json = schema->json;
    jsonw_key(json, "anyOf");
    jsonw_begin_array(json, JSONW_INLINE);
    jsonw_begin_object(json, JSONW_INLINE);
    jsonw_string_member(json, "type", type);
    jsonw_end_object(json);
    schema_variable(json);
    jsonw_end_array(json);
}

static void schema_bool(const Field *field, SchemaWriter *schema)
{
    schema_or_variable(schema, "boolean");
}

static bool decode_number(Decoder *decoder, const Field *field, const Node *node, void *slot)
{
    static const FieldRange any = {0, G_MAXUINT32};
    const FieldRange *range = field->detail ? field->detail : &any;
    const char *text = decoder_text(decoder, field, node);
    if (!text)
        return false;
    guint64 value;
    if (g_ascii_string_to_unsigned(text, 10, range->least, range->most, &value, NULL)) {
        *(guint64 *)slot = value;
        return true;
    }
    decoder_error(decoder, node,
                  "'%s' is a whole number from %" G_GUINT64_FORMAT " to %" G_GUINT64_FORMAT
                  ", not '%s'",
                  field->key, range->least, range->most, text);
    return false;
}

static void schema_number(const Field *field, SchemaWriter *schema)
{
    schema_or_variable(schema, "integer");
}

typedef struct {
    const char *unit;
    guint64 factor;
} Unit;

/* Digits with at most one '.', as thousandths; *ret_end points behind them. */
static bool parse_thousandths(const char *text, guint64 *ret_value, const char **ret_end)
{
    guint64 whole = 0, fraction = 0, scale = 1000;
    const char *p = text;
    for (; g_ascii_isdigit(*p); p++)
        if ((whole = whole * 10 + (guint64)(*p - '0')) > G_GUINT64_CONSTANT(1000000000000000))
            return false;
    if (p == text)
        return false;
    if (*p == '.') {
        const char *start = ++p;
        for (; g_ascii_isdigit(*p); p++)
            if (scale > 1)
                fraction += (guint64)(*p - '0') * (scale /= 10);
        if (p == start)
            return false;
    }
    *ret_value = whole * 1000 + fraction;
    *ret_end = p;
    return true;
}

static const Unit *find_unit(const Unit *units, const char *text, size_t length)
{
    for (; units->unit; units++)
        if (strlen(units->unit) == length && strncmp(units->unit, text, length) == 0)
            return units;
    return NULL;
}

bool text_parse_size(const char *text, guint64 *ret_bytes)
{
    static const Unit units[] = {
        {"B", 1},
        {"kB", 1000},
        {"KB", 1000},
        {"MB", 1000000},
        {"GB", 1000000000},
        {"KiB", 1024},
        {"MiB", 1048576},
        {"GiB", 1 << 30},
        {"TB", 1000000000000},
        {"TiB", 1ull << 40},
        {NULL, 0},
    };
    guint64 thousandths;
    const char *end;
    if (!parse_thousandths(text, &thousandths, &end))
        return false;
    end += *end == ' ';
    const Unit *unit = find_unit(units, end, strlen(end));
    if (!unit || thousandths > G_MAXUINT64 / unit->factor)
        return false;
    *ret_bytes = thousandths * unit->factor / 1000;
    return true;
}

bool text_parse_duration(const char *text, guint64 *ret_milliseconds)
{
    static const Unit units[] = {{"ms", 1},      {"s", 1000},     {"m", 60000},
                                 {"h", 3600000}, {"d", 86400000}, {NULL, 0}};
    guint64 total = 0;
    do {
        guint64 thousandths;
        const char *end;
        if (!parse_thousandths(text, &thousandths, &end))
            return false;
        size_t length = strspn(end, "hmsd");
        const Unit *unit = find_unit(units, end, length);
        if (!unit || thousandths > G_MAXUINT64 / unit->factor / 1000)
            return false;
        total += thousandths * unit->factor / 1000;
        text = end + length;
    } while (*text);
    *ret_milliseconds = total;
    return true;
}

static bool decode_size(Decoder *decoder, const Field *field, const Node *node, void *slot)
{
    const char *text = decoder_text(decoder, field, node);
    if (!text)
        return false;
    if (text_parse_size(text, slot))
        return true;
    error_set_hint(decoder_error(decoder, node, "'%s' is a size, not '%s'", field->key, text),
                   "write a number and B, kB, MB, GB, TB or KiB, MiB, GiB, TiB: 20 GB");
    return false;
}

static bool decode_duration(Decoder *decoder, const Field *field, const Node *node, void *slot)
{
    const char *text = decoder_text(decoder, field, node);
    if (!text)
        return false;
    if (text_parse_duration(text, slot))
        return true;
    error_set_hint(decoder_error(decoder, node, "'%s' is a duration, not '%s'", field->key, text),
                   "write a number and ms, s, m, h or d: 30s, 1m30s");
    return false;
}

static bool decode_date(Decoder *decoder, const Field *field, const Node *node, void *slot)
{
    const char *text = decoder_text(decoder, field, node);
    gint64 seconds;
    if (!text)
        return false;
    if (clock_parse_date(text, &seconds))
        return set_value(node, text, slot);
    error_set_hint(decoder_error(decoder, node, "'%s' is a date, not '%s'", field->key, text),
                   "write 2025-06-30 or 2025-06-30T12:00:00Z");
    return false;
}

static bool decode_version(Decoder *decoder, const Field *field, const Node *node, void *slot)
{
    const char *text = decoder_text(decoder, field, node);
    if (!text)
        return false;
    bool fits = g_ascii_isdigit(text[0]) || text[0] == 'v' || text[0] == '\0';
    for (const char *p = text; *p; p++)
        fits &= g_ascii_isalnum(*p) || strchr(".+!-_", *p) != NULL;
    if (fits)
        return set_value(node, text, slot);
    decoder_error(decoder, node, "'%s' is a version, not '%s'", field->key, text);
    return false;
}

/* The index of the text in field->detail, or -1 after an error. */
static int find_choice(Decoder *decoder, const Field *field, const Node *node)
{
    const char *const *choices = field->detail;
    const char *text = decoder_text(decoder, field, node);
    if (!text)
        return -1;
    for (int i = 0; choices[i]; i++)
        if (g_str_equal(choices[i], text))
            return i;
    g_autofree char *list = g_strjoinv(", ", (char **)choices);
    GError *error =
        decoder_error(decoder, node, "'%s' is one of %s, not '%s'", field->key, list, text);
    decoder_suggest(error, text, choices, g_strv_length((char **)choices));
    return -1;
}

static bool decode_choice(Decoder *decoder, const Field *field, const Node *node, void *slot)
{
    int choice = find_choice(decoder, field, node);
    if (choice >= 0)
        *(int *)slot = choice;
    return choice >= 0;
}

static bool decode_either(Decoder *decoder, const Field *field, const Node *node, void *slot)
{
    int choice = find_choice(decoder, field, node);
    if (choice >= 0)
        *(bool *)slot = choice == 1;
    return choice >= 0;
}

static void schema_choice(const Field *field, SchemaWriter *schema)
{
    JsonWriter *json = schema->json;
    jsonw_key(json, "anyOf");
    jsonw_begin_array(json, JSONW_INLINE);
    jsonw_begin_object(json, JSONW_INLINE);
    jsonw_strings_member(json, "enum", field->detail);
    jsonw_end_object(json);
    schema_variable(json);
    jsonw_end_array(json);
}

/* The value of a pair may be empty, and absent means empty. */
static Pair *decode_pair(Decoder *decoder, const Field *field, const NodePair *from)
{
    const TextRule *rule = field->detail;
    if (rule && !(*rule)(decoder, from->key, from->key->text))
        return NULL;
    const Node *value = decoder_expand(decoder, from->value);
    if (value->broken)
        return NULL;
    if (value->kind != NODE_SCALAR) {
        decoder_error(decoder, value, "'%s' in '%s' is a text, not %s", from->key->text, field->key,
                      node_describe(value));
        return NULL;
    }
    Pair *pair = g_new(Pair, 1);
    *pair = (Pair){g_strdup(from->key->text), g_strdup(value->text), value->at};
    return pair;
}

static bool decode_pairs(Decoder *decoder, const Field *field, const Node *node, void *slot)
{
    GPtrArray *pairs = g_ptr_array_new_with_free_func(pair_free);
    *(GPtrArray **)slot = pairs;
    if (node->kind != NODE_MAP)
        return decoder_mismatch(decoder, field, node, "a map of names and texts");
    bool ok = true;
    for (unsigned i = 0; i < node->count; i++) {
        Pair *pair = decode_pair(decoder, field, &node->pairs[i]);
        if (pair)
            g_ptr_array_add(pairs, pair);
        ok &= pair != NULL;
    }
    return ok;
}

static void schema_pairs(const Field *field, SchemaWriter *schema)
{
    JsonWriter *json = schema->json;
    static const char *const types[] = {"string", "number", "boolean", "null", NULL};
    schema_write_type(schema, "object");
    jsonw_key(json, "additionalProperties");
    jsonw_begin_object(json, JSONW_INLINE);
    jsonw_strings_member(json, "type", types);
    jsonw_end_object(json);
}

static bool decode_assigned(Decoder *decoder, const Field *field, const Node *node, void *slot)
{
    g_autoptr(GPtrArray) pairs = NULL;
    bool ok = decode_pairs(decoder, field, node, &pairs);
    GPtrArray *lines = g_ptr_array_new();
    for (guint i = 0; i < pairs->len; i++) {
        const Pair *pair = pairs->pdata[i];
        g_ptr_array_add(lines, g_strconcat(pair->key, "=", pair->value, NULL));
    }
    g_ptr_array_add(lines, NULL);
    *(char ***)slot = (char **)g_ptr_array_free(lines, FALSE);
    return ok;
}

static bool decode_struct(Decoder *decoder, const Field *field, const Node *node, void *slot)
{
    const Shape *shape = field->detail;
    void *target = g_malloc0(shape->size);
    *(void **)slot = target;
    return shape_decode(decoder, shape, node, target);
}

static void clear_struct(const Field *field, void *slot)
{
    shape_free(field->detail, *(void **)slot);
    *(void **)slot = NULL;
}

static void schema_struct(const Field *field, SchemaWriter *schema)
{
    schema_write_shape(schema, field->detail);
}

static bool add_struct(Decoder *decoder, const Field *field, const Node *item, void *data)
{
    const Shape *shape = field->detail;
    void *target = g_malloc0(shape->size);
    g_ptr_array_add(data, target);
    return shape_decode(decoder, shape, decoder_expand(decoder, item), target);
}

static bool decode_items(Decoder *decoder, const Field *field, const Node *node, void *slot)
{
    GPtrArray *items = g_ptr_array_new();
    *(GPtrArray **)slot = items;
    return decoder_each_item(decoder, field, node, add_struct, items);
}

static void clear_items(const Field *field, void *slot)
{
    GPtrArray *items = *(GPtrArray **)slot;
    if (!items)
        return;
    for (guint i = 0; i < items->len; i++)
        shape_free(field->detail, items->pdata[i]);
    g_ptr_array_unref(items);
    *(GPtrArray **)slot = NULL;
}

static void schema_items(const Field *field, SchemaWriter *schema)
{
    JsonWriter *json = schema->json;
    jsonw_key(json, "anyOf");
    jsonw_begin_array(json, JSONW_INLINE);
    jsonw_begin_object(json, JSONW_INLINE);
    schema_write_shape(schema, field->detail);
    jsonw_end_object(json);
    jsonw_begin_object(json, JSONW_INLINE);
    schema_write_type(schema, "array");
    jsonw_key(json, "items");
    jsonw_begin_object(json, JSONW_INLINE);
    schema_write_shape(schema, field->detail);
    jsonw_end_object(json);
    jsonw_end_object(json);
    jsonw_end_array(json);
}

static bool decode_named(Decoder *decoder, const Field *field, const Node *node, void *slot)
{
    const Shape *shape = field->detail;
    GPtrArray *items = g_ptr_array_new();
    *(GPtrArray **)slot = items;
    if (node->kind != NODE_MAP)
        return decoder_mismatch(decoder, field, node, "a map of names");
    bool ok = true;
    for (unsigned i = 0; i < node->count; i++) {
        const NodePair *pair = &node->pairs[i];
        if (node_is_absent(pair->value)) {
            decoder_error(decoder, pair->key, "'%s' in '%s' has no value", pair->key->text,
                          field->key);
            ok = false;
            continue;
        }
        void *target = g_malloc0(shape->size);
        *(char **)((char *)target + shape->name_offset) = g_strdup(pair->key->text);
        g_ptr_array_add(items, target);
        ok &= shape_decode(decoder, shape, decoder_expand(decoder, pair->value), target);
    }
    return ok;
}

static void clear_named(const Field *field, void *slot)
{
    const Shape *shape = field->detail;
    GPtrArray *items = *(GPtrArray **)slot;
    for (guint i = 0; items && i < items->len; i++)
        g_clear_pointer((char **)((char *)items->pdata[i] + shape->name_offset), g_free);
    clear_items(field, slot);
}

static void schema_named(const Field *field, SchemaWriter *schema)
{
    schema_write_type(schema, "object");
    jsonw_key(schema->json, "additionalProperties");
    jsonw_begin_object(schema->json, JSONW_INLINE);
    schema_write_shape(schema, field->detail);
    jsonw_end_object(schema->json);
}

static bool decode_tree(Decoder *decoder, const Field *field, const Node *node, void *slot)
{
    *(const Node **)slot = decoder_expand_all(decoder, node);
    return true;
}

/* clang-format off */
const FieldType type_text = {"text", decode_text, clear_text, schema_text};
const FieldType type_value = {"text", decode_value, clear_value, schema_text};
const FieldType type_texts = {"list of texts", decode_texts, clear_array, schema_texts};
const FieldType type_strings = {"list of texts", decode_strings, clear_strings, schema_texts};
const FieldType type_argv = {"list of arguments", decode_argv, clear_array, schema_argv};
const FieldType type_bool = {"true or false", decode_bool, NULL, schema_bool};
const FieldType type_number = {"number", decode_number, NULL, schema_number};
const FieldType type_size = {"size", decode_size, NULL, schema_text};
const FieldType type_duration = {"duration", decode_duration, NULL, schema_text};
const FieldType type_date = {"date", decode_date, clear_value, schema_text};
const FieldType type_version = {"version", decode_version, clear_value, schema_text};
const FieldType type_choice = {"choice", decode_choice, NULL, schema_choice};
const FieldType type_either = {"choice", decode_either, NULL, schema_choice};
const FieldType type_pairs = {"map of texts", decode_pairs, clear_array, schema_pairs};
const FieldType type_assigned = {"map of texts", decode_assigned, clear_strings, schema_pairs};
const FieldType type_shape = {"map", decode_struct, clear_struct, schema_struct};
const FieldType type_items = {"list of maps", decode_items, clear_items, schema_items};
const FieldType type_named = {"map of names", decode_named, clear_named, schema_named};
const FieldType type_tree = {"anything", decode_tree, NULL, NULL};
/* clang-format on */
