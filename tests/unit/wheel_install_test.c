#include "test.h"
#include "wheel_builder.h"

#include "plan/wheel_script.h"

#define INFO "demo-1.0.dist-info/"
#define SITE "/usr/local/lib/python3.11/site-packages/"

static const InstallTarget docker = {
    .scheme = SCHEME_POSIX,
    .prefix = "/usr/local",
    .purelib = "/usr/local/lib/python3.11/site-packages",
    .platlib = "/usr/local/lib64/python3.11/site-packages",
    .scripts = "/usr/local/bin",
    .headers = "/usr/local/include/python3.11",
    .data = "/usr/local",
    .python = "/usr/local/bin/python3.11",
    .cache_tag = "cpython-311",
    .python_major = 3,
    .python_minor = 11,
};

static WheelArchive *open_demo(const char *text)
{
    GError *error = NULL;
    WheelArchive *wheel = wheel_open_text("demo-1.0-py3-none-any.whl", text, &error);
    assert_no_error(error);
    return wheel;
}

TEST(wrappers_by_version_of_pip)
{
    static const char oldest[] = "#!/usr/local/bin/python3.11\n"
                                 "# -*- coding: utf-8 -*-\n"
                                 "import re\n"
                                 "import sys\n"
                                 "from pkg.cli import app\n"
                                 "if __name__ == '__main__':\n"
                                 "    sys.argv[0] = re.sub(r'(-script\\.pyw|\\.exe)?$', '', "
                                 "sys.argv[0])\n"
                                 "    sys.exit(app.run())\n";
    static const char middle[] = "#!/usr/local/bin/python3.11\n"
                                 "import sys\n"
                                 "from pkg.cli import app\n"
                                 "if __name__ == '__main__':\n"
                                 "    if sys.argv[0].endswith('.exe'):\n"
                                 "        sys.argv[0] = sys.argv[0][:-4]\n"
                                 "    sys.exit(app.run())\n";
    static const char newest[] = "#!/usr/local/bin/python3.11\n"
                                 "import sys\n"
                                 "from pkg.cli import app\n"
                                 "if __name__ == '__main__':\n"
                                 "    sys.argv[0] = sys.argv[0].removesuffix('.exe')\n"
                                 "    sys.exit(app.run())\n";
    static const struct {
        const char *version, *expected;
    } rows[] = {
        {"9.0.1", oldest},  {"20.3.4", oldest}, {"23.0.1", oldest}, {"24.0", oldest},
        {"25.1.1", oldest}, {"25.2", middle},   {"25.3", middle},   {"26.0", newest},
        {"26.3", newest},   {"27", newest},     {NULL, newest},
    };
    const EntryPoint entry = {(char *)"run", (char *)"pkg.cli", (char *)"app.run", false};
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        InstallTarget target = docker;
        target.pip_version = rows[i].version;
        g_autofree char *text = wrapper_text(&entry, &target);
        assert_text(rows[i].version, rows[i].expected, text);
    }
}

TEST(first_lines)
{
    g_autofree char *hundred = g_strnfill(124, 'x');
    g_autofree char *fits = g_strndup(hundred, 124), *too_long = g_strconcat(hundred, "x", NULL);
    g_autofree char *fits_line = g_strconcat("#!", fits, "\n", NULL);
    g_autofree char *long_line =
        g_strconcat("#!/bin/sh\n'''exec' ", too_long, " \"$0\" \"$@\"\n' '''\n", NULL);
    const struct {
        const char *python, *line;
    } rows[] = {
        {"/usr/bin/python3", "#!/usr/bin/python3\n"},
        {"/my venv/bin/python3",
         "#!/bin/sh\n'''exec' \"/my venv/bin/python3\" \"$0\" \"$@\"\n' '''\n"},
        {fits, fits_line},
        {too_long, long_line},
    };
    const EntryPoint entry = {(char *)"run", (char *)"m", (char *)"f", false};
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        InstallTarget target = docker;
        target.python = rows[i].python;
        g_autofree char *text = wrapper_text(&entry, &target);
        char *body = strstr(text, "import sys");
        g_assert_nonnull(body);
        *body = '\0';
        assert_text(NULL, rows[i].line, text);
    }
}

TEST(scripts_get_the_interpreter)
{
    static const struct {
        const char *before, *after;
    } rows[] = {
        {"#!python\nx", "#!/usr/local/bin/python3.11\nx"},
        {"#!pythonw -x\r\ny\n", "#!/usr/local/bin/python3.11\ny\n"},
        {"#!python", "#!/usr/local/bin/python3.11\n"},
        {"#!/usr/bin/env python\n", NULL},
        {" #!python\n", NULL},
        {"#!pytho", NULL},
        {"", NULL},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        size_t length = strlen(rows[i].before);
        g_assert_cmpint(script_is_rewritten(rows[i].before, length), ==, rows[i].after != NULL);
        if (!rows[i].after)
            continue;
        g_autoptr(GBytes) before = g_bytes_new(rows[i].before, length);
        g_autoptr(GBytes) after = script_rewrite(before, &docker);
        g_autofree char *text = g_strndup(g_bytes_get_data(after, NULL), g_bytes_get_size(after));
        assert_text(rows[i].before, rows[i].after, text);
    }
}

