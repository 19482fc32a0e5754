#include "test.h"
#include "text/json_fields.h"

typedef enum {
    COLOUR_RED,
    COLOUR_BLUE,
} Colour;

typedef struct {
    char *name;
} Part;

typedef struct {
    char *name, *note;
    char **tags;
    bool loud;
    guint64 size;
    gint64 count;
    Colour colour;
    Part inner;
    GPtrArray *parts; /* Part */
} Thing;

static void part_free(void *data)
{
    Part *part = data;
    g_free(part->name);
    g_free(part);
}

static bool is_lower(const char *text)
{
    return g_ascii_islower(*text);
}

static const char *const colours[] = {"red", "blue", NULL};

/* clang-format off */
static const JsonField part_fields[] = {
    {.key = "name", .type = JSON_FIELD_TEXT, .offset = offsetof(Part, name)},
};
static const JsonRecord part_record = {sizeof(Part), part_fields, 1, part_free, JSONW_INLINE};

static const JsonField thing_fields[] = {
    {.key = "schema", .type = JSON_FIELD_CONSTANT, .expected = "thing/1"},
    {.key = "name", .type = JSON_FIELD_TEXT, .offset = offsetof(Thing, name), .check = is_lower,
     .expected = "a name in lower case"},
    {.key = "note", .type = JSON_FIELD_TEXT, .offset = offsetof(Thing, note),
     .flags = JSON_NULLABLE},
    {.key = "tags", .type = JSON_FIELD_TEXTS, .offset = offsetof(Thing, tags),
     .flags = JSON_OPTIONAL},
    {.key = "loud", .type = JSON_FIELD_FLAG, .offset = offsetof(Thing, loud),
     .flags = JSON_OPTIONAL},
    {.key = "size", .type = JSON_FIELD_UNSIGNED, .offset = offsetof(Thing, size)},
    {.key = "count", .type = JSON_FIELD_INTEGER, .offset = offsetof(Thing, count),
     .flags = JSON_NULLABLE},
    {.key = "colour", .type = JSON_FIELD_CHOICE, .offset = offsetof(Thing, colour),
     .names = colours},
    {.key = "inner", .type = JSON_FIELD_RECORD, .offset = offsetof(Thing, inner),
     .record = &part_record},
    {.key = "parts", .type = JSON_FIELD_RECORDS, .offset = offsetof(Thing, parts),
     .record = &part_record, .flags = JSON_OPTIONAL},
};
/* clang-format on */
static const JsonRecord thing_record = {sizeof(Thing), thing_fields, G_N_ELEMENTS(thing_fields),
                                        NULL, JSONW_BLOCK};

static void thing_clear(Thing *thing)
{
    g_free(thing->name);
    g_free(thing->note);
    g_strfreev(thing->tags);
    g_free(thing->inner.name);
    g_clear_pointer(&thing->parts, g_ptr_array_unref);
}

static gboolean decode(const char *text, Thing *thing, GError **error)
{
    g_autoptr(Json) json = json_parse("thing.json", text, strlen(text), error);
    return json && json_record_decode(&thing_record, "thing.json", json, thing, NULL, error);
}

static const char full[] = "{\n"
                           "  \"schema\": \"thing/1\",\n"
                           "  \"name\": \"bell\",\n"
                           "  \"note\": null,\n"
                           "  \"tags\": [\"a\", \"b\"],\n"
                           "  \"loud\": true,\n"
                           "  \"size\": 9000000000,\n"
                           "  \"count\": null,\n"
                           "  \"colour\": \"blue\",\n"
                           "  \"inner\": {\"name\": \"i\"},\n"
                           "  \"parts\": [\n"
                           "    {\"name\": \"p\"},\n"
                           "    {\"name\": \"q\"}\n"
                           "  ]\n"
                           "}\n";

