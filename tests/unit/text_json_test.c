#include "test.h"
#include "text/json.h"
#include "text/jsonw.h"

TEST(reads)
{
    const char *text = "{\"b\": [1, true, null, \"x\"], \"a\": {}}";
    g_autoptr(GError) error = NULL;
    g_autoptr(Json) json = json_parse("page", text, strlen(text), &error);
    g_assert_no_error(error);
    const Json *list = json_find(json, "b");
    gint64 number = 0;
    bool flag = false;
    g_assert_true(json_as_integer(json_item(list, 0), &number) && number == 1);
    g_assert_true(json_as_boolean(json_item(list, 1), &flag) && flag);
    g_assert_true(json_is_none(json_item(list, 2)));
    assert_text(NULL, "x", json_text(json_item(list, 3)));
    g_assert_null(json_item(list, 4));
    void *state = NULL;
    const char *key;
    const Json *value;
    g_assert_true(json_next_pair(json, &state, &key, &value));
    assert_text("file order", "b", key);
}

TEST(refuses)
{
    static const char *const bad[] = {"{\"a\": 1, \"a\": 2}", "[1,", "", "{} x", "\"\xff\""};
    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(Json) json = json_parse("page", bad[i], strlen(bad[i]), &error);
        g_assert_null(json);
        g_assert_error(error, ERROR_DOMAIN, ERROR_INPUT);
    }
}

static void write_sample(JsonWriter *writer, JsonwStyle outer, JsonwStyle inner)
{
    jsonw_begin_object(writer, outer);
    jsonw_string_member(writer, "text", "a\"\\\n\x01é");
    jsonw_key(writer, "list");
    jsonw_begin_array(writer, inner);
    jsonw_unsigned(writer, G_MAXUINT64);
    jsonw_null(writer);
    jsonw_end_array(writer);
    jsonw_key(writer, "empty");
    jsonw_begin_array(writer, inner);
    jsonw_end_array(writer);
    jsonw_end_object(writer);
}

TEST(writes_each_style)
{
    static const struct {
        JsonwStyle outer, inner;
        const char *expected;
    } rows[] = {
        {JSONW_BLOCK, JSONW_INLINE,
         "{\n  \"text\": \"a\\\"\\\\\\n\\u0001é\",\n  \"list\": [18446744073709551615, null],\n"
         "  \"empty\": []\n}\n"},
        {JSONW_INLINE, JSONW_BLOCK,
         "{\"text\": \"a\\\"\\\\\\n\\u0001é\", \"list\": [18446744073709551615, null], \"empty\": "
         "[]}\n"},
        {JSONW_COMPACT, JSONW_BLOCK,
         "{\"text\":\"a\\\"\\\\\\n\\u0001é\",\"list\":[18446744073709551615,null],\"empty\":[]}"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(JsonWriter) writer = jsonw_new();
        write_sample(writer, rows[i].outer, rows[i].inner);
        g_autofree char *text = jsonw_finish(writer, NULL);
        assert_text(NULL, rows[i].expected, text);
    }
}
