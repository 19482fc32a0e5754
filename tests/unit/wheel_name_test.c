#include "python/wheel_name.h"
#include "test.h"

TEST(wheel_names)
{
    static const char *const rows[][2] = {
        {"Foo_Bar-1.0-py2.py3-none-any.whl", "foo-bar 1.0 '' py2-none-any py3-none-any"},
        {"a-1.0+cu124-010b-CP39-abi3-linux_x86_64.whl", "a 1.0+cu124 '10b' cp39-abi3-linux_x86_64"},
        {"a-1.0-py3.py3-none-any.whl", "a 1.0 '' py3-none-any"},
        {"a-1.0-py3-none-any.zip", NULL},
        {"a-1.0-none-any.whl", NULL},
        {"a-b-c-1.0-py3-none-any.whl", NULL},
        {"a__b-1.0-py3-none-any.whl", NULL},
        {"-1.0-py3-none-any.whl", NULL},
        {"a-one-py3-none-any.whl", NULL},
        {"a-1.0-x1-py3-none-any.whl", NULL},
        {"a-1.0-3py-none-any.whl", NULL},
        {"a-1.0-py3--any.whl", NULL},
        {"a-1.0-py3.-none-any.whl", NULL},
        {"a-1.0-py3-\xff-any.whl", NULL},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(WheelName) wheel = wheel_name_parse(rows[i][0], &error);
        g_assert_true((wheel == NULL) == (error != NULL));
        g_autofree char *found = NULL;
        if (wheel != NULL) {
            g_auto(GStrv) tags = wheel_name_tags(wheel);
            g_autofree char *joined = g_strjoinv(" ", tags);
            found = g_strdup_printf("%s %s '%s' %s", wheel->name, version_text(wheel->version),
                                    wheel->build, joined);
        }
        assert_text(rows[i][0], rows[i][1], found);
    }
}

TEST(wheel_name_parts)
{
    static const struct {
        const char *filename, *canonical;
        const char *expected; /* NULL: not split */
        bool owned;
    } rows[] = {
        {"foo-1.0-py3-none-any.whl", "foo", "foo 1.0 py3-none-any.whl", true},
        {"Foo.Bar_x-1.0+cu1-py3-none-a_b.whl", "foo-bar-x", "Foo.Bar_x 1.0+cu1 py3-none-a_b.whl",
         true},
        {"foo_.bar-1-a-b-c.whl", "foo-bar", "foo_.bar 1 a-b-c.whl", true},
        {"foo__bar-1-a-b-c.whl", "foo-bar", "foo__bar 1 a-b-c.whl", false},
        {"foo bar-1-a-b-c.whl", "foo-bar", "foo bar 1 a-b-c.whl", false},
        {"foo-1-a-b-c.whl", "foo-bar", "foo 1 a-b-c.whl", false},
        {"foo_bar-1-a-b-c.whl", "foo", "foo_bar 1 a-b-c.whl", false},
        {"-1-a-b-c.whl", "", " 1 a-b-c.whl", false},
        {"foo-1-1-a-b-c.whl", "foo", NULL, false},
        {"foo-1-b-c.whl", "foo", NULL, false},
        {"foo-1-a-b-c.zip", "foo", NULL, false},
        {"f\xc3\xb6-1-a-b-c.whl", "foo", NULL, false},
        {"a-1-a-b-longer\xc3\xb6.whl", "a", NULL, false},
        {"", "", NULL, false},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        WheelParts parts;
        const char *name = rows[i].filename;
        bool split = wheel_name_split(name, strlen(name), &parts);
        g_autofree char *found =
            split ? g_strdup_printf("%.*s %.*s %s", (int)parts.name_length, name,
                                    (int)parts.version_length, parts.version, parts.tags)
                  : NULL;
        assert_text(name, rows[i].expected, found);
        bool owned = split && wheel_name_is_of(name, parts.name_length, rows[i].canonical);
        g_assert_cmpint(owned, ==, rows[i].owned);
    }
}

TEST(build_order)
{
    static const char *const rows[] = {"", "2", "10", "10a", "10b", "11"};
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
        for (size_t j = 0; j < G_N_ELEMENTS(rows); j++) {
            WheelName a = {.build = (char *)rows[i]}, b = {.build = (char *)rows[j]};
            g_assert_cmpint(wheel_name_compare_build(&a, &b), ==, (i > j) - (i < j));
        }
}

TEST(sdist_names)
{
    static const char *const rows[][3] = {
        {"foo-1.0.tar.gz", "foo", "1.0"},
        {"foo__bar-1.0.zip", "foo-bar", "1.0"},
        {"foo-bar-1.0-1.tar.bz2", "foo-bar", "1.0.post1"},
        {"Foo.Bar-2.tgz", "foo-bar", "2"},
        {"foo-bar-1.0.tar.gz", "foo", NULL},
        {"foobar-1.0.tar.gz", "foo", NULL},
        {"foo-.tar.gz", "foo", NULL},
        {"foo-latest.tar.gz", "foo", NULL},
        {"foo-1.0.rpm", "foo", NULL},
        {"foo-1.0-py3.zip", "foo", NULL},
        {"foo-1.0-py3.1.zip", "foo", NULL},
        {"foo-1.0-py.zip", "foo", NULL},
        {"foo-bar.tar.gz", "foo-bar", NULL},
        {"foo-1.0.macosx10.zip", "foo", NULL},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(Version) version = sdist_version(rows[i][0], rows[i][1]);
        assert_text(rows[i][0], rows[i][2], version == NULL ? NULL : version_text(version));
    }
    g_assert_true(sdist_has_extension("x.tar.xz"));
    g_assert_false(sdist_has_extension("x.TAR.GZ"));
    g_assert_false(sdist_has_extension("x-1-py3-none-any.whl"));
}
