#include "tar_builder.h"
#include "test.h"

#include "base/limits.h"
#include "plan/merged_tree.h"

#include <string.h>

/* Does with a tree over a base what the lines say, and prints what comes of it:
 *     f PATH CONTENT, d PATH MODE, l PATH TARGET: puts     r PATH, R PATH: removes, with all below
 * A line that fails is printed with its message. */
static void put(MergedTree *tree, char **words, GString *out)
{
    static const EntryKind kinds[] = {
        ['d'] = ENTRY_FOLDER, ['f'] = ENTRY_FILE, ['l'] = ENTRY_SYMLINK};
    const char *argument = words[1] && words[2] ? words[2] : "";
    TreeEntry *entry = tree_entry_new(words[1], kinds[(guint8)words[0][0]], 0644);
    if (words[0][0] == 'd')
        entry->mode = *argument ? (unsigned)strtoul(argument, NULL, 8) : 0755;
    if (words[0][0] == 'l')
        entry->target = g_strdup(argument);
    if (words[0][0] == 'f') {
        entry->content = CONTENT_BYTES;
        entry->size = strlen(argument);
        entry->bytes = g_bytes_new(argument, strlen(argument));
    }
    g_autoptr(GError) error = NULL;
    const TreeEntry *replaced;
    if (!merged_tree_put(tree, entry, &replaced, &error))
        g_string_append_printf(out, "! %s\n", error->message);
    else if (replaced)
        g_string_append_printf(out, "replaced %s\n", replaced->path);
}

static void apply(MergedTree *tree, const char *text, GString *out)
{
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    for (guint i = 0; lines[i]; i++) {
        g_auto(GStrv) words = g_strsplit(lines[i], " ", 3);
        if (!words[0] || !*words[0])
            continue;
        bool ok = true;
        if (words[0][0] == 'r')
            ok = merged_tree_remove(tree, words[1]);
        else if (words[0][0] == 'R')
            ok = merged_tree_remove_all(tree, words[1]);
        else
            put(tree, words, out);
        if (!ok)
            g_string_append_printf(out, "! nothing removed: %s\n", words[1]);
    }
}

static void print(MergedTree *tree, GString *out)
{
    const GPtrArray *entries = merged_tree_entries(tree);
    for (guint i = 0; i < entries->len; i++) {
        const TreeEntry *entry = entries->pdata[i];
        if (entry->kind == ENTRY_FOLDER)
            g_string_append_printf(out, "%s/%s\n", entry->path, entry->implied ? " implied" : "");
        else if (entry->kind == ENTRY_SYMLINK)
            g_string_append_printf(out, "%s -> %s\n", entry->path, entry->target);
        else
            g_string_append_printf(out, "%s=%.*s\n", entry->path,
                                   (int)g_bytes_get_size(entry->bytes),
                                   (const char *)g_bytes_get_data(entry->bytes, NULL));
    }
    const GPtrArray *whiteouts = merged_tree_whiteouts(tree);
    for (guint i = 0; i < whiteouts->len; i++)
        g_string_append_printf(out, "gone %s\n", (const char *)whiteouts->pdata[i]);
}

static bool wants_all(const char *path, guint64 size)
{
    return true;
}

static ImageRoot *base_of(const char *text)
{
    GError *error = NULL;
    ImageRoot *root = image_root_new_image(wants_all);
    g_autoptr(GBytes) bytes = tar_build(text);
    g_autoptr(ArchiveReader) reader = archive_reader_new_bytes("layer", bytes, &error);
    g_assert_true(reader && image_root_apply(root, reader, &error));
    return root;
}

static const struct {
    const char *name, *base, *commands, *expected;
} rows[] = {
    {"parents are implied", "d usr", "f /usr/lib/x a\n", "/usr/lib/ implied\n/usr/lib/x=a\n"},
    {"merged usr", "d usr\nd usr/lib\nl lib usr/lib", "f /lib/x a\n", "/usr/lib/x=a\n"},
    {"absolute and chained links", "d usr\nl a /b\nl b usr", "f /a/x 1\n", "/usr/x=1\n"},
    {"links of entries", "d usr", "l /opt/v /usr/v\nf /opt/v/x 1\n",
     "/opt/ implied\n/opt/v -> /usr/v\n/usr/v/ implied\n/usr/v/x=1\n"},
    {"a link is replaced, not followed", "d a\nf a/f base\nl a/l f", "f /a/l new\n", "/a/l=new\n"},
    {"a link over a file", "f f base", "l /f x\nf /f again\n", "replaced /f\n/f=again\n"},
    {"loop", "l a b\nl b a", "f /a/x 1\n",
     "! cannot put '/a/x' into the image: its folder lies behind a loop of links\n"},
    {"a file as a parent", "f a base", "f /a/x 1\nd /a\n",
     "! cannot put '/a/x' into the image: something that is no folder is in the way\n"
     "! cannot make the folder '/a' in the image: something that is no folder is there\n"},
    {"a folder where a file should go", "d a", "f /a 1\n",
     "! cannot put '/a' into the image: a folder is there\n"},
    {"odd paths", "d a", "f a 1\nf / 1\nf /a/.. 1\nf /a/../../b 1\nf //c//d/./e 1\n",
     "! cannot put 'a' into the image: no file can have that path\n"
     "! cannot put '/' into the image: no file can have that path\n"
     "! cannot put '/a/..' into the image: no file can have that path\n"
     "/b=1\n/c/ implied\n/c/d/ implied\n/c/d/e=1\n"},
    {"a folder through a link keeps the link", "d a\nl l a", "d /l 700\n", "/a/\n"},
    {"explicit after implied", "d a", "f /n/x 1\nd /n 700\n", "replaced /n\n/n/\n/n/x=1\n"},
    {"whiteouts", "d a\nf a/x 1\nf a/y 2", "r /a/x\nr /a/x\nr /nothing\n",
     "! nothing removed: /a/x\n! nothing removed: /nothing\ngone /a/x\n"},
    {"a full folder stays", "d a\nf a/x 1", "r /a\nr /a/x\nr /a\n",
     "! nothing removed: /a\ngone /a\n"},
    {"whole folders", "d a\nd a/b\nf a/b/x 1\nf a/y 2", "R /a/b\n", "gone /a/b\n"},
    {"an entry in place of the base's", "f x 1", "f /x 2\n", "/x=2\n"},
    {"an entry in place goes", "f x 1", "f /x 2\nr /x\n", "gone /x\n"},
    {"a folder comes again", "d a\nf a/x 1\nd a/s\nf a/s/y 2\nf a/s/z 3",
     "R /a\nf /a/new 1\nf /a/s/z 4\n",
     "/a/ implied\n/a/new=1\n/a/s/ implied\n/a/s/z=4\ngone /a/s/y\ngone /a/x\n"},
    {"a file for a folder", "d a\nf a/x 1", "R /a\nf /a 2\n", "/a=2\n"},
    {"a folder for a file", "f a 1", "r /a\nf /a/x 2\n", "/a/ implied\n/a/x=2\n"},
    {"own things leave nothing", "d a", "f /a/b/c 1\nR /a/b\n", ""},
    {"order is that of bytes", "d a", "f /a/b/c 1\nf /a/b-c 2\n",
     "/a/b/ implied\n/a/b-c=2\n/a/b/c=1\n"},
    {"no base", NULL, "f /a/b 1\n", "/a/ implied\n/a/b=1\n"},
};

