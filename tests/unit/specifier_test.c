#include "python/specifier.h"
#include "test.h"

static SpecifierSet *parse(const char *text)
{
    g_autoptr(GError) error = NULL;
    SpecifierSet *set = specifier_set_parse(text, &error);
    assert_no_error(g_steal_pointer(&error));
    return set;
}

static char *filter(const char *spec, const char *versions, Prereleases prereleases)
{
    g_autoptr(SpecifierSet) set = parse(spec);
    g_auto(GStrv) texts = g_strsplit(versions, " ", -1);
    g_autoptr(GPtrArray) parsed = g_ptr_array_new_with_free_func((GDestroyNotify)version_unref);
    for (size_t i = 0; texts[i] != NULL; i++)
        g_ptr_array_add(parsed, version_parse(texts[i], NULL));
    g_autoptr(GPtrArray) kept = specifier_set_filter(set, parsed, prereleases);
    GString *joined = g_string_new(NULL);
    for (guint i = 0; i < kept->len; i++)
        g_string_append_printf(joined, "%s%s", i > 0 ? " " : "", version_text(kept->pdata[i]));
    return g_string_free(joined, FALSE);
}

#define LOCALS "1.0 1.0+cpu 1.0+cu118 1.0+1 1.0.post1"

TEST(what_operators_match)
{
    static const char *const rows[][3] = {
        {">1.0", LOCALS, ""},
        {"!=1.0", LOCALS, "1.0.post1"},
        {"==1.0", LOCALS, "1.0 1.0+cpu 1.0+cu118 1.0+1"},
        {"==1.0+CPU", LOCALS, "1.0+cpu"},
        {"===1.0", LOCALS, "1.0"},
        {"<=1.0", LOCALS, "1.0 1.0+cpu 1.0+cu118 1.0+1"},
        {"<1.0.post1", LOCALS, "1.0 1.0+cpu 1.0+cu118 1.0+1"},
        {"==1.0.*", LOCALS, LOCALS},
        {"!=1.0.*", "0.9 1.0a1 1.0 1.0.5 1.1.dev0 1.1", "0.9 1.1"},
        {"~=1.4.5a4", "1.4.4 1.4.5a3 1.4.5a4 1.4.5 1.4.99 1.5.dev0 1.5", "1.4.5a4 1.4.5 1.4.99"},
        {"~=2.2", "2.1 2.2 2.99 3.0.dev0 3.0", "2.2 2.99"},
        {"~=9.9", "9.8 9.10 10.0", "9.10"},
        {">1.0.post1", "1.0.post1+a 1.0.post2 1.1", "1.0.post2 1.1"},
        {">1.0a1", "1.0a1 1.0a1.post1 1.0a2.dev0 1.0", "1.0a2.dev0 1.0"},
        {"<2.0", "2.0.dev1 2.0a1 1.9", "1.9"},
        {"<2.0rc2", "2.0rc1 1.9", "2.0rc1 1.9"},
        {"<0.dev0", "0.dev0 0", ""},
        {">=1,<2,!=1.5", "0.9 1.0 1.5 1.6 2.0", "1.0 1.6"},
        {">=1!0", "5 1!0", "1!0"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *found = filter(rows[i][0], rows[i][1], PRERELEASES_DEFAULT);
        assert_text(rows[i][0], rows[i][2], found);
    }
}

TEST(prereleases)
{
    static const struct {
        const char *spec;
        Prereleases prereleases;
        const char *versions, *expected;
    } rows[] = {
        {"", PRERELEASES_DEFAULT, "1.0a1 0.9 1.0", "0.9 1.0"},
        {"", PRERELEASES_DEFAULT, "1.0a1 1.0.dev1", "1.0a1 1.0.dev1"},
        {">=1.0", PRERELEASES_DEFAULT, "0.9 1.1a1", "1.1a1"},
        {">=1.0.dev0", PRERELEASES_DEFAULT, "1.0 1.1a1", "1.0 1.1a1"},
        {"!=1.0a1", PRERELEASES_DEFAULT, "1.0 1.1a1", "1.0"},
        {">=1.0", PRERELEASES_NO, "0.9 1.1a1", ""},
        {">=1.0", PRERELEASES_YES, "1.0 1.1a1", "1.0 1.1a1"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *found = filter(rows[i].spec, rows[i].versions, rows[i].prereleases);
        assert_text(rows[i].spec, rows[i].expected, found);
    }
}

TEST(printed_sets)
{
    static const char *const rows[][2] = {
        {"", ""},
        {" , ,", ""},
        {">= 1.0 ,<2", "<2,>=1.0"},
        {"==1.0,==1.0.0, ==1", "==1"},
        {"~=1.0,~=1.0.0", "~=1.0,~=1.0.0"},
        {"===Foo Bar", NULL},
        {"=== any-thing", "===any-thing"},
        {">=V1.0-ALPHA", ">=V1.0-ALPHA"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(SpecifierSet) set = specifier_set_parse(rows[i][0], NULL);
        assert_text(rows[i][0], rows[i][1], set == NULL ? NULL : specifier_set_text(set));
    }
}

TEST(refused_specifiers)
{
    static const char *const rows[][2] = {
        {"1.0", "it must begin with one of"},
        {">=1.*", "`.*` suffix can only be used with `==` or `!=` operators"},
        {"==1.0a1.*", "can only follow the numbers"},
        {">=1.0+cpu", "only == and != take a local version"},
        {"~=1", "at least two numbers"},
        {">=", "a version is missing"},
        {"==abc", "the operand is no version"},
        {">=1 2", "the operand is no version"},
        {"===a;b", "=== takes no blanks"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(GError) error = NULL;
        g_assert_null(specifier_set_parse(rows[i][0], &error));
        g_assert_error(error, ERROR_DOMAIN, ERROR_INPUT);
        if (strstr(error->message, rows[i][1]) == NULL)
            g_error("%s: %s", rows[i][0], error->message);
    }
}

TEST(sets_together)
{
    g_autoptr(SpecifierSet) a = parse(">=1.0,==1.2");
    g_autoptr(SpecifierSet) b = parse("<2,==1.2.0");
    g_autoptr(SpecifierSet) both = specifier_set_and(a, b);
    assert_text(NULL, "<2,==1.2,>=1.0", specifier_set_text(both));
    g_autofree const char **clauses = specifier_set_clauses(both);
    g_autofree char *all = g_strjoinv(" ", (char **)clauses);
    assert_text(NULL, "<2 ==1.2 ==1.2.0 >=1.0", all);
    g_autoptr(SpecifierSet) same = parse(">=1,<2.0,==1.2");
    g_assert_true(specifier_set_equal(both, same));
    g_autoptr(SpecifierSet) odd = parse("===lolwat");
    g_assert_true(specifier_set_contains_text(odd, "LOLWAT", PRERELEASES_NO));
    g_assert_false(specifier_set_contains_text(a, "lolwat", PRERELEASES_YES));
}
