#include "base/clock.h"
#include "base/diags.h"
#include "base/digest.h"
#include "base/io.h"
#include "base/names.h"
#include "base/sorted.h"
#include "test.h"

TEST(error_excerpt)
{
    const char *text = "version: 1\npyton: \"3.11\"\n";
    g_autoptr(Source) source = source_new("a.yaml", text, strlen(text));
    g_autoptr(GError) error = NULL;
    g_assert_false(
        error_set(&error, ERROR_INPUT, span_at(source, 2, 1, 5), "unknown field '%s'", "pyton"));
    error_add_note(error, span_at(source, 1, 1, 7), "language version 1 is declared here");
    error_set_hint(error, "did you mean 'python'?");
    g_autofree char *shown = error_format(error, "error", false);
    assert_text(NULL,
                "a.yaml:2:1: error: unknown field 'pyton'\n"
                "    2 | pyton: \"3.11\"\n"
                "      | ^~~~~\n"
                "      = a.yaml:1: language version 1 is declared here\n"
                "      = hint: did you mean 'python'?\n",
                shown);
    g_assert_cmpint(error_exit_status(error), ==, 1);
}

TEST(error_survives_its_source_and_copies)
{
    Source *source = source_new("a.yaml", "x: 1", 4);
    g_autoptr(GError) error = NULL;
    error_set(&error, ERROR_NETWORK, span_at(source, 1, 4, 1), "not found");
    source_unref(source);
    g_autoptr(GError) copy = g_error_copy(error);
    g_autoptr(GError) wrapped = NULL;
    error_wrap(&wrapped, g_steal_pointer(&copy), SPAN_NONE, "stage '%s'", "torch");
    g_autofree char *shown = error_format(wrapped, "error", false);
    assert_text(NULL, "a.yaml:1:4: error: stage 'torch': not found\n    1 | x: 1\n      |    ^\n",
                shown);
    g_assert_cmpint(error_exit_status(wrapped), ==, 2);
}

TEST(error_excerpt_of_hostile_line)
{
    const char *text = "\tkey\x01: \xff\xfe value";
    g_autoptr(Source) source = source_new("a.yaml", text, strlen(text));
    g_autoptr(GError) error = NULL;
    error_set(&error, ERROR_INPUT, span_at(source, 1, 2, 9999), "bad");
    g_autofree char *shown = error_format(error, "error", false);
    g_assert_true(g_utf8_validate(shown, -1, NULL));
    g_assert_null(strchr(shown, '\x01'));
}

TEST(diags_are_sorted_once_each_and_capped)
{
    g_autofree char *text = g_strnfill(100, '\n');
    g_autoptr(Source) source = source_new("r.yaml", text, 100);
    g_autoptr(Diags) diags = diags_new();
    for (unsigned line = 30; line > 0; line--) {
        diags_error(diags, span_at(source, line, 1, 1), "mistake");
        diags_error(diags, span_at(source, line, 1, 1), "mistake");
    }
    g_assert_cmpuint(diags_errors(diags), ==, 30);
    g_assert_cmpint(diags_exit_status(diags), ==, 1);
    g_autofree char *shown = diags_format(diags, false);
    g_assert_true(g_str_has_prefix(shown, "r.yaml:1:1: error: mistake\n"));
    g_assert_true(g_str_has_suffix(shown, "… and 10 more\n"));
}

TEST(names)
{
    static const char *const names[] = {"python", "platforms", "protect", "stages"};
    static const struct {
        const char *text, *nearest;
    } rows[] = {
        {"pyton", "python"}, {"stgaes", "stages"}, {"pyhton", "python"},
        {"zebra", NULL},     {"x", NULL},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
        assert_text(rows[i].text, rows[i].nearest,
                    names_nearest(rows[i].text, names, G_N_ELEMENTS(names)));
}

TEST(digests)
{
    g_autofree char *hex = digest_sha256("abc", 3);
    assert_text(NULL, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad", hex);
    g_assert_null(digest_new("crc32"));
    g_assert_true(digest_is_sha256_hex(hex));
    g_assert_false(digest_is_sha256_hex("BA"));
}

TEST(files_are_saved_whole)
{
    g_autofree char *dir = g_build_filename(g_get_tmp_dir(), "ramekin-io-XXXXXX", NULL);
    g_assert_nonnull(g_mkdtemp(dir));
    g_autofree char *path = g_build_filename(dir, "b", NULL);
    g_autofree char *other = g_build_filename(dir, "a", NULL);
    GError *error = NULL;
    g_assert_true(io_save(path, "text", 4, &error));
    assert_no_error(g_steal_pointer(&error));
    g_assert_true(io_save(other, "", 0, &error));
    g_autofree char *text = NULL;
    size_t length;
    g_assert_true(io_load(path, 4, &text, &length, &error));
    assert_text(NULL, "text", text);
    g_autofree char *without_length = NULL;
    g_assert_true(io_load(path, 4, &without_length, NULL, &error));
    assert_text(NULL, "text", without_length);
    g_autofree char *untouched = NULL;
    g_assert_false(io_load(path, 3, &untouched, &length, &error));
    g_assert_cmpint(error_exit_status(error), ==, 1);
    g_clear_error(&error);
    g_autoptr(GPtrArray) names = sorted_dir(dir, 10, &error);
    g_assert_cmpuint(names->len, ==, 2);
    assert_text(NULL, "a", names->pdata[0]);
    unlink(path);
    unlink(other);
    rmdir(dir);
}

TEST(dates)
{
    static const struct {
        const char *text;
        gint64 seconds; /* -1: no date */
    } rows[] = {
        {"1970-01-02", 86400},
        {"2024-06-01T12:00:00Z", 1717243200},
        {"2024-06-01T12:00:00.123456Z", 1717243200},
        {"2024-06-01T14:00:00+02:00", 1717243200},
        {"yesterday", -1},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        gint64 seconds = -1;
        clock_parse_date(rows[i].text, &seconds);
        g_assert_cmpint(seconds, ==, rows[i].seconds);
    }
}
