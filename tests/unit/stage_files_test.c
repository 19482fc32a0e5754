/* `files:`, `remove:`, `user:` and `workdir:` over a base that is a folder. Rows: a recipe's keys,
 * and what the tree then has: "KIND MODE UID:GID PATH[ -> TARGET][ = CONTENT]", "gone PATH". */
#include "plan/stage_files_tree.h"

#include "base/io.h"
#include "recipe/config.h"
#include "test.h"

#include <glib/gstdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define HEAD "version: 1\nname: svc\nbase: example.org/py:3.11\npython: 3.11\nlibc: glibc 2.36\n"

static char *folder; /* of this program: base/ and context/ */

static void save(const char *path, const char *text, unsigned mode)
{
    g_autofree char *full = g_build_filename(folder, path, NULL);
    g_autofree char *parent = g_path_get_dirname(full);
    GError *error = NULL;
    io_make_dirs(parent, &error);
    assert_no_error(error);
    io_save(full, text, strlen(text), &error);
    assert_no_error(error);
    g_assert_cmpint(g_chmod(full, (int)mode), ==, 0);
}

static void link_at(const char *path, const char *target)
{
    g_autofree char *full = g_build_filename(folder, path, NULL);
    g_assert_cmpint(symlink(target, full), ==, 0);
}

static void make_folders(void)
{
    folder = g_dir_make_tmp("stage-files-XXXXXX", NULL);
    save("base/etc/passwd", "root:x:0:0:root:/root:/bin/bash\nwww:x:33:34::/:/bin/sh\n", 0644);
    save("base/etc/group", "root:x:0:\nstaff:x:50:\nwww:x:34:\n", 0644);
    save("base/etc/shadow", "root:*:1:0:99999:7:::\n", 0640);
    save("base/etc/login.defs", "# HOME_MODE 0700\nUMASK\t\t027\nHOME_MODE\t0750\n", 0644);
    save("base/etc/skel/.profile", "# profile\n", 0644);
    save("base/etc/motd", "Welcome\n", 0640);
    save("base/opt/app/old.py", "old\n", 0644);
    save("base/opt/app/.keep", "", 0644);
    save("base/usr/lib/x", "x\n", 0644);
    link_at("base/lib", "usr/lib");
    link_at("base/etc/link", "motd");
    save("context/.dockerignore", "**/*.pyc\nsecret\n!sub/keep.pyc\n", 0644);
    save("context/main.py", "main\n", 0600);
    save("context/run.sh", "one\r\ntwo\r", 0755);
    save("context/app/a.py", "a\n", 0644);
    save("context/app/a.pyc", "compiled", 0644);
    save("context/app/sub/b.py", "b\n", 0700);
    save("context/app/sub/test_b.py", "t\n", 0644);
    save("context/sub/keep.pyc", "k\n", 0644);
    save("context/sub/gone.pyc", "g\n", 0644);
    save("context/secret", "s\n", 0644);
    link_at("context/app/link", "/anywhere");
    link_at("context/main-link", "main.py");
    link_at("context/app-link", "app");
    link_at("context/out", "../base");
    link_at("context/loop", "loop");
    g_autofree char *fifo = g_build_filename(folder, "context/pipes/p", NULL);
    g_autofree char *pipes = g_path_get_dirname(fifo);
    g_assert_cmpint(g_mkdir(pipes, 0755), ==, 0);
    g_assert_cmpint(mkfifo(fifo, 0644), ==, 0);
}

static Recipe *load(const char *text, RecipeFile **ret_file)
{
    g_autofree char *whole = g_strconcat(HEAD, text, NULL);
    g_autofree char *path = g_build_filename(folder, "context", "ramekin.yaml", NULL);
    g_autoptr(Source) source = source_new("ramekin.yaml", whole, strlen(whole));
    g_autoptr(Diags) diags = diags_new();
    RecipeOptions options = {.shipped_stages = "stages"};
    *ret_file = recipe_file_from_source(source, path, diags);
    Recipe *recipe = *ret_file ? recipe_decode(*ret_file, NULL, &options, diags) : NULL;
    if (!recipe)
        g_error("%s", diags_format(diags, false));
    return recipe;
}

