#include "text/json.h"

#include <jansson.h>

Json *json_parse(const char *name, const char *text, size_t length, GError **error)
{
    json_error_t problem;
    json_t *json = json_loadb(text, length, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &problem);
    if (!json)
        error_set(error, ERROR_INPUT, SPAN_NONE, "%s: line %d, column %d: not JSON: %s", name,
                  problem.line, problem.column, problem.text);
    return json;
}

void json_free(Json *json)
{
    json_decref(json);
}

const Json *json_find(const Json *object, const char *key)
{
    return object ? json_object_get(object, key) : NULL;
}

const char *json_text(const Json *value)
{
    return value ? json_string_value(value) : NULL;
}

const char *json_find_text(const Json *object, const char *key)
{
    return json_text(json_find(object, key));
}

bool json_as_boolean(const Json *value, bool *ret_value)
{
    if (!value || !json_is_boolean(value))
        return false;
    *ret_value = json_is_true(value);
    return true;
}

bool json_as_integer(const Json *value, gint64 *ret_value)
{
    if (!value || !(json_typeof(value) == JSON_INTEGER))
        return false;
    *ret_value = json_integer_value(value);
    return true;
}

bool json_is_map(const Json *value)
{
    return value && json_typeof(value) == JSON_OBJECT;
}

bool json_is_list(const Json *value)
{
    return value && json_typeof(value) == JSON_ARRAY;
}

bool json_is_none(const Json *value)
{
    return value && json_typeof(value) == JSON_NULL;
}

size_t json_length(const Json *value)
{
    if (!value)
        return 0;
    return json_typeof(value) == JSON_OBJECT ? json_object_size(value) : json_array_size(value);
}

const Json *json_item(const Json *array, size_t index)
{
    return array ? json_array_get(array, index) : NULL;
}

bool json_next_pair(const Json *object, void **state, const char **ret_key, const Json **ret_value)
{
    json_t *mutable = (json_t *)object; /* jansson's iterators do not change the object */
    *state = *state ? json_object_iter_next(mutable, *state) : json_object_iter(mutable);
    if (!*state)
        return false;
    *ret_key = json_object_iter_key(*state);
    *ret_value = json_object_iter_value(*state);
    return true;
}

char *json_dump(const Json *value)
{
    char *text = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);
    char *copy = g_strdup(text);
    free(text);
    return copy;
}
