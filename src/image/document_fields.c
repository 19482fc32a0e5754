#include "image/document_fields.h"

#include "base/limits.h"
#include "base/sorted.h"
#include "image/document.h"
#include "text/jsonw.h"

#define AT(type, value, field) ((type *)((char *)(value) + (field)->offset))
#define IN(type, value, field) (*(type const *)((const char *)(value) + (field)->offset))

static void *pair_copy(const void *pair)
{
    return image_pair_new(((const ImagePair *)pair)->key, ((const ImagePair *)pair)->value);
}

static bool is_array(const DocumentField *field)
{
    return field->type == DOCUMENT_LIST || field->type == DOCUMENT_SET ||
           field->type == DOCUMENT_PAIRS || field->type == DOCUMENT_RECORDS;
}

static GPtrArray *array_new(const DocumentField *field)
{
    if (field->type == DOCUMENT_RECORDS)
        return g_ptr_array_new_with_free_func(field->shape->free);
    return g_ptr_array_new_with_free_func(
        field->type == DOCUMENT_PAIRS ? (GDestroyNotify)image_pair_free : g_free);
}

static void start_fields(const DocumentShape *shape, void *value)
{
    for (size_t i = 0; i < shape->count; i++) {
        const DocumentField *field = &shape->fields[i];
        if (is_array(field))
            *AT(GPtrArray *, value, field) = array_new(field);
        else if (field->type == DOCUMENT_INSIDE)
            start_fields(field->shape, value);
    }
}

void *document_new(const DocumentShape *shape)
{
    void *value = g_malloc0(shape->size);
    start_fields(shape, value);
    return value;
}

static void clear_fields(const DocumentShape *shape, void *value)
{
    for (size_t i = 0; i < shape->count; i++) {
        const DocumentField *field = &shape->fields[i];
        if (is_array(field))
            g_ptr_array_unref(*AT(GPtrArray *, value, field));
        else if (field->type == DOCUMENT_TEXT)
            g_free(*AT(char *, value, field));
        else if (field->type == DOCUMENT_TEXTS)
            g_strfreev(*AT(char **, value, field));
        else if (field->type == DOCUMENT_INSIDE)
            clear_fields(field->shape, value);
        else if (field->type == DOCUMENT_RECORD && *AT(void *, value, field))
            field->shape->free(*AT(void *, value, field));
    }
}

void document_free(const DocumentShape *shape, void *value)
{
    if (!value)
        return;
    clear_fields(shape, value);
    g_free(value);
}

static void copy_array(const DocumentField *field, GPtrArray *to, const GPtrArray *from)
{
    for (guint i = 0; i < from->len; i++) {
        const void *item = from->pdata[i];
        if (field->type == DOCUMENT_RECORDS)
            g_ptr_array_add(to, document_copy(field->shape, item));
        else
            g_ptr_array_add(to, field->type == DOCUMENT_PAIRS ? pair_copy(item) : g_strdup(item));
    }
}

static void copy_fields(const DocumentShape *shape, void *to, const void *from)
{
    for (size_t i = 0; i < shape->count; i++) {
        const DocumentField *field = &shape->fields[i];
        if (is_array(field))
            copy_array(field, *AT(GPtrArray *, to, field), IN(GPtrArray *, from, field));
        else if (field->type == DOCUMENT_TEXT)
            *AT(char *, to, field) = g_strdup(IN(char *, from, field));
        else if (field->type == DOCUMENT_TEXTS)
            *AT(char **, to, field) = g_strdupv(IN(char **, from, field));
        else if (field->type == DOCUMENT_FLAG)
            *AT(bool, to, field) = IN(bool, from, field);
        else if (field->type == DOCUMENT_NUMBER)
            *AT(gint64, to, field) = IN(gint64, from, field);
        else if (field->type == DOCUMENT_INSIDE)
            copy_fields(field->shape, to, from);
        else if (field->type == DOCUMENT_RECORD && IN(void *, from, field))
            *AT(void *, to, field) = document_copy(field->shape, IN(void *, from, field));
    }
}

void *document_copy(const DocumentShape *shape, const void *value)
{
    void *copy = document_new(shape);
    copy_fields(shape, copy, value);
    return copy;
}

/* Writing */