static gboolean apply(MergedTree *tree, const Recipe *recipe, GError **error)
{
    guint count = recipe->stages->len;
    for (guint i = 0; i < count; i++) {
        const Stage *stage = recipe->stages->pdata[i];
        gboolean ok = stage->kind == STAGE_FILES ? tree_add_files(tree, recipe, stage, i, error)
                                                 : tree_remove_globs(tree, stage, i, error);
        if (!ok)
            return FALSE;
    }
    return tree_add_user(tree, recipe, count, error) &&
           tree_add_workdir(tree, recipe, count, error);
}

static void print_content(GString *out, MergedTree *tree, const TreeEntry *entry)
{
    g_autoptr(GBytes) bytes = merged_tree_read(tree, entry->path, 10000);
    g_assert_nonnull(bytes);
    g_autoptr(GString) whole = g_string_new_len(NULL, 0);
    if (g_bytes_get_size(bytes) > 0)
        g_string_append_len(whole, g_bytes_get_data(bytes, NULL), (gssize)g_bytes_get_size(bytes));
    g_autofree char *escaped = g_strescape(whole->str, NULL);
    g_assert_cmpuint(entry->size, ==, g_bytes_get_size(bytes));
    g_string_append_printf(out, " = %s", escaped);
}

static char *print(MergedTree *tree)
{
    GString *out = g_string_new(NULL);
    const GPtrArray *entries = merged_tree_entries(tree);
    for (guint i = 0; i < entries->len; i++) {
        const TreeEntry *entry = entries->pdata[i];
        g_assert_true(entry->implied || entry->layer == LAYER_OF_FILES);
        const char *kind = entry->kind == ENTRY_FILE      ? "file"
                           : entry->kind == ENTRY_SYMLINK ? "link"
                           : entry->implied               ? "parent"
                                                          : "dir";
        g_string_append_printf(out, "%s %04o %u:%u %s", kind, entry->mode, (unsigned)entry->uid,
                               (unsigned)entry->gid, entry->path);
        if (entry->kind == ENTRY_SYMLINK)
            g_string_append_printf(out, " -> %s", entry->target);
        if (entry->kind == ENTRY_FILE)
            print_content(out, tree, entry);
        g_string_append_c(out, '\n');
    }
    const GPtrArray *gone = merged_tree_whiteouts(tree);
    for (guint i = 0; i < gone->len; i++)
        g_string_append_printf(out, "gone %s\n", (const char *)gone->pdata[i]);
    return g_string_free(out, FALSE);
}

/* The tree as text, or "error LINE: MESSAGE". */
static char *outcome(const char *keys)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *base = g_build_filename(folder, "base", NULL);
    g_autoptr(ImageRoot) root = image_root_new_folder(base, &error);
    g_autoptr(MergedTree) tree = merged_tree_new(root);
    RecipeFile *file;
    g_autoptr(Recipe) recipe = load(keys, &file);
    char *text;
    if (apply(tree, recipe, &error)) {
        text = print(tree);
    } else {
        g_assert_error(error, ERROR_DOMAIN, ERROR_INPUT);
        text = g_strdup_printf("error %u: %s", error_span(error).line, error->message);
    }
    recipe_file_unref(file);
    return text;
}

typedef struct {
    const char *keys, *expected;
} Row;

static void check(const Row *rows, size_t count)
{
    if (!folder)
        make_folders();
    for (size_t i = 0; i < count; i++) {
        g_autofree char *found = outcome(rows[i].keys);
        assert_text(rows[i].keys, rows[i].expected, found);
    }
}

#define FILES "stages:\n  - files: "
#define STAFF ", owner: \"33:50\""

