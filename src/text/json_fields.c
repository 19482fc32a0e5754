#include "text/json_fields.h"

#include "base/names.h"

struct JsonDecoder {
    const char *name;
    GString *path;
    void *data;
    GError *error;
};

static void *member(const JsonField *field, const void *value)
{
    return (char *)value + field->offset;
}

/* Writing */

static bool is_wanted(const JsonField *field, const void *value, void *data)
{
    if (field->type == JSON_FIELD_CUSTOM)
        return !field->wanted || field->wanted(value, data);
    if (!(field->flags & JSON_OPTIONAL))
        return true;
    const void *at = member(field, value);
    switch (field->type) {
    case JSON_FIELD_TEXT:
        return *(char *const *)at;
    case JSON_FIELD_TEXTS:
        return *(char **const *)at && **(char **const *)at;
    case JSON_FIELD_FLAG:
        return *(const bool *)at;
    case JSON_FIELD_UNSIGNED:
        return *(const guint64 *)at != 0;
    case JSON_FIELD_INTEGER:
        return *(const gint64 *)at >= 0;
    case JSON_FIELD_RECORDS:
        return *(GPtrArray *const *)at && (*(GPtrArray *const *)at)->len > 0;
    case JSON_FIELD_CONSTANT:
    case JSON_FIELD_CHOICE:
    case JSON_FIELD_RECORD:
    case JSON_FIELD_CUSTOM:
    default:
        return true;
    }
}

static void encode_texts(JsonWriter *writer, const JsonField *field, char *const *texts)
{
    jsonw_begin_array(writer, field->style == JSONW_BLOCK ? JSONW_INLINE : field->style);
    for (size_t i = 0; texts && texts[i]; i++)
        jsonw_string(writer, texts[i]);
    jsonw_end_array(writer);
}

static void encode_number(JsonWriter *writer, const JsonField *field, const void *at)
{
    gint64 number = *(const gint64 *)at;
    bool is_signed = field->type == JSON_FIELD_INTEGER;
    if ((field->flags & JSON_NULLABLE) && (is_signed ? number < 0 : number == 0))
        jsonw_null(writer);
    else if (is_signed)
        jsonw_integer(writer, number);
    else
        jsonw_unsigned(writer, *(const guint64 *)at);
}

static void encode_field(const JsonField *field, JsonWriter *writer, const void *value, void *data)
{
    const void *at = member(field, value);
    switch (field->type) {
    case JSON_FIELD_CONSTANT:
        jsonw_string(writer, field->expected);
        break;
    case JSON_FIELD_TEXT:
        jsonw_string(writer, *(char *const *)at);
        break;
    case JSON_FIELD_TEXTS:
        encode_texts(writer, field, *(char **const *)at);
        break;
    case JSON_FIELD_FLAG:
        jsonw_boolean(writer, *(const bool *)at);
        break;
    case JSON_FIELD_UNSIGNED:
    case JSON_FIELD_INTEGER:
        encode_number(writer, field, at);
        break;
    case JSON_FIELD_CHOICE:
        jsonw_string(writer, field->names[*(const int *)at]);
        break;
    case JSON_FIELD_RECORD:
        json_record_encode(field->record, writer, at, data);
        break;
    case JSON_FIELD_RECORDS:
        json_records_encode(field->record, writer, *(GPtrArray *const *)at, field->style, data);
        break;
    case JSON_FIELD_CUSTOM:
    default:
        field->encode(writer, value, data);
        break;
    }
}

void json_record_encode(const JsonRecord *record, JsonWriter *writer, const void *value, void *data)
{
    jsonw_begin_object(writer, record->style);
    for (size_t i = 0; i < record->count; i++) {
        const JsonField *field = &record->fields[i];
        if (!is_wanted(field, value, data))
            continue;
        jsonw_key(writer, field->key);
        encode_field(field, writer, value, data);
    }
    jsonw_end_object(writer);
}

void json_records_encode(const JsonRecord *record, JsonWriter *writer, const GPtrArray *values,
                         JsonwStyle style, void *data)
{
    jsonw_begin_array(writer, style);
    for (guint i = 0; values && i < values->len; i++)
        json_record_encode(record, writer, values->pdata[i], data);
    jsonw_end_array(writer);
}

