#include "python/requirement.h"
#include "test.h"

TEST(printed_requirements)
{
    static const char *const rows[][2] = {
        {" foo ", "foo"},
        {"Foo.Bar [b, a,b] (>= 1.0 , <2)", "Foo.Bar[a,b]<2,>=1.0"},
        {"foo[]()", "foo"},
        {"u>=1,<2,", "u<2,>=1"},
        {"foo>=1;os_name=='nt'", "foo>=1; os_name == \"nt\""},
        {"foo @ https://example.org/a;b", "foo @ https://example.org/a;b"},
        {"foo@https://example.org/a ;os_name=='a'",
         "foo @ https://example.org/a ; os_name == \"a\""},
        {"foo===1,<2", "foo<2,===1"},
        {"foo_", "foo_"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(Requirement) parsed = requirement_parse(rows[i][0], &error);
        assert_no_error(g_steal_pointer(&error));
        g_autoptr(Requirement) requirement = requirement_copy(parsed);
        assert_text(rows[i][0], rows[i][1], requirement->text);
    }
}

TEST(refused_requirements)
{
    static const char *const rows[][2] = {
        {"", "expected the name of a project at character 1"},
        {"-r x", "expected the name of a project"},
        {"U..", "expected a version specifier, ';' or the end at character 2"},
        {"foo[a", "expected ',' or ']'"},
        {"foo[a,]", "expected the name of an extra after ','"},
        {"foo=1", "expected `==` instead of `=` at character 4"},
        {"foo>=1.*", "`.*` can only follow"},
        {"foo>=1+cpu", "a local version can only be used"},
        {"foo (>=1", "expected a version specifier, ',' or ')'"},
        {"foo @ ", "expected a URL after '@'"},
        {"foo @ a b", "expected ';' or the end after the URL"},
        {"foo>=1 bar", "expected ',', ';' or the end at character 8"},
        {"foo\n", "expected a version specifier"},
        {"foo; os_name", "expected one of"},
        {"foo===1,lol", "invalid specifier 'lol'"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(GError) error = NULL;
        g_assert_null(requirement_parse(rows[i][0], &error));
        g_assert_error(error, ERROR_DOMAIN, ERROR_INPUT);
        if (strstr(error->message, rows[i][1]) == NULL)
            g_error("%s: %s", rows[i][0], error->message);
    }
}

TEST(same_clauses)
{
    static const struct {
        const char *a, *b;
        bool expected;
    } rows[] = {
        {"triton==3.2.0; os_name == 'posix'", "Triton == 3.2", true},
        {"a>=1,<2", "a (<2.0,>=1.0)", true},
        {"a>=1", "a>=1,<2", false},
        {"a==1", "b==1", false},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(Requirement) a = requirement_parse(rows[i].a, NULL);
        g_autoptr(Requirement) b = requirement_parse(rows[i].b, NULL);
        g_assert_cmpint(requirement_same_clause(a, b), ==, rows[i].expected);
    }
}