TEST(sources)
{
    static const Row rows[] = {
        {FILES "{main.py: /srv/}\n",
         "parent 0755 0:0 /srv\nfile 0644 0:0 /srv/main.py = main\\n\n"},
        {FILES "{main.py: /srv/app.py}\n",
         "parent 0755 0:0 /srv\nfile 0644 0:0 /srv/app.py = main\\n\n"},
        {FILES "{main.py: /opt}\n", "file 0644 0:0 /opt/main.py = main\\n\n"},
        {FILES "{run.sh: /r}\n", "file 0755 0:0 /r = one\\r\\ntwo\\r\n"},
        {FILES "{main-link: /x/}\n", "parent 0755 0:0 /x\nfile 0644 0:0 /x/main-link = main\\n\n"},
        {FILES "{main.py: /lib/}\n", "file 0644 0:0 /usr/lib/main.py = main\\n\n"},
        {FILES "{main.py: /etc/link}\n", "file 0644 0:0 /etc/link = main\\n\n"},
        {FILES "{app/sub: /srv}\n", "dir 0755 0:0 /srv\nfile 0755 0:0 /srv/b.py = b\\n\nfile 0644 "
                                    "0:0 /srv/test_b.py = t\\n\n"},
        {FILES "{app/sub: /srv/}\n",
         "parent 0755 0:0 /srv\ndir 0755 0:0 /srv/sub\nfile 0755 0:0 /srv/sub/b.py = b\\n\n"
         "file 0644 0:0 /srv/sub/test_b.py = t\\n\n"},
        {FILES "{app/sub/: /srv/}\n", "dir 0755 0:0 /srv\nfile 0755 0:0 /srv/b.py = b\\n\nfile "
                                      "0644 0:0 /srv/test_b.py = t\\n\n"},
        {FILES "{app: /opt/}\n",
         "file 0644 0:0 /opt/app/a.py = a\\n\nlink 0777 0:0 /opt/app/link -> /anywhere\n"
         "dir 0755 0:0 /opt/app/sub\nfile 0755 0:0 /opt/app/sub/b.py = b\\n\n"
         "file 0644 0:0 /opt/app/sub/test_b.py = t\\n\n"},
        {FILES "{\"app/[as]*\": /srv/}\n",
         "parent 0755 0:0 /srv\nfile 0644 0:0 /srv/a.py = a\\n\nfile 0755 0:0 /srv/b.py = b\\n\n"
         "file 0644 0:0 /srv/test_b.py = t\\n\n"},
        {FILES "{sub: /srv}\n", "dir 0755 0:0 /srv\nfile 0644 0:0 /srv/keep.pyc = k\\n\n"},
        {FILES "{app-link: /srv/}\n",
         "parent 0755 0:0 /srv\ndir 0755 0:0 /srv/app-link\n"
         "file 0644 0:0 /srv/app-link/a.py = a\\n\nlink 0777 0:0 /srv/app-link/link -> /anywhere\n"
         "dir 0755 0:0 /srv/app-link/sub\nfile 0755 0:0 /srv/app-link/sub/b.py = b\\n\n"
         "file 0644 0:0 /srv/app-link/sub/test_b.py = t\\n\n"},
    };
    check(rows, G_N_ELEMENTS(rows));
}

TEST(attributes)
{
    static const Row rows[] = {
        {FILES "[{src: main.py, dest: /srv/x/m, mode: 0600" STAFF "}]\n",
         "dir 0755 33:50 /srv\ndir 0755 33:50 /srv/x\nfile 0600 33:50 /srv/x/m = main\\n\n"},
        {FILES "[{src: app, dest: /opt/app, mode: 0700, owner: www}]\n",
         "file 0700 33:34 /opt/app/a.py = a\\n\nlink 0777 33:34 /opt/app/link -> /anywhere\n"
         "dir 0700 33:34 /opt/app/sub\nfile 0700 33:34 /opt/app/sub/b.py = b\\n\n"
         "file 0700 33:34 /opt/app/sub/test_b.py = t\\n\n"},
        {FILES "[{dir: /opt/app, mode: 1777}]\n", "dir 1777 0:0 /opt/app\n"},
        {FILES "[{dir: /opt/app}]\n", ""},
        {FILES "[{dir: /data/x/" STAFF "}]\n", "parent 0755 0:0 /data\ndir 0755 33:50 /data/x\n"},
        {FILES "[{link: ../x, dest: /opt/l, owner: \"7\"}]\n", "link 0777 7:7 /opt/l -> ../x\n"},
        {FILES "[{link: app, dest: /etc/motd}]\n", "link 0777 0:0 /etc/motd -> app\n"},
        {FILES "[{content: hello, dest: /opt/h, mode: 0755}]\n",
         "file 0755 0:0 /opt/h = hello\\n\n"},
        {FILES "[{content: \"\", dest: /opt/e}]\n", "file 0644 0:0 /opt/e = \n"},
        {FILES "[{content: \"a\\r\\nb\", eol: lf, dest: /opt/e}]\n",
         "file 0644 0:0 /opt/e = a\\nb\\n\n"},
    };
    check(rows, G_N_ELEMENTS(rows));
}

