/* Field tables: units, and a shape of every type decoded and freed. */
#include "text/decode.h"

#include "test.h"

TEST(sizes)
{
    static const struct {
        const char *text;
        guint64 bytes; /* G_MAXUINT64: refused */
    } rows[] = {
        {"0 B", 0},
        {"20 GB", 20000000000},
        {"20GB", 20000000000},
        {"1 KiB", 1024},
        {"1.5 GiB", 1610612736},
        {"0.5 kB", 500},
        {"1 TiB", 1099511627776},
        {"3 TB", 3000000000000},
        {"20", G_MAXUINT64},
        {"20  GB", G_MAXUINT64},
        {"GB", G_MAXUINT64},
        {"1. GB", G_MAXUINT64},
        {"-1 GB", G_MAXUINT64},
        {"1 gb", G_MAXUINT64},
        {"1e3 GB", G_MAXUINT64},
        {"99999999999999999999 GB", G_MAXUINT64},
        {"", G_MAXUINT64},
        {".5 GB", G_MAXUINT64},
        {"999999999999 TiB", G_MAXUINT64},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        guint64 bytes = G_MAXUINT64;
        bool ok = text_parse_size(rows[i].text, &bytes);
        g_test_message("%s", rows[i].text);
        g_assert_cmpint(ok, ==, rows[i].bytes != G_MAXUINT64);
        g_assert_cmpuint(bytes, ==, rows[i].bytes);
    }
}

TEST(durations)
{
    static const struct {
        const char *text;
        guint64 milliseconds;
    } rows[] = {
        {"30s", 30000},       {"1m30s", 90000},  {"500ms", 500},      {"1.5s", 1500},
        {"2h", 7200000},      {"1d", 86400000},  {"0s", 0},           {"30", G_MAXUINT64},
        {"s", G_MAXUINT64},   {"", G_MAXUINT64}, {"1x", G_MAXUINT64}, {"1s ", G_MAXUINT64},
        {"1hs", G_MAXUINT64},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        guint64 found = G_MAXUINT64;
        bool ok = text_parse_duration(rows[i].text, &found);
        g_test_message("%s", rows[i].text);
        g_assert_cmpint(ok, ==, rows[i].milliseconds != G_MAXUINT64);
        g_assert_cmpuint(found, ==, rows[i].milliseconds);
    }
}

typedef struct {
    char *name;
    bool on;
} Inner;

typedef struct {
    char *id;
    guint64 size;
    Span at;
} Item;

typedef struct {
    int extra;
} More;

typedef struct {
    Span at;
    char *text;
    Text value;
    GPtrArray *texts, *argv, *pairs, *items, *named, *absent;
    char **strings, **assigned;
    bool yes, either, by_default;
    guint64 number, size, duration;
    Text date, version;
    int choice;
    Inner *inner;
    const Node *tree;
    More *more;
} All;

static const char *const choices[] = {"one", "two", "three", NULL};

/* clang-format off */
static const Field inner_fields[] = {
    {"name", &type_text, offsetof(Inner, name), FIELD_REQUIRED, "A name", NULL},
    {"on", &type_bool, offsetof(Inner, on), 0, "Whether", NULL},
};
static const Shape inner_shape = {
    .name = "inner", .title = "`inner:`", .size = sizeof(Inner), .fields = inner_fields,
    .count = G_N_ELEMENTS(inner_fields), .short_key = "name",
};
static const Field item_fields[] = {
    {"size", &type_size, offsetof(Item, size), FIELD_REQUIRED, "How large", NULL},
};
static const Shape item_shape = {
    .name = "item", .title = "`item:`", .size = sizeof(Item), .fields = item_fields,
    .count = G_N_ELEMENTS(item_fields), .short_key = "size",
    .at_offset = offsetof(Item, at), .name_offset = offsetof(Item, id),
};
static const Field more_fields[] = {
    {"extra", &type_choice, offsetof(More, extra), 0, "More", choices},
};
static const Shape more_shape = {
    .name = "more", .title = "`all:`", .size = sizeof(More), .fields = more_fields,
    .count = G_N_ELEMENTS(more_fields),
};
static const Field all_fields[] = {
    {"text", &type_text, offsetof(All, text), 0, "t", NULL},
    {"value", &type_value, offsetof(All, value), 0, "t", NULL},
    {"texts", &type_texts, offsetof(All, texts), 0, "t", NULL},
    {"argv", &type_argv, offsetof(All, argv), 0, "t", NULL},
    {"pairs", &type_pairs, offsetof(All, pairs), 0, "t", NULL},
    {"items", &type_items, offsetof(All, items), 0, "t", &inner_shape},
    {"named", &type_named, offsetof(All, named), 0, "t", &item_shape},
    {"absent", &type_texts, offsetof(All, absent), FIELD_LIST, "t", NULL},
    {"strings", &type_strings, offsetof(All, strings), 0, "t", NULL},
    {"assigned", &type_assigned, offsetof(All, assigned), 0, "t", NULL},
    {"yes", &type_bool, offsetof(All, yes), 0, "t", NULL},
    {"either", &type_either, offsetof(All, either), 0, "t", choices},
    {"by_default", &type_bool, offsetof(All, by_default), FIELD_DEFAULT_ON, "t", NULL},
    {"number", &type_number, offsetof(All, number), 0, "t", NULL},
    {"size", &type_size, offsetof(All, size), 0, "t", NULL},
    {"duration", &type_duration, offsetof(All, duration), 0, "t", NULL},
    {"date", &type_date, offsetof(All, date), 0, "t", NULL},
    {"version", &type_version, offsetof(All, version), 0, "t", NULL},
    {"choice", &type_choice, offsetof(All, choice), 0, "t", choices},
    {"inner", &type_shape, offsetof(All, inner), 0, "t", &inner_shape},
    {"tree", &type_tree, offsetof(All, tree), 0, "t", NULL},
};
static const Shape all_shape = {
    .name = "all", .title = "`all:`", .size = sizeof(All), .fields = all_fields,
    .count = G_N_ELEMENTS(all_fields), .at_offset = offsetof(All, at),
    .more = &more_shape, .more_offset = offsetof(All, more),
};
/* clang-format on */

