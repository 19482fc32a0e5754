#include "check/script_settings.h"
#include "test.h"

static char *describe(const char *text)
{
    g_autoptr(GPtrArray) found = script_settings_of("/app/handler.py", text, strlen(text));
    GString *out = g_string_new(NULL);
    for (guint i = 0; i < found->len; i++) {
        const ScriptSetting *setting = found->pdata[i];
        g_string_append_printf(out, "%u %s=%s%s\n", setting->line, setting->name,
                               setting->value ? setting->value : "?",
                               setting->fallback ? " fallback" : "");
    }
    return g_string_free(out, FALSE);
}

TEST(settings)
{
    static const struct {
        const char *text, *expected;
    } rows[] = {
        {"import os\nos.environ['A'] = '1'\n", "2 A=1\n"},
        {"from os import environ\nenviron[\"A\"] = \"1\" \"2\"\n", "2 A=12\n"},
        {"import os as system\nsystem.environ['A'] = str(126)\n", "2 A=?\n"},
        {"os.environ.setdefault('A', '1')\n", "1 A=1 fallback\n"},
        {"os.putenv('A', '1')\n", "1 A=1\n"},
        {"os.environ.update({'A': '1', **more, key: '2'}, B='2')\n", "1 A=1\n1 B=2\n"},
        {"def main():\n    if x:\n        try:\n            pass\n        except E:\n"
         "            os.environ['A'] = '1'\n        finally:\n            os.environ['B'] = '2'\n",
         "6 A=1\n8 B=2\n"},
        {"match x:\n    case 1:\n        os.environ['A'] = '1'\n", "3 A=1\n"},
        {"a = os.environ['A'] = '1'\n", "1 A=1\n"},
        /* what reads, or sets something else */
        {"x = os.environ['A']\nenvironment['A'] = '1'\nos.environ.get('A', '1')\n"
         "os.environ[name] = '1'\nself.setdefault('A', '1')\n",
         ""},
        {"# os.environ['A'] = '1'\nprint(\"os.environ['A'] = '1'\")\n", ""},
        {"os.environ['A'] = = '1'\n", ""},
        {"", ""},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *found = describe(rows[i].text);
        assert_text(rows[i].text, rows[i].expected, found);
    }
}

TEST(line)
{
    static const char text[] = "import os\n\n  \nif True:\n    os.environ['A'] = 'x'  # why";
    g_autoptr(GPtrArray) found = script_settings_of("/app/x.py", text, strlen(text));
    g_assert_cmpuint(found->len, ==, 1);
    const ScriptSetting *setting = found->pdata[0];
    assert_text(NULL, "os.environ['A'] = 'x'  # why", setting->text);
}