/* Reading */

void *json_decoder_data(const JsonDecoder *decoder)
{
    return decoder->data;
}

gboolean json_decoder_fail(JsonDecoder *decoder, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_autofree char *message = g_strdup_vprintf(format, args);
    va_end(args);
    g_assert(!decoder->error);
    const char *path = decoder->path->len > 0 ? decoder->path->str : "the document";
    return error_set(&decoder->error, ERROR_INPUT, SPAN_NONE, "%s: %s: %s", decoder->name, path,
                     message);
}

static bool has_control_character(const char *text)
{
    for (const char *p = text; *p; p = g_utf8_next_char(p)) {
        gunichar c = g_utf8_get_char(p);
        if (g_unichar_iscntrl(c) && c != '\n' && c != '\t')
            return true;
    }
    return false;
}

gboolean json_decoder_read_text(JsonDecoder *decoder, const Json *json, char **ret_text)
{
    const char *text = json_text(json);
    if (!text)
        return json_decoder_fail(decoder, "expected a text");
    if (has_control_character(text))
        return json_decoder_fail(decoder, "the text holds a control character");
    *ret_text = g_strdup(text);
    return TRUE;
}

static gboolean check_text(JsonDecoder *decoder, const JsonField *field, const char *text)
{
    if (field->check && !field->check(text))
        return json_decoder_fail(decoder, "'%s' is not %s", text, field->expected);
    return TRUE;
}

static gboolean decode_text(JsonDecoder *decoder, const JsonField *field, const Json *json,
                            char **ret_text)
{
    if (!json_decoder_read_text(decoder, json, ret_text))
        return FALSE;
    return check_text(decoder, field, *ret_text);
}

static gboolean decode_texts(JsonDecoder *decoder, const JsonField *field, const Json *json,
                             char ***ret_texts)
{
    if (!json_is_list(json))
        return json_decoder_fail(decoder, "expected a list of texts");
    size_t count = json_length(json);
    if (count == 0)
        return TRUE;
    *ret_texts = g_new0(char *, count + 1);
    for (size_t i = 0; i < count; i++) {
        if (!decode_text(decoder, field, json_item(json, i), &(*ret_texts)[i]))
            return FALSE;
    }
    return TRUE;
}

static gboolean decode_number(JsonDecoder *decoder, const Json *json, gint64 *ret_number)
{
    gint64 number;
    if (!json_as_integer(json, &number) || number < 0)
        return json_decoder_fail(decoder, "expected a whole number from 0");
    *ret_number = number;
    return TRUE;
}

static gboolean decode_choice(JsonDecoder *decoder, const JsonField *field, const Json *json,
                              int *ret_choice)
{
    const char *text = json_text(json);
    for (int i = 0; text && field->names[i]; i++) {
        if (!g_str_equal(field->names[i], text))
            continue;
        *ret_choice = i;
        return TRUE;
    }
    g_autofree char *names = g_strjoinv(", ", (char **)field->names);
    return json_decoder_fail(decoder, "expected one of %s", names);
}

gboolean json_decoder_read_records(JsonDecoder *decoder, const JsonRecord *record, const Json *json,
                                   GPtrArray **array)
{
    if (!*array)
        *array = g_ptr_array_new_with_free_func(record->free);
    if (!json_is_list(json))
        return json_decoder_fail(decoder, "expected a list");
    size_t length = decoder->path->len;
    for (size_t i = 0; i < json_length(json); i++) {
        g_string_append_printf(decoder->path, "[%zu]", i);
        void *item = g_malloc0(record->size);
        g_ptr_array_add(*array, item);
        if (!json_decoder_read_record(decoder, record, json_item(json, i), item))
            return FALSE;
        g_string_truncate(decoder->path, length);
    }
    return TRUE;
}