static bool is_empty(const DocumentField *field, const void *value)
{
    if (is_array(field))
        return IN(GPtrArray *, value, field)->len == 0;
    if (field->type == DOCUMENT_TEXT)
        return !IN(char *, value, field) || !*IN(char *, value, field);
    if (field->type == DOCUMENT_TEXTS)
        return !IN(char **, value, field) || !*IN(char **, value, field);
    if (field->type == DOCUMENT_FLAG)
        return !IN(bool, value, field);
    if (field->type == DOCUMENT_NUMBER)
        return IN(gint64, value, field) == 0;
    return field->type == DOCUMENT_RECORD && !IN(void *, value, field);
}

static int compare_pairs(const void *a, const void *b)
{
    const ImagePair *x = *(const ImagePair *const *)a, *y = *(const ImagePair *const *)b;
    return strcmp(x->key, y->key);
}

static GPtrArray *sort_borrowed(const GPtrArray *array, GCompareFunc compare)
{
    GPtrArray *sorted = g_ptr_array_sized_new(array->len);
    for (guint i = 0; i < array->len; i++)
        g_ptr_array_add(sorted, array->pdata[i]);
    g_ptr_array_sort(sorted, compare);
    return sorted;
}

static void encode_map(const DocumentField *field, JsonWriter *writer, const GPtrArray *array)
{
    bool pairs = field->type == DOCUMENT_PAIRS;
    g_autoptr(GPtrArray) sorted =
        sort_borrowed(array, pairs ? compare_pairs : sorted_compare_strings);
    jsonw_begin_object(writer, JSONW_COMPACT);
    for (guint i = 0; i < sorted->len; i++) {
        const ImagePair *pair = sorted->pdata[i];
        if (pairs) {
            jsonw_string_member(writer, pair->key, pair->value);
            continue;
        }
        jsonw_key(writer, sorted->pdata[i]);
        jsonw_begin_object(writer, JSONW_COMPACT);
        jsonw_end_object(writer);
    }
    jsonw_end_object(writer);
}

static void encode_fields(const DocumentShape *shape, JsonWriter *writer, const void *value);

static void encode_array(const DocumentField *field, JsonWriter *writer, const GPtrArray *array)
{
    jsonw_begin_array(writer, JSONW_COMPACT);
    for (guint i = 0; i < array->len; i++) {
        if (field->type == DOCUMENT_RECORDS)
            encode_fields(field->shape, writer, array->pdata[i]);
        else
            jsonw_string(writer, array->pdata[i]);
    }
    jsonw_end_array(writer);
}

static void encode_field(const DocumentField *field, JsonWriter *writer, const void *value)
{
    switch (field->type) {
    case DOCUMENT_CONSTANT:
        jsonw_string(writer, field->expected);
        break;
    case DOCUMENT_VERSION:
        jsonw_unsigned(writer, 2);
        break;
    case DOCUMENT_TEXT:
        jsonw_string(writer, IN(char *, value, field) ? IN(char *, value, field) : "");
        break;
    case DOCUMENT_TEXTS:
        jsonw_begin_array(writer, JSONW_COMPACT);
        for (char *const *text = IN(char **, value, field); text && *text; text++)
            jsonw_string(writer, *text);
        jsonw_end_array(writer);
        break;
    case DOCUMENT_LIST:
    case DOCUMENT_RECORDS:
        encode_array(field, writer, IN(GPtrArray *, value, field));
        break;
    case DOCUMENT_SET:
    case DOCUMENT_PAIRS:
        encode_map(field, writer, IN(GPtrArray *, value, field));
        break;
    case DOCUMENT_FLAG:
        jsonw_boolean(writer, IN(bool, value, field));
        break;
    case DOCUMENT_NUMBER:
        jsonw_integer(writer, IN(gint64, value, field));
        break;
    case DOCUMENT_INSIDE:
        encode_fields(field->shape, writer, value);
        break;
    case DOCUMENT_RECORD:
        encode_fields(field->shape, writer, IN(void *, value, field));
        break;
    }
}

static void encode_fields(const DocumentShape *shape, JsonWriter *writer, const void *value)
{
    jsonw_begin_object(writer, JSONW_COMPACT);
    for (size_t i = 0; i < shape->count; i++) {
        const DocumentField *field = &shape->fields[i];
        if (!(field->flags & DOCUMENT_ALWAYS) && is_empty(field, value))
            continue;
        jsonw_key(writer, field->key);
        encode_field(field, writer, value);
    }
    jsonw_end_object(writer);
}