TEST(wrappers_of_pip_are_for_the_target)
{
    static const struct {
        const char *entries, *names;
    } rows[] = {
        {"run = m:f\\nzz = m:f\\n", "run zz"},
        {"run = m:f\\npip3.9 = m:f\\npip = m:f\\npip3 = m:f\\npipx = m:f\\n",
         "pip pip3 pip3.11 run pipx"},
        {"pip3.9 = m:f\\n", "pip3.9"},
        {"easy_install-2.7 = m:f\\neasy_install = m:f\\neasy_install-x = m:f\\n",
         "easy_install easy_install-3.11 easy_install-x"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *text = g_strconcat(INFO "entry_points.txt - [console_scripts]\\n",
                                            rows[i].entries, "[gui_scripts]\\nw=m:f\\n", NULL);
        g_autoptr(WheelArchive) wheel = open_demo(text);
        g_autoptr(GPtrArray) entries = wrapper_entries(wheel, &docker);
        g_autoptr(GString) names = g_string_new(NULL);
        for (guint k = 0; k < entries->len; k++)
            g_string_append_printf(names, "%s ", ((EntryPoint *)entries->pdata[k])->name);
        g_autofree char *expected = g_strconcat(rows[i].names, " w ", NULL);
        assert_text(rows[i].entries, expected, names->str);
    }
}

static const struct {
    const char *member, *path, *message;
} places[] = {
    {"demo/x.py", "/usr/local/lib/python3.11/site-packages/demo/x.py", NULL},
    {"demo/", NULL, NULL},
    {INFO "METADATA", "/usr/local/lib/python3.11/site-packages/" INFO "METADATA", NULL},
    {INFO "RECORD", NULL, NULL},
    {INFO "RECORD.jws", "/usr/local/lib/python3.11/site-packages/" INFO "RECORD.jws", NULL},
    {"demo-1.0.data/purelib/a/b", "/usr/local/lib/python3.11/site-packages/a/b", NULL},
    {"demo-1.0.data/platlib/a", "/usr/local/lib64/python3.11/site-packages/a", NULL},
    {"demo-1.0.data/headers/sub/h.h", "/usr/local/include/python3.11/My.Demo/sub/h.h", NULL},
    {"demo-1.0.data/data/share/x", "/usr/local/share/x", NULL},
    {"other.data/data/share/x", "/usr/local/share/x", NULL},
    {".data/data/x", "/usr/local/x", NULL},
    {"x/demo.data/data/x", "/usr/local/lib/python3.11/site-packages/x/demo.data/data/x", NULL},
    {"demo-1.0.data/scripts/tool", "/usr/local/bin/tool", NULL},
    {"demo-1.0.data/scripts/run", NULL, NULL},
    {"demo-1.0.data/scripts/run.EXE", NULL, NULL},
    {"demo-1.0.data/scripts/run-script.py", NULL, NULL},
    {"demo-1.0.data/scripts/run.pya", NULL, NULL},
    {"demo-1.0.data/scripts/run.py", "/usr/local/bin/run.py", NULL},
    {"demo-1.0.data/scripts/sub/win", NULL, NULL},
    {"demo-1.0.data/data", NULL, "lies in no folder of a scheme key (NAME.data/KEY/PATH)"},
    {"demo-1.0.data/lib/x", NULL,
     "has an unknown scheme key (known: data, headers, platlib, purelib, scripts)"},
};

TEST(members_have_their_place)
{
    g_autoptr(WheelArchive) wheel = open_demo(
        INFO "entry_points.txt - [console_scripts]\\nrun=m:f\\n[gui_scripts]\\nwin=m:f\\n");
    for (size_t i = 0; i < G_N_ELEMENTS(places); i++) {
        g_autofree char *path = NULL;
        g_autoptr(GError) error = NULL;
        g_autofree char *expected =
            places[i].message
                ? g_strdup_printf("the wheel demo-1.0-py3-none-any.whl: its member '%s' %s",
                                  places[i].member, places[i].message)
                : g_strdup(places[i].path ? places[i].path : "(nowhere)");
        gboolean ok = wheel_member_path(wheel, &docker, "My.Demo", places[i].member, &path, &error);
        assert_text(places[i].member, expected, !ok ? error->message : path ? path : "(nowhere)");
    }
}

TEST(relative_paths)
{
    static const struct {
        const char *path, *folder, *expected;
    } rows[] = {
        {"/a/b/c", "/a/b", "c"},
        {"/a/bin/x", "/a/b", "../bin/x"},
        {"/bin/x", "/a/b/c", "../../../bin/x"},
        {"/a/x", "/", "a/x"},
        {"/usr/local/lib64/x", "/usr/local/lib", "../lib64/x"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *found = path_relative(rows[i].path, rows[i].folder);
        assert_text(rows[i].path, rows[i].expected, found);
    }
}

TEST(rows_of_records)
{
    g_autoptr(RecordWriter) writer = record_writer_new();
    g_autoptr(GBytes) empty = g_bytes_new(NULL, 0);
    record_writer_add(writer, "b", "sha256=x", "12");
    record_writer_add(writer, "b", "", "");
    record_writer_add(writer, "a,\"q\"", "", "");
    record_writer_add(writer, "ünï", "", "");
    record_writer_add(writer, "Z y", "", "");
    record_writer_add_bytes(writer, "e", empty);
    g_autoptr(GBytes) bytes = record_writer_finish(writer);
    g_autofree char *text = g_strndup(g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes));
    assert_text(NULL,
                "Z y,,\r\n"
                "\"a,\"\"q\"\"\",,\r\n"
                "b,,\r\n"
                "b,sha256=x,12\r\n"
                "e,sha256=47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU,0\r\n"
                "ünï,,\r\n",
                text);
}

static void print(MergedTree *tree, GString *out)
{
    const GPtrArray *entries = merged_tree_entries(tree);
    for (guint i = 0; i < entries->len; i++) {
        const TreeEntry *entry = entries->pdata[i];
        if (entry->kind != ENTRY_FOLDER)
            g_string_append_printf(out, "%s %o %s\n", entry->path, entry->mode,
                                   entry->layer == LAYER_OF_WHEEL ? "wheel" : "installer");
    }
}

static const char upgrade_old[] =
    "demo/__init__.py - a\n"
    "demo/old.py - b\n"
    "demo-1.0.data/scripts/tool 100755 #!python\\n\n"
    "top.py 100600 c\n" INFO "RECORD - demo/__init__.py,,\\ndemo/old.py,,\\ntop.py,,\\n"
    "demo-1.0.data/scripts/tool,sha256=47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU,0\\n" INFO
    "RECORD,,\\n\n" INFO "entry_points.txt - [console_scripts]\\nrun = demo:main\\n";

TEST(install_and_uninstall)
{
    g_autoptr(WheelArchive) wheel = open_demo(upgrade_old);
    g_autoptr(MergedTree) tree = merged_tree_new(NULL);
    g_autoptr(GString) out = g_string_new(NULL);
    g_autoptr(GError) error = NULL;
    WheelInstall install = {.wheel = wheel, .requested = true, .direct_url = "{}", .stage = 3};
    g_assert_true(wheel_install(tree, &docker, &install, &error));
    print(tree, out);
    const char *site = docker.purelib;
    g_autofree char *record = g_strconcat(site, "/" INFO "RECORD", NULL);
    g_autoptr(GBytes) bytes = merged_tree_read(tree, record, 10000);
    g_string_append_len(out, g_bytes_get_data(bytes, NULL), (gssize)g_bytes_get_size(bytes));
    static const char expected[] =
        "/usr/local/bin/run 755 installer\n"
        "/usr/local/bin/tool 755 installer\n" SITE INFO "INSTALLER 644 installer\n" SITE INFO
        "METADATA 644 wheel\n" SITE INFO "RECORD 644 installer\n" SITE INFO
        "REQUESTED 644 installer\n" SITE INFO "WHEEL 644 wheel\n" SITE INFO
        "direct_url.json 644 installer\n" SITE INFO "entry_points.txt 644 wheel\n" SITE
        "demo/__init__.py 644 wheel\n" SITE "demo/old.py 644 wheel\n" SITE "top.py 644 wheel\n";
    const char *rest = strstr(out->str, "../../../bin/run,");
    g_assert_nonnull(rest);
    g_autofree char *found = g_strndup(out->str, (gsize)(rest - out->str));
    assert_text(NULL, expected, found);
    static const char *const parts[] = {
        "../../../bin/tool,sha256=", ",28\r\n" INFO "INSTALLER,sha256=", INFO "METADATA,,\r\n",
        INFO "RECORD,,\r\n" INFO "REQUESTED,sha256=47DEQpj8", "demo/__init__.py,,\r\n"};
    for (size_t i = 0; i < G_N_ELEMENTS(parts); i++)
        g_assert_nonnull(strstr(rest, parts[i]));
    TreeEntry *stray =
        tree_entry_new("/usr/local/lib/python3.11/site-packages/demo/mine.txt", ENTRY_FILE, 0644);
    g_assert_true(merged_tree_put(tree, stray, NULL, &error));
    g_assert_true(wheel_uninstall(tree, &docker, site, "demo-1.0.dist-info", &error));
    g_string_truncate(out, 0);
    print(tree, out);
    assert_text(NULL, "/usr/local/lib/python3.11/site-packages/demo/mine.txt 644 wheel\n",
                out->str);
    g_assert_false(wheel_uninstall(tree, &docker, site, "demo-1.0.dist-info", &error));
    assert_text(
        NULL,
        "cannot uninstall /usr/local/lib/python3.11/site-packages/demo-1.0.dist-info: it has "
        "no RECORD, which says what its files are",
        error->message);
}