static gboolean decode_value(JsonDecoder *decoder, const JsonField *field, const Json *json,
                             void *value)
{
    void *at = member(field, value);
    gint64 number = 0;
    switch (field->type) {
    case JSON_FIELD_CONSTANT:
        return g_strcmp0(json_text(json), field->expected) == 0
                   ? TRUE
                   : json_decoder_fail(decoder, "expected '%s'", field->expected);
    case JSON_FIELD_TEXT:
        return decode_text(decoder, field, json, at);
    case JSON_FIELD_TEXTS:
        return decode_texts(decoder, field, json, at);
    case JSON_FIELD_FLAG:
        return json_as_boolean(json, at) ? TRUE
                                         : json_decoder_fail(decoder, "expected true or false");
    case JSON_FIELD_UNSIGNED:
    case JSON_FIELD_INTEGER:
        if (!decode_number(decoder, json, &number))
            return FALSE;
        *(gint64 *)at = number; /* guint64 has the same size, and the number is not negative */
        return TRUE;
    case JSON_FIELD_CHOICE:
        return decode_choice(decoder, field, json, at);
    case JSON_FIELD_RECORD:
        return json_decoder_read_record(decoder, field->record, json, at);
    case JSON_FIELD_RECORDS:
        return json_decoder_read_records(decoder, field->record, json, at);
    case JSON_FIELD_CUSTOM:
    default:
        return field->decode(decoder, json, value);
    }
}

/* What a field is when its key is absent, or null. */
static void set_nothing(const JsonField *field, void *value)
{
    if (field->type == JSON_FIELD_INTEGER)
        *(gint64 *)member(field, value) = -1;
    else if (field->type == JSON_FIELD_RECORDS)
        *(GPtrArray **)member(field, value) = g_ptr_array_new_with_free_func(field->record->free);
}

static gboolean decode_field(JsonDecoder *decoder, const JsonField *field, const Json *json,
                             void *value)
{
    const Json *found = json_find(json, field->key);
    if (!found && field->type == JSON_FIELD_CUSTOM && field->wanted)
        return field->decode(decoder, NULL, value);
    if (!found && !(field->flags & JSON_OPTIONAL))
        return json_decoder_fail(decoder, "the key '%s' is missing", field->key);
    if (!found || ((field->flags & JSON_NULLABLE) && json_is_none(found))) {
        set_nothing(field, value);
        return TRUE;
    }
    size_t length = decoder->path->len;
    g_string_append_printf(decoder->path, "%s%s", length > 0 ? "." : "", field->key);
    gboolean done = decode_value(decoder, field, found, value);
    if (done)
        g_string_truncate(decoder->path, length);
    return done;
}

static gboolean refuse_unknown_keys(JsonDecoder *decoder, const JsonRecord *record,
                                    const Json *json)
{
    g_autofree const char **keys = g_new0(const char *, record->count);
    for (size_t i = 0; i < record->count; i++)
        keys[i] = record->fields[i].key;
    void *state = NULL;
    const char *key;
    const Json *item;
    while (json_next_pair(json, &state, &key, &item)) {
        size_t i = 0;
        while (i < record->count && !g_str_equal(keys[i], key))
            i++;
        if (i < record->count)
            continue;
        const char *nearest = names_nearest(key, keys, record->count);
        g_autofree char *shown = g_strescape(key, NULL);
        json_decoder_fail(decoder, "unknown key '%s'", shown);
        if (nearest)
            error_set_hint(decoder->error, "did you mean '%s'?", nearest);
        return FALSE;
    }
    return TRUE;
}

gboolean json_decoder_read_record(JsonDecoder *decoder, const JsonRecord *record, const Json *json,
                                  void *value)
{
    if (!json_is_map(json))
        return json_decoder_fail(decoder, "expected an object");
    if (!refuse_unknown_keys(decoder, record, json))
        return FALSE;
    for (size_t i = 0; i < record->count; i++) {
        if (!decode_field(decoder, &record->fields[i], json, value))
            return FALSE;
    }
    return TRUE;
}

gboolean json_record_decode(const JsonRecord *record, const char *name, const Json *json,
                            void *value, void *data, GError **error)
{
    JsonDecoder decoder = {name, g_string_new(NULL), data, NULL};
    gboolean done = json_decoder_read_record(&decoder, record, json, value);
    g_string_free(decoder.path, TRUE);
    if (!done)
        g_propagate_error(error, decoder.error);
    return done;
}