TEST(puts_and_removals)
{
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(ImageRoot) base = rows[i].base ? base_of(rows[i].base) : NULL;
        g_autoptr(MergedTree) tree = merged_tree_new(base);
        g_autoptr(GString) out = g_string_new(NULL);
        apply(tree, rows[i].commands, out);
        print(tree, out);
        assert_text(rows[i].name, rows[i].expected, out->str);
    }
}

static const char view_base[] =
    "d usr\nd usr/lib\nl lib usr/lib\nf usr/lib/b base\nf usr/lib/gone 1\n"
    "l usr/up ../lib\nl dangling nowhere/at/all\nl self self";
static const char view_commands[] =
    "f /lib/e entry\nr /lib/gone\nl /usr/lib/le e\nf /usr/lib/b2/c 1\n";

TEST(views)
{
    static const struct {
        const char *path;
        bool follow;
        PathKind kind;
        const char *resolved, *content;
    } views[] = {
        {"/lib/e", true, PATH_FILE, "/usr/lib/e", "entry"},
        {"/usr/up/b", true, PATH_FILE, "/usr/lib/b", "base"},
        {"/lib", false, PATH_LINK, "/lib", NULL},
        {"/lib", true, PATH_FOLDER, "/usr/lib", NULL},
        {"/lib/gone", true, PATH_NONE, "/usr/lib/gone", NULL},
        {"/lib/le", false, PATH_LINK, "/usr/lib/le", "entry"},
        {"/lib/le", true, PATH_FILE, "/usr/lib/e", "entry"},
        {"/lib/e/below", true, PATH_NONE, "/usr/lib/e/below", NULL},
        {"/dangling", true, PATH_NONE, "/nowhere/at/all", NULL},
        {"/self/x", true, PATH_NONE, NULL, NULL},
        {"/../../usr", true, PATH_FOLDER, "/usr", NULL},
        {"/", true, PATH_FOLDER, "/", NULL},
    };
    g_autoptr(ImageRoot) base = base_of(view_base);
    g_autoptr(MergedTree) tree = merged_tree_new(base);
    g_autoptr(GString) out = g_string_new(NULL);
    apply(tree, view_commands, out);
    assert_text(NULL, "", out->str);
    for (size_t i = 0; i < G_N_ELEMENTS(views); i++) {
        const char *path = views[i].path;
        g_assert_cmpint(merged_tree_stat(tree, path, views[i].follow), ==, views[i].kind);
        g_autofree char *resolved = merged_tree_resolve(tree, path, views[i].follow);
        g_assert_cmpstr(resolved, ==, views[i].resolved);
        g_autoptr(GBytes) bytes = merged_tree_read(tree, path, 100);
        g_autofree char *content =
            bytes ? g_strndup(g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes)) : NULL;
        g_assert_cmpstr(content, ==, views[i].content);
    }
    g_autoptr(GPtrArray) names = merged_tree_list(tree, "/lib");
    g_ptr_array_add(names, NULL);
    g_autofree char *joined = g_strjoinv(" ", (char **)names->pdata);
    assert_text(NULL, "b b2 e le", joined);
    g_assert_null(merged_tree_list(tree, "/lib/e"));
    g_assert_nonnull(merged_tree_find(tree, "/lib/e"));
    g_assert_null(merged_tree_find(tree, "/lib/b"));
}

TEST(depth_is_limited)
{
    g_autoptr(MergedTree) tree = merged_tree_new(NULL);
    g_autoptr(GString) path = g_string_new(NULL);
    for (unsigned i = 0; i <= LIMIT_PATH_DEPTH; i++)
        g_string_append(path, "/d");
    g_autoptr(GError) error = NULL;
    g_assert_false(
        merged_tree_put(tree, tree_entry_new(path->str, ENTRY_FILE, 0644), NULL, &error));
    g_assert_nonnull(strstr(error->message, "too long or too deep"));
}