/* Go writes these as \uXXXX, which stands in texts alone, so that a program in Go that decodes a
 * document and encodes it again keeps its bytes. */
static char *escape_as_go(const char *json, size_t *ret_length)
{
    static const struct {
        const char *plain, *escaped;
    } escapes[] = {{"<", "\\u003c"},
                   {">", "\\u003e"},
                   {"&", "\\u0026"},
                   {"\u2028", "\\u2028"},
                   {"\u2029", "\\u2029"}};
    GString *out = g_string_new(json);
    for (size_t i = 0; i < G_N_ELEMENTS(escapes); i++)
        g_string_replace(out, escapes[i].plain, escapes[i].escaped, 0);
    if (ret_length)
        *ret_length = out->len;
    return g_string_free(out, FALSE);
}

char *document_encode(const DocumentShape *shape, const void *value, size_t *ret_length)
{
    g_autoptr(JsonWriter) writer = jsonw_new();
    encode_fields(shape, writer, value);
    g_autofree char *json = jsonw_finish(writer, NULL);
    return escape_as_go(json, ret_length);
}

/* Reading */

/* Where in the document, for messages. */
typedef struct Place {
    const struct Place *parent;
    const char *key; /* or NULL */
    size_t index;    /* without a key */
    const char *name;
} Place;

static void append_place(GString *out, const Place *place)
{
    if (place->parent)
        append_place(out, place->parent);
    if (!place->parent)
        g_string_append_printf(out, "%s: ", place->name);
    else if (place->key)
        g_string_append_printf(out, "%s%.100s", place->parent->parent ? "." : "", place->key);
    else
        g_string_append_printf(out, "[%zu]", place->index);
}

static gboolean fail_at(const Place *place, GError **error, const char *problem,
                        const char *expected)
{
    g_autoptr(GString) where = g_string_new(NULL);
    append_place(where, place);
    return error_set(error, ERROR_INPUT, SPAN_NONE, "%s %s%s", where->str, problem, expected);
}

static gboolean decode_text(const DocumentField *field, const Place *place, const Json *json,
                            char **ret_text, GError **error)
{
    const char *text = json_text(json);
    if (!text)
        return fail_at(place, error, "is not a text", "");
    if (field->check && !field->check(text))
        return fail_at(place, error, "is not ", field->expected);
    *ret_text = g_strdup(text);
    return TRUE;
}

static gboolean decode_fields(const DocumentShape *shape, const Place *place, const Json *json,
                              void *value, GError **error);

static void *decode_record(const DocumentField *field, const Place *place, const Json *json,
                           GError **error)
{
    void *record = document_new(field->shape);
    if (decode_fields(field->shape, place, json, record, error))
        return record;
    field->shape->free(record);
    return NULL;
}

static gboolean decode_list(const DocumentField *field, const Place *place, const Json *json,
                            GPtrArray *array, GError **error)
{
    size_t length = json_length(json);
    if (!json_is_list(json))
        return fail_at(place, error, "is not a list", "");
    if (field->limit > 0 && length > field->limit)
        return fail_at(place, error, "has too many items", "");
    for (size_t i = 0; i < length; i++) {
        const Place at = {place, NULL, i, NULL};
        const Json *item = json_item(json, i);
        char *text = NULL;
        void *record = NULL;
        if (field->type == DOCUMENT_RECORDS ? !(record = decode_record(field, &at, item, error))
                                            : !decode_text(field, &at, item, &text, error))
            return FALSE;
        g_ptr_array_add(array, record ? record : text);
    }
    return TRUE;
}

static gboolean decode_map(const DocumentField *field, const Place *place, const Json *json,
                           GPtrArray *array, GError **error)
{
    void *state = NULL;
    const char *key;
    const Json *value;
    if (!json_is_map(json))
        return fail_at(place, error, "is not an object", "");
    while (json_next_pair(json, &state, &key, &value)) {
        const Place at = {place, key, 0, NULL};
        if (field->type == DOCUMENT_SET) {
            g_ptr_array_add(array, g_strdup(key));
            continue;
        }
        if (json_is_none(value))
            continue;
        if (!json_text(value))
            return fail_at(&at, error, "is not a text", "");
        g_ptr_array_add(array, image_pair_new(key, json_text(value)));
    }
    return TRUE;
}