static const char small[] = "{\n"
                            "  \"schema\": \"thing/1\",\n"
                            "  \"name\": \"bell\",\n"
                            "  \"note\": \"x\\ny\",\n"
                            "  \"size\": 0,\n"
                            "  \"count\": 7,\n"
                            "  \"colour\": \"red\",\n"
                            "  \"inner\": {\"name\": \"\"}\n"
                            "}\n";

TEST(round_trip)
{
    const char *const texts[] = {full, small};
    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
        Thing thing = {0};
        GError *error = NULL;
        g_assert_true(decode(texts[i], &thing, &error));
        assert_no_error(error);
        g_autoptr(JsonWriter) writer = jsonw_new();
        json_record_encode(&thing_record, writer, &thing, NULL);
        g_autofree char *again = jsonw_finish(writer, NULL);
        assert_text(NULL, texts[i], again);
        thing_clear(&thing);
    }
}

TEST(values)
{
    Thing thing = {0};
    g_assert_true(decode(full, &thing, NULL));
    g_assert_true(thing.loud);
    g_assert_cmpuint(thing.size, ==, 9000000000u);
    g_assert_cmpint(thing.count, ==, -1);
    g_assert_cmpint(thing.colour, ==, COLOUR_BLUE);
    g_assert_cmpuint(thing.parts->len, ==, 2);
    thing_clear(&thing);
    thing = (Thing){0};
    g_assert_true(decode(small, &thing, NULL));
    g_assert_nonnull(thing.parts);
    g_assert_cmpuint(thing.parts->len, ==, 0);
    g_assert_null(thing.tags);
    thing_clear(&thing);
}

TEST(refuses)
{
    static const struct {
        const char *what, *with, *message;
    } rows[] = {
        {"thing/1", "thing/2", "schema: expected 'thing/1'"},
        {"\"bell\"", "3", "name: expected a text"},
        {"\"bell\"", "\"Bell\"", "name: 'Bell' is not a name in lower case"},
        {"\"bell\"", "\"b\\u001b[2J\"", "name: the text holds a control character"},
        {"\"note\": null", "\"not\": null", "the document: unknown key 'not'"},
        {"  \"note\": null,\n", "", "the document: the key 'note' is missing"},
        {"[\"a\", \"b\"]", "\"a\"", "tags: expected a list of texts"},
        {"\"b\"]", "2]", "tags: expected a text"},
        {"true", "1", "loud: expected true or false"},
        {"true", "null", "loud: expected true or false"},
        {"9000000000", "-1", "size: expected a whole number from 0"},
        {"9000000000", "1.5", "size: expected a whole number from 0"},
        {"\"blue\"", "\"green\"", "colour: expected one of red, blue"},
        {"\"count\": null", "\"count\": \"\"", "count: expected a whole number from 0"},
        {"{\"name\": \"i\"}", "[]", "inner: expected an object"},
        {"{\"name\": \"q\"}", "{\"name\": null}", "parts[1].name: expected a text"},
        {"{\"name\": \"q\"}", "{\"name\": \"q\", \"z\": 1}", "parts[1]: unknown key 'z'"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_auto(GStrv) parts = g_strsplit(full, rows[i].what, 2);
        g_assert_nonnull(parts[1]);
        g_autofree char *text = g_strjoinv(rows[i].with, parts);
        g_autoptr(GError) error = NULL;
        Thing thing = {0};
        g_assert_false(decode(text, &thing, &error));
        g_assert_error(error, ERROR_DOMAIN, ERROR_INPUT);
        g_autofree char *expected = g_strdup_printf("thing.json: %s", rows[i].message);
        assert_text(rows[i].with, expected, error->message);
        thing_clear(&thing);
    }
}

TEST(suggests_the_nearest_key)
{
    g_autoptr(GError) error = NULL;
    Thing thing = {0};
    g_assert_false(decode("{\"schema\": \"thing/1\", \"color\": \"red\"}", &thing, &error));
    assert_text(NULL, "did you mean 'colour'?", error_hint(error));
    thing_clear(&thing);
}