TEST(changed_content)
{
    static const Row rows[] = {
        {FILES "[{src: run.sh, dest: /r, eol: lf}]\n", "file 0755 0:0 /r = one\\ntwo\n"},
        {FILES "[{src: app, dest: /opt/, exclude: [test_*, link]}]\n",
         "file 0644 0:0 /opt/app/a.py = a\\n\ndir 0755 0:0 /opt/app/sub\n"
         "file 0755 0:0 /opt/app/sub/b.py = b\\n\n"},
        {FILES "[{src: app, dest: /opt/, exclude: [\"sub/*\", \"**/a.py\", link]}]\n",
         "dir 0755 0:0 /opt/app/sub\n"},
        {FILES "[{src: app, dest: /new, exclude: [sub, link, app]" STAFF "}]\n",
         "dir 0755 33:50 /new\nfile 0644 33:50 /new/a.py = a\\n\n"},
        {FILES "[{src: app, dest: /new/deep, exclude: [sub, link]" STAFF "}]\n",
         "parent 0755 0:0 /new\ndir 0755 33:50 /new/deep\nfile 0644 33:50 /new/deep/a.py = a\\n\n"},
        {FILES "[{content: more, dest: /etc/motd, append: true}]\n",
         "file 0640 0:0 /etc/motd = Welcome\\nmore\\n\n"},
        {FILES "[{content: more, dest: /etc/link, append: true, mode: 0600" STAFF "}]\n",
         "file 0600 33:50 /etc/motd = Welcome\\nmore\\n\n"},
        {FILES "[{src: run.sh, dest: /opt/new, append: true, eol: lf}]\n",
         "file 0644 0:0 /opt/new = one\\ntwo\n"},
        {FILES "[{src: main.py, dest: /m}, {content: x, dest: /m, append: true}, "
               "{content: y, dest: /m, append: true}]\n",
         "file 0644 0:0 /m = main\\nx\\ny\\n\n"},
        {FILES "[{src: \"app/sub/*.py\", dest: /all, append: true}]\n",
         "file 0644 0:0 /all = b\\nt\\n\n"},
    };
    check(rows, G_N_ELEMENTS(rows));
}

TEST(mistakes)
{
    static const Row rows[] = {
        {FILES "{none: /x}\n", "error 7: none is not in the recipe's folder"},
        {FILES "{\"none*\": /x}\n", "error 7: none* matches nothing in the recipe's folder"},
        {FILES "{secret: /x}\n", "error 7: secret is left out by .dockerignore"},
        {FILES "{out/etc/motd: /x}\n", "error 7: out/etc/motd leads out of the recipe's folder"},
        {FILES "{loop: /x}\n", "error 7: loop is a link that leads out of the recipe's folder"},
        {FILES "{pipes: /x}\n", "error 7: pipes/p is neither a file, a folder nor a link"},
        {FILES "{\"app/sub/*\": /x}\n", "error 7: app/sub/* names 2 files, and /x no folder"},
        {FILES "{main.py: /etc/motd/x}\n", NULL},
        {FILES "[{content: x, dest: /opt}]\n",
         "error 7: cannot put '/opt' into the image: a folder is there"},
        {FILES "[{content: x, dest: /opt/new/}]\n",
         "error 7: 'content' needs the path of a file, and /opt/new/ is a folder's"},
        {FILES "[{content: x, dest: /opt, append: true}]\n",
         "error 7: 'append' needs a file, and /opt is none"},
        {FILES "[{src: app, dest: /x, append: true}]\n",
         "error 7: 'append' needs a file, and app is a folder"},
        {FILES "[{src: main.py, dest: /x, owner: app}]\nuser: app\n",
         "error 7: the image has no user 'app' when this stage is reached"},
        {FILES "{\"a[\": /x}\n", "error 7: 'a[' is no valid pattern"},
        {"user: {name: app, sudo: true}\n",
         "error 6: `sudo: true` needs sudo, which the image lacks"},
        {"user: {name: app, uid: 33}\n",
         "error 6: the image has a user with the number 33 already"},
        {"user: {name: app, home: \"/h:x\"}\n", "error 6: '/h:x' can't be in a line of passwd"},
        {"workdir: /etc/motd\n", NULL},
    };
    if (!folder)
        make_folders();
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *found = outcome(rows[i].keys);
        if (rows[i].expected)
            assert_text(rows[i].keys, rows[i].expected, found);
        else
            g_assert_true(g_str_has_prefix(found, "error "));
    }
}

