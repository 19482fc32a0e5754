#include "test.h"
#include "text/json_scan.h"

static bool scan(const char *text, ScanValue *ret_value)
{
    return json_scan("page", text, strlen(text), ret_value, NULL);
}

TEST(reads_values)
{
    static const struct {
        const char *text;
        ScanKind kind;
        bool truth;
    } rows[] = {
        {"null", SCAN_NULL, false},
        {" true ", SCAN_TRUE, true},
        {"false\n", SCAN_FALSE, false},
        {"0", SCAN_NUMBER, false},
        {"-0.00e5", SCAN_NUMBER, false},
        {"1e-7", SCAN_NUMBER, true},
        {"-12.5E+3", SCAN_NUMBER, true},
        {"\"\"", SCAN_TEXT, false},
        {"\"x\"", SCAN_TEXT, true},
        {"[]", SCAN_LIST, false},
        {"[ ]", SCAN_LIST, false},
        {"[0]", SCAN_LIST, true},
        {"{}", SCAN_MAP, false},
        {"{\"a\" : [ {} , 1 ] }", SCAN_MAP, true},
        {"\xef\xbb\xbf[1]", SCAN_LIST, true},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        ScanValue value = {0};
        if (!scan(rows[i].text, &value))
            assert_text(rows[i].text, "a value", "none");
        g_assert_cmpint(value.kind, ==, rows[i].kind);
        g_assert_true(json_scan_is_true(&value) == rows[i].truth);
    }
}

TEST(refuses)
{
    static const char *const texts[] = {
        "",         " ",          "nul",         "tru",    "01",        "-",
        "1.",       ".5",         "1e",          "+1",     "NaN",       "'x'",
        "\"",       "\"\\x\"",    "\"\\u12g4\"", "\"\n\"", "[",         "]",
        "[1,]",     "[,1]",       "[1 2]",       "{",      "{1:2}",     "{\"a\"}",
        "{\"a\":}", "{\"a\":1,}", "{\"a\" 1}",   "[1}",    "{\"a\":1]", "1 2",
        "[] x",     "\"\\",       "\"\\u12",
    };
    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
        ScanValue value;
        g_autoptr(GError) error = NULL;
        if (json_scan("page", texts[i], strlen(texts[i]), &value, &error))
            assert_text(texts[i], "refused", "accepted");
        else
            g_assert_error(error, ERROR_DOMAIN, ERROR_INPUT);
    }
    g_autofree char *deep = g_strnfill(1000000, '[');
    ScanValue value;
    g_assert_false(scan(deep, &value));
}

TEST(decodes_texts)
{
    static const struct {
        const char *text, *expected;
    } rows[] = {
        {"\"plain\"", "plain"},
        {"\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "\"\\/\b\f\n\r\t"},
        {"\"\\u0041\\u00e9\\ud83d\\ude00!\"", "Aé😀!"},
        {"\"\\u0000\"", NULL},
        {"\"\\ud83d\"", NULL},
        {"\"\\ud83dx\\ude00\"", NULL},
        {"\"\\ude00\"", NULL},
        {"5", NULL},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        ScanValue value;
        g_autoptr(GString) out = g_string_new(NULL);
        g_assert_true(scan(rows[i].text, &value));
        bool ok = json_scan_text(&value, out);
        assert_text(rows[i].text, rows[i].expected, ok ? out->str : NULL);
    }
}

TEST(steps_through_containers)
{
    ScanValue map, key, value, item;
    const char *state = NULL, *inner = NULL;
    g_assert_true(scan(" { \"a\" : [ 1 , \"]\" ,{}] , \"b\":\"}\" , \"a\": null } ", &map));
    g_assert_true(json_scan_pair(&map, &state, &key, &value) && json_scan_is(&key, "a"));
    gint64 number = 0;
    g_assert_true(json_scan_item(&value, &inner, &item) && json_scan_integer(&item, &number));
    g_assert_cmpint(number, ==, 1);
    g_assert_true(json_scan_item(&value, &inner, &item) && json_scan_is(&item, "]"));
    g_assert_true(json_scan_item(&value, &inner, &item) && item.kind == SCAN_MAP);
    g_assert_false(json_scan_item(&value, &inner, &item));
    g_assert_true(json_scan_pair(&map, &state, &key, &value) && json_scan_is(&value, "}"));
    g_assert_true(json_scan_pair(&map, &state, &key, &value) && value.kind == SCAN_NULL);
    g_assert_false(json_scan_pair(&map, &state, &key, &value));
    state = NULL;
    g_assert_false(json_scan_item(&map, &state, &item));
}