static const char everything[] = "text: 3.10\n"
                                 "value: no\n"
                                 "texts: one\n"
                                 "argv: [a, b c]\n"
                                 "pairs: {B: 1, A: }\n"
                                 "items: [x, {name: y, on: true}]\n"
                                 "named: {p: 1 kB, q: {size: 2 kB}}\n"
                                 "strings: [s, t]\n"
                                 "assigned: {K: v}\n"
                                 "yes: true\n"
                                 "either: two\n"
                                 "number: 7\n"
                                 "size: 1 KiB\n"
                                 "duration: 1m\n"
                                 "date: 2025-06-30\n"
                                 "version: 2.6.0+cu124\n"
                                 "choice: three\n"
                                 "inner: z\n"
                                 "tree: {a: [1]}\n"
                                 "extra: two\n";

#define TEXT_OF(array, i) (((Text *)(array)->pdata[i])->text)

TEST(every_type)
{
    g_autoptr(NodeArena) arena = node_arena_new();
    g_autoptr(Diags) diags = diags_new();
    g_autoptr(Source) source = source_new("x.yaml", everything, strlen(everything));
    Decoder decoder = {diags, arena, NULL, NULL};
    All *all = g_new0(All, 1);
    bool ok = shape_decode(&decoder, &all_shape, yaml_parse(arena, source, diags), all);
    g_autofree char *found = diags_format(diags, false);
    assert_text(NULL, "", found);
    g_assert_true(ok);
    g_assert_cmpstr(all->text, ==, "3.10");
    g_assert_cmpstr(all->value.text, ==, "no");
    g_assert_cmpuint(all->value.at.line, ==, 2);
    g_assert_cmpstr(TEXT_OF(all->texts, 0), ==, "one");
    g_assert_cmpstr(TEXT_OF(all->argv, 1), ==, "b c");
    g_assert_cmpstr(((Pair *)all->pairs->pdata[0])->key, ==, "B");
    g_assert_cmpstr(((Pair *)all->pairs->pdata[1])->value, ==, "");
    g_assert_cmpstr(((Inner *)all->items->pdata[0])->name, ==, "x");
    g_assert_true(((Inner *)all->items->pdata[1])->on);
    g_assert_cmpstr(((Item *)all->named->pdata[1])->id, ==, "q");
    g_assert_cmpuint(((Item *)all->named->pdata[1])->size, ==, 2000);
    g_assert_cmpuint(all->absent->len, ==, 0);
    g_assert_cmpstr(all->strings[1], ==, "t");
    g_assert_cmpstr(all->assigned[0], ==, "K=v");
    g_assert_true(all->yes && all->either && all->by_default);
    g_assert_cmpuint(all->number + all->size + all->duration, ==, 7 + 1024 + 60000);
    g_assert_cmpstr(all->date.text, ==, "2025-06-30");
    g_assert_cmpstr(all->version.text, ==, "2.6.0+cu124");
    g_assert_cmpint(all->choice, ==, 2);
    g_assert_cmpstr(all->inner->name, ==, "z");
    g_assert_cmpstr(node_find(all->tree, "a")->items[0]->text, ==, "1");
    g_assert_cmpint(all->more->extra, ==, 1);
    shape_free(&all_shape, all);
}

/* A hostile file can't fill the memory with reports. */
TEST(mistakes_are_bounded)
{
    g_autoptr(GString) text = g_string_new(NULL);
    for (unsigned i = 0; i < 5000; i++)
        g_string_append_printf(text, "k%u: 1\n", i);
    g_autoptr(NodeArena) arena = node_arena_new();
    g_autoptr(Diags) diags = diags_new();
    g_autoptr(Source) source = source_new("x.yaml", text->str, text->len);
    Decoder decoder = {diags, arena, NULL, NULL};
    Inner inner = {NULL, false};
    g_assert_false(shape_decode(&decoder, &inner_shape, yaml_parse(arena, source, diags), &inner));
    g_assert_cmpuint(diags_errors(diags), ==, 200);
    shape_clear(&inner_shape, &inner);
}

TEST(documents)
{
    g_autofree char *schema = shape_schema_json(&all_shape, "all");
    g_autofree char *manual = shape_manual_scdoc(&all_shape);
    g_assert_nonnull(strstr(schema, "\"$ref\": \"#/$defs/all\""));
    g_assert_nonnull(strstr(schema, "\"inner\": {"));
    g_assert_nonnull(strstr(schema, "\"extra\""));
    g_assert_nonnull(strstr(manual, "*by\\_default* (true or false)\n\tt.\n"));
    g_assert_nonnull(strstr(manual, "*choice* (choice: one, two, three)"));
    g_assert_nonnull(strstr(manual, "*name* (text, required)\n\tA name.\n"));
}
