#include "test.h"
#include "wheel_builder.h"

#define INFO "demo-1.0.dist-info/"
#define PREFIX "the wheel demo-1.0-py3-none-any.whl can't be used: "

TEST(good_wheels_are_read)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(WheelArchive) wheel = wheel_open_text(
        "demo-1.0-py3-none-any.whl",
        "demo/__init__.py - x = 1\n"
        "demo/ 40755\n" INFO "entry_points.txt - [console_scripts]\\nrun = demo:main\n" INFO
        "WHEEL - wheel-version: 1.9\\r\\nWheel-Version: 7\\nroot-is-purelib: TRUE\\n\n" INFO
        "RECORD - demo/__init__.py,sha256=ttgYwYHQcxa0HyyqSCFjBCmxWyhE8VwpHJNfbNtMvTI,5\\r\\n",
        &error);
    assert_no_error(g_steal_pointer(&error));
    assert_text(NULL, "Demo", wheel->name);
    assert_text(NULL, "1.0", wheel->version);
    assert_text(NULL, "demo-1.0.dist-info", wheel->dist_info);
    assert_text(NULL, "demo-1.0.data", wheel->data_dir);
    g_assert_true(wheel->root_is_purelib);
    g_assert_cmpuint(wheel->record->len, ==, 1);
    g_assert_cmpuint(wheel->entry_points->len, ==, 1);
    const EntryPoint *entry = wheel->entry_points->pdata[0];
    assert_text(NULL, "main", entry->attribute);
}

typedef struct {
    const char *name, *members, *message;
} Refused;

static const Refused refused[] = {
    {"absolute", "/etc/passwd - x", "its member '/etc/passwd' has an absolute name"},
    {"parent", "a/../../b - x", "its member 'a/../../b' has '..' in its name"},
    {"inner parent", "a/../b - x", "its member 'a/../b' has '..' in its name"},
    {"last parent", "a/.. - x", "its member 'a/..' has '..' in its name"},
    {"dot", "./b - x", "its member './b' has a name that is not in its plain form"},
    {"double slash", "a//b - x", "its member 'a//b' has a name that is not in its plain form"},
    {"root", "/ 40755", "its member '/' has an absolute name"},
    {"backslash", "a\\\\b - x",
     "its member 'a\\\\b' has a backslash or a control character in its name"},
    {"line end", "a\\nb - x",
     "its member 'a\\nb' has a backslash or a control character in its name"},
    {"whiteout", "demo/.wh.x - x",
     "its member 'demo/.wh.x' has a name that image layers give another meaning"},
    {"twice", "demo/a - x\ndemo/a - y", "its member 'demo/a' is there twice"},
    {"below a file", "demo - x\ndemo/a - y",
     "its member 'demo/a' lies below a path that is a file"},
    {"folder over a file", "a/b - x\na/b/ 40755",
     "its member 'a/b/' lies below a path that is a file"},
    {"second dist-info", "other-1.dist-info/METADATA - x",
     "its member 'demo-1.0.dist-info/METADATA' makes a second .dist-info folder"},
    {"wheel version", INFO "WHEEL - Wheel-Version: 2.0\\n", "its Wheel-Version 2.0 is not known"},
    {"no wheel version", INFO "WHEEL - Generator: x\\n", "its WHEEL has no Wheel-Version"},
    {"other name", INFO "METADATA - Name: other\\nVersion: 1.0\\n",
     "its METADATA says it is other 1.0"},
    {"other version", INFO "METADATA - Name: demo\\nVersion: 1.1\\n",
     "its METADATA says it is demo 1.1"},
    {"headers in the body", INFO "METADATA - Name: demo\\n\\nVersion: 1.0\\n",
     "its METADATA has no valid Name and Version"},
    {"no UTF-8", INFO "METADATA - Name: demo\\nVersion: \\377\\n",
     "its METADATA holds a NUL or is no UTF-8"},
    {"record", INFO "RECORD - \"a\\n", "RECORD: row 1: a quoted field does not end"},
    {"entry point", INFO "entry_points.txt - [console_scripts]\\nrun = demo\\n",
     "entry_points.txt: the entry point 'run' names no callable, MODULE:FUNCTION"},
};

