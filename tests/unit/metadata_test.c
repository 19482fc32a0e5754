#include "python/metadata.h"
#include "test.h"

static char *show(const char *text)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Metadata) metadata = metadata_parse(text, strlen(text), &error);
    if (metadata == NULL)
        return g_strdup_printf("error: %s", error->message);
    GString *shown = g_string_new(NULL);
    g_string_append_printf(shown, "%s %s", metadata->name, version_text(metadata->version));
    if (metadata->requires_python != NULL)
        g_string_append_printf(shown, " python %s%s", metadata->requires_python,
                               metadata->python == NULL ? " (invalid)" : "");
    for (guint i = 0; i < metadata->requires_dist->len; i++)
        g_string_append_printf(shown, " needs %s",
                               ((Requirement *)metadata->requires_dist->pdata[i])->text);
    for (char **extra = metadata->provides_extra; *extra != NULL; extra++)
        g_string_append_printf(shown, " extra %s", *extra);
    for (char **field = metadata->dynamic; *field != NULL; field++)
        g_string_append_printf(shown, " dynamic %s", *field);
    return g_string_free(shown, FALSE);
}

TEST(metadata)
{
    static const char *const rows[][2] = {
        {"Name: foo\nVersion: 1.0\n", "foo 1.0"},
        {"NAME:Foo\r\nversion:  1.0-1 \r\n\r\nName: body\r\n", "Foo 1.0.post1"},
        {"Name: a\nVersion: 1\nName: b\n", "a 1"},
        {"Name: a\nVersion: 1\nRequires-Dist: b (>=1.0)\nrequires-dist: c ; extra == 'x'\n"
         "Provides-Extra: x\nDynamic: Requires-Dist\n",
         "a 1 needs b>=1.0 needs c; extra == \"x\" extra x dynamic requires-dist"},
        {"Name: a\nVersion: 1\nSummary: x\n  Name: folded\n\tRequires-Dist: !\n", "a 1"},
        {"Name: a\nVersion: 1\nRequires-Dist:\n b>=1\n", "a 1 needs b>=1"},
        {"Name: a\nVersion: 1\nRequires-Python: >=3.8,\n  <4\n", "a 1 python >=3.8,\n  <4"},
        {"Name: a\nVersion: 1\nRequires-Python: three\n", "a 1 python three (invalid)"},
        {"Name: a\nVersion: 1\nno header\nRequires-Dist: b\n", "a 1"},
        {"Version: 1\n", "error: the field Name is missing"},
        {"Name: -\nVersion: 1\n", "error: the field Name is no project name"},
        {"Name: a\n", "error: the field Version is missing"},
        {"Name: a\nVersion: one\n", "error: invalid version: 'one'"},
        {"Name: \xff\n", "error: the field name is no valid text"},
        {"", "error: the field Name is missing"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *found = show(rows[i][0]);
        assert_text(rows[i][0], rows[i][1], found);
    }
}

TEST(invalid_requirement_refuses_the_version)
{
    g_autofree char *found = show("Name: a\nVersion: 1\nRequires-Dist: b>=x\n");
    g_assert_true(g_str_has_prefix(found, "error: invalid requirement 'b>=x'"));
}

TEST(extras_compare_canonically)
{
    const char *text = "Name: a\nVersion: 1\nProvides-Extra: Foo_Bar\n";
    g_autoptr(Metadata) metadata = metadata_parse(text, strlen(text), NULL);
    g_assert_true(metadata_has_extra(metadata, "foo-bar"));
    g_assert_false(metadata_has_extra(metadata, "foo"));
}