static gboolean decode_texts(const DocumentField *field, const Place *place, const Json *json,
                             char ***slot, GError **error)
{
    g_autoptr(GPtrArray) texts = g_ptr_array_new_with_free_func(g_free);
    if (!decode_list(field, place, json, texts, error))
        return FALSE;
    if (texts->len == 0)
        return TRUE;
    g_ptr_array_add(texts, NULL);
    *slot = (char **)g_ptr_array_steal(texts, NULL);
    return TRUE;
}

static gboolean decode_number(const Place *place, const Json *json, gint64 *slot, GError **error)
{
    gint64 number;
    if (!json_as_integer(json, &number) || number < 0)
        return fail_at(place, error, "is not a number from 0", "");
    *slot = number;
    return TRUE;
}

static gboolean decode_constant(const DocumentField *field, const Place *place, const Json *json,
                                GError **error)
{
    gint64 number = 0;
    if (field->type == DOCUMENT_CONSTANT)
        return g_strcmp0(json_text(json), field->expected) == 0 ||
               fail_at(place, error, "is not ", field->expected);
    return (json_as_integer(json, &number) && number == 2) ||
           fail_at(place, error, "is not 2, the only one in use", "");
}

static gboolean decode_field(const DocumentField *field, const Place *place, const Json *json,
                             void *value, GError **error)
{
    switch (field->type) {
    case DOCUMENT_CONSTANT:
    case DOCUMENT_VERSION:
        return decode_constant(field, place, json, error);
    case DOCUMENT_TEXT:
        return decode_text(field, place, json, AT(char *, value, field), error);
    case DOCUMENT_TEXTS:
        return decode_texts(field, place, json, AT(char **, value, field), error);
    case DOCUMENT_LIST:
    case DOCUMENT_RECORDS:
        return decode_list(field, place, json, *AT(GPtrArray *, value, field), error);
    case DOCUMENT_SET:
    case DOCUMENT_PAIRS:
        return decode_map(field, place, json, *AT(GPtrArray *, value, field), error);
    case DOCUMENT_FLAG:
        return json_as_boolean(json, AT(bool, value, field)) ||
               fail_at(place, error, "is neither true nor false", "");
    case DOCUMENT_NUMBER:
        return decode_number(place, json, AT(gint64, value, field), error);
    case DOCUMENT_INSIDE:
        return decode_fields(field->shape, place, json, value, error);
    case DOCUMENT_RECORD:
        *AT(void *, value, field) = decode_record(field, place, json, error);
        return *AT(void *, value, field) != NULL;
    }
    return TRUE;
}

static gboolean decode_fields(const DocumentShape *shape, const Place *place, const Json *json,
                              void *value, GError **error)
{
    if (!json_is_map(json))
        return fail_at(place, error, "is not an object", "");
    for (size_t i = 0; i < shape->count; i++) {
        const DocumentField *field = &shape->fields[i];
        const Json *member = json_find(json, field->key);
        const Place at = {place, field->key, 0, NULL};
        bool absent = !member || json_is_none(member);
        if (absent && (field->flags & DOCUMENT_REQUIRED))
            return fail_at(&at, error, "is missing", "");
        if (!absent && !decode_field(field, &at, member, value, error))
            return FALSE;
    }
    return TRUE;
}

gboolean document_decode(const DocumentShape *shape, const char *name, const Json *json,
                         void *value, GError **error)
{
    const Place root = {NULL, NULL, 0, name};
    return decode_fields(shape, &root, json, value, error);
}

Json *document_parse(const char *name, const char *text, size_t length, GError **error)
{
    if (length > LIMIT_IMAGE_DOCUMENT_BYTES) {
        error_set(error, ERROR_INPUT, SPAN_NONE, "%s has %zu bytes, the limit is %zu", name, length,
                  LIMIT_IMAGE_DOCUMENT_BYTES);
        return NULL;
    }
    g_autoptr(Json) json = json_parse(name, text, length, error);
    if (json && !json_is_map(json)) {
        error_set(error, ERROR_INPUT, SPAN_NONE, "%s is not a JSON object", name);
        return NULL;
    }
    return g_steal_pointer(&json);
}