TEST(bad_wheels_are_refused)
{
    for (size_t i = 0; i < G_N_ELEMENTS(refused); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(WheelArchive) wheel =
            wheel_open_text("demo-1.0-py3-none-any.whl", refused[i].members, &error);
        g_autofree char *expected = g_strconcat(PREFIX, refused[i].message, NULL);
        assert_text(refused[i].name, expected, error ? error->message : "(taken)");
        g_assert_true(g_error_matches(error, ERROR_DOMAIN, ERROR_INPUT));
        g_assert_null(wheel);
    }
}

TEST(file_names_are_checked)
{
    static const struct {
        const char *filename, *message;
    } rows[] = {
        {"other-1.0-py3-none-any.whl",
         "its folder demo-1.0.dist-info does not begin with the name of the file"},
        {"demo-1.0.whl", NULL},
        {"demo-2.0-py3-none-any.whl", "its METADATA says it is Demo 1.0"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(GError) error = NULL;
        g_assert_null(wheel_open_text(rows[i].filename, "", &error));
        if (!rows[i].message)
            continue;
        g_autofree char *expected =
            g_strdup_printf("the wheel %s can't be used: %s", rows[i].filename, rows[i].message);
        assert_text(NULL, expected, error->message);
    }
}

static const struct {
    const char *text, *expected;
} entry_rows[] = {
    {"", ""},
    {"[console_scripts]\nrun = pkg.cli:app.run\n", "run pkg.cli app.run\n"},
    {"[gui_scripts]\nw=m:f\n[console_scripts]\na=m:f", "a m f\nw m f gui\n"},
    {"\n# comment\n[console_scripts] \n  a = m:f [x, y]  \n", "a m f\n"},
    {"[console_scripts]\na=m:f[x-y=1]", "a m f\n"},
    {"[console_scripts]\na=m:f # rest", "a m f\n"},
    {"[console_scripts]\r\na=m:f\r\nb=m:g\r\n", "a m f\nb m g\n"},
    {"[console_scripts]\na=m:f\nb=m:f\na=m:g\n", "a m g\nb m f\n"},
    {"[console_scripts]\ncafé=münze:größe\n", "café münze größe\n"},
    {"[console_scripts]\n.x=m:f\n", ".x m f\n"},
    {"stray\n[other]\nanything = goes here: yes\n", ""},
    {"[other]\nno delimiter\n", "the line 'no delimiter' has no '='"},
    {"[console_scripts]\na = m", "the entry point 'a' names no callable, MODULE:FUNCTION"},
    {"[console_scripts]\na = m : f", "the entry point 'a' names no callable, MODULE:FUNCTION"},
    {"[console_scripts]\na = m:f:g", "the entry point 'a' names no callable, MODULE:FUNCTION"},
    {"[console_scripts]\na = :f", "the entry point 'a' names no callable, MODULE:FUNCTION"},
    {"[console_scripts]\na =", "the entry point 'a' names no callable, MODULE:FUNCTION"},
    {"[console_scripts]\na = m:f [a b]", "the entry point 'a' has brackets that hold no extras"},
    {"[console_scripts]\na = m:f [", "the entry point 'a' has brackets that hold no extras"},
    {"[console_scripts]\na/b = m:f", "the entry point 'a/b' has a name that no script can have"},
    {"[console_scripts]\n.. = m:f", "the entry point '..' has a name that no script can have"},
    {"[console_scripts]\n= m:f", "the entry point '' has a name that no script can have"},
    {"[console_scripts]\na b = m:f", "the entry point 'a b' has a space in its name"},
};

TEST(entry_points_are_as_pip_reads_them)
{
    for (size_t i = 0; i < G_N_ELEMENTS(entry_rows); i++) {
        const char *text = entry_rows[i].text;
        g_autoptr(GError) error = NULL;
        g_autoptr(GPtrArray) entries = entry_points_parse(text, strlen(text), &error);
        g_autoptr(GString) out = g_string_new(error ? error->message : NULL);
        for (guint k = 0; entries && k < entries->len; k++) {
            const EntryPoint *entry = entries->pdata[k];
            g_string_append_printf(out, "%s %s %s%s\n", entry->name, entry->module,
                                   entry->attribute, entry->gui ? " gui" : "");
        }
        assert_text(text, entry_rows[i].expected, out->str);
    }
}