TEST(removal)
{
    static const Row rows[] = {
        {"stages:\n  - remove: [/opt/app]\n", "gone /opt/app\n"},
        {"stages:\n  - remove: [\"/opt/app/*\"]\n", "gone /opt/app/old.py\n"},
        {"stages:\n  - remove: [\"/opt/app/.*\"]\n", "gone /opt/app/.keep\n"},
        {"stages:\n  - remove: [\"/*/app/[!x]ld.py\", /nothing/here]\n", "gone /opt/app/old.py\n"},
        {"stages:\n  - remove: [\"/lib/*\"]\n", "gone /usr/lib/x\n"},
        {"stages:\n  - remove: [/lib]\n", "gone /lib\n"},
        {FILES "{main.py: /opt/app/}\n  - remove: [/opt/app/]\n", "gone /opt/app\n"},
        {FILES "{main.py: /srv/}\n  - remove: [/srv/main.py]\n", NULL},
    };
    if (!folder)
        make_folders();
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *found = outcome(rows[i].keys);
        if (rows[i].expected)
            assert_text(rows[i].keys, rows[i].expected, found);
        else
            g_assert_null(strstr(found, "main.py"));
    }
}

TEST(users)
{
    static const Row rows[] = {
        {"user: {name: app, groups: [staff, render], home: /srv/app}\nworkdir: /srv/work\n",
         "file 0644 0:0 /etc/group = root:x:0:\\nstaff:x:50:app\\nwww:x:34:\\nrender:!:1000:app\\n"
         "app:!:1001:\\n\n"
         "file 0644 0:0 /etc/passwd = root:x:0:0:root:/root:/bin/bash\\nwww:x:33:34::/:/bin/sh\\n"
         "app:x:1000:1001::/srv/app:/bin/bash\\n\n"
         "file 0640 0:0 /etc/shadow = root:*:1:0:99999:7:::\\napp:!::0:99999:7:::\\n\n"
         "parent 0755 0:0 /srv\ndir 0750 1000:1001 /srv/app\n"
         "file 0644 1000:1001 /srv/app/.profile = # profile\\n\n"
         "dir 0755 0:0 /srv/work\n"},
        {"user: www\n", ""},
        {"user: root\n", ""},
        {"user: 1000:1000\n", ""},
        {"user: {name: www, groups: [staff, extra]}\n",
         "file 0644 0:0 /etc/group = root:x:0:\\nstaff:x:50:\\nwww:x:34:\\nextra:!:1000:\\n\n"},
        {"workdir: /opt/app\n", ""},
        {"workdir: /opt/../srv/\n", "dir 0755 0:0 /srv\n"},
    };
    check(rows, G_N_ELEMENTS(rows));
}

TEST(wanted_paths)
{
    if (!folder)
        make_folders();
    RecipeFile *file;
    g_autoptr(Recipe) recipe =
        load(FILES "[{content: x, dest: /lib//y, append: true}, {content: x, dest: /z}]\n", &file);
    g_autoptr(GPtrArray) paths = tree_wanted_base_paths(recipe);
    bool found[2] = {false, false};
    for (guint i = 0; i < paths->len; i++) {
        found[0] |= g_str_equal(paths->pdata[i], "/usr/lib/y");
        found[1] |= g_str_equal(paths->pdata[i], "/lib/y");
        g_assert_cmpstr(paths->pdata[i], !=, "/z");
    }
    g_assert_true(found[0] && found[1]);
    recipe_file_unref(file);
}

/* Whether an image at `output` would be in the next one. */
TEST(outputs)
{
    static const struct {
        const char *keys, *output;
        bool refused;
    } rows[] = {
        {FILES "{.: /app}\n", "context/out", true},
        {FILES "{./: /app}\n", "context/app/out.tar", true},
        {FILES "{app: /app}\n", "context/out", false},
        {FILES "{app/: /app}\n", "context/app/deep/out", true},
        {FILES "{\"o*\": /app}\n", "context/out/x", true},
        {FILES "{\"*/o*\": /app}\n", "context/out", false},
        {FILES "{.: /app}\n", "out", false},
        {FILES "{.: /app}\n", "context/secret", false},
        {FILES "[{content: x, dest: /x}]\n", "context/out", false},
    };
    if (!folder)
        make_folders();
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        RecipeFile *file;
        g_autoptr(Recipe) recipe = load(rows[i].keys, &file);
        g_autofree char *output = g_build_filename(folder, rows[i].output, NULL);
        g_autoptr(GError) error = NULL;
        gboolean ok = tree_check_output(recipe, output, &error);
        if (ok == rows[i].refused || ok != (error == NULL))
            g_error("%s: %s", rows[i].keys, rows[i].output);
        recipe_file_unref(file);
    }
}
