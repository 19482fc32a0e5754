/* Foreign JSON: what is accepted prints, reads back and prints the same. */
#include "fuzz.h"

#include "text/json.h"
#include "text/jsonw.h"

static void write_value(JsonWriter *writer, const Json *value)
{
    bool flag;
    gint64 number;
    if (json_is_map(value)) {
        jsonw_begin_object(writer, JSONW_COMPACT);
        void *state = NULL;
        const char *key;
        const Json *member;
        while (json_next_pair(value, &state, &key, &member)) {
            jsonw_key(writer, key);
            write_value(writer, member);
        }
        jsonw_end_object(writer);
    } else if (json_is_list(value)) {
        jsonw_begin_array(writer, JSONW_COMPACT);
        for (size_t i = 0; i < json_length(value); i++)
            write_value(writer, json_item(value, i));
        jsonw_end_array(writer);
    } else if (json_as_boolean(value, &flag)) {
        jsonw_boolean(writer, flag);
    } else if (json_as_integer(value, &number)) {
        jsonw_integer(writer, number);
    } else {
        jsonw_string(writer, json_text(value));
    }
}

static char *print(const Json *value, size_t *ret_length)
{
    g_autoptr(JsonWriter) writer = jsonw_new();
    write_value(writer, value);
    return jsonw_finish(writer, ret_length);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autoptr(Json) json = json_parse("input", (const char *)data, size, NULL);
    if (!json || !(json_is_map(json) || json_is_list(json)))
        return 0;
    size_t length, again_length;
    g_autofree char *text = print(json, &length);
    g_autoptr(GError) error = NULL;
    g_autoptr(Json) back = json_parse("output", text, length, &error);
    g_assert_no_error(error);
    g_autofree char *again = print(back, &again_length);
    g_assert_cmpstr(text, ==, again);
    return 0;
}
