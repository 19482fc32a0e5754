#include "sandbox/tree_unpack.h"

#include "archive/tar_write.h"
#include "base/auto.h"
#include "base/io.h"
#include "base/limits.h"
#include "base/sorted.h"
#include "store/tree_store.h"
#include "test.h"

#include <errno.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

/* A layer is a text: entries with "; " between them.
 *   d PATH [MODE]     a folder
 *   f PATH [TEXT]     a file with that content
 *   l PATH TARGET     a symbolic link
 *   h PATH TARGET     a hard link
 *   c PATH            a character device */
static void add_entry(GByteArray *tar, char *const *words)
{
    static const char zeros[TAR_END_BYTES];
    const char *more = words[2] ? words[2] : "";
    EntryKind kind = words[0][0] == 'd'   ? ENTRY_FOLDER
                     : words[0][0] == 'l' ? ENTRY_SYMLINK
                     : words[0][0] == 'h' ? ENTRY_HARDLINK
                                          : ENTRY_FILE;
    size_t size = kind == ENTRY_FILE ? strlen(more) : 0, length;
    ArchiveEntry entry = {
        .kind = kind,
        .path = words[1],
        .target = more,
        .size = size,
        .mtime = 1000,
        .mode = kind == ENTRY_FOLDER && *more ? (unsigned)strtoul(more, NULL, 8) : 0755,
    };
    guint8 header[TAR_HEADER_BYTES];
    GError *error = NULL;
    tar_header_write(&entry, header, &length, &error);
    assert_no_error(error);
    if (words[0][0] == 'c') {
        guint8 *last = header + length - TAR_BLOCK_BYTES;
        unsigned sum = 8 * ' ';
        last[156] = '3';
        for (guint i = 0; i < TAR_BLOCK_BYTES; i++)
            sum += i >= 148 && i < 156 ? 0 : last[i];
        g_snprintf((char *)last + 148, 8, "%06o", sum);
    }
    g_byte_array_append(tar, header, (guint)length);
    g_byte_array_append(tar, (const guint8 *)more, (guint)size);
    g_byte_array_append(tar, (const guint8 *)zeros, tar_padding(size));
}

static GBytes *make_tar(const char *text)
{
    static const char zeros[TAR_END_BYTES];
    GByteArray *tar = g_byte_array_new();
    g_auto(GStrv) entries = g_strsplit(text, "; ", -1);
    for (char **item = entries; *item && **item; item++) {
        g_auto(GStrv) words = g_strsplit(*item, " ", 3);
        add_entry(tar, words);
    }
    g_byte_array_append(tar, (const guint8 *)zeros, TAR_END_BYTES);
    return g_byte_array_free_to_bytes(tar);
}

/* The inverse, by path: "w PATH" is a whiteout of an overlay, "o PATH" an opaque folder. */
static void list_folder(GString *out, const char *top, const char *path)
{
    g_autofree char *folder = g_build_filename(top, path, NULL);
    GError *error = NULL;
    g_autoptr(GPtrArray) names = sorted_dir(folder, 1000, &error);
    assert_no_error(error);
    for (guint i = 0; i < names->len; i++) {
        g_autofree char *inner =
            *path ? g_build_filename(path, names->pdata[i], NULL) : g_strdup(names->pdata[i]);
        g_autofree char *full = g_build_filename(top, inner, NULL);
        g_autofree char *text = NULL;
        struct stat st;
        char value = 0;
        g_assert_cmpint(lstat(full, &st), ==, 0);
        g_string_append(out, out->len ? "; " : "");
        if (S_ISDIR(st.st_mode)) {
            bool opaque = lgetxattr(full, "user.overlay.opaque", &value, 1) == 1;
            g_string_append_printf(out, "%c %s", opaque ? 'o' : 'd', inner);
            if ((st.st_mode & 07777) != 0755)
                g_string_append_printf(out, " %o", st.st_mode & 07777);
            list_folder(out, top, inner);
        } else if (S_ISLNK(st.st_mode)) {
            text = g_file_read_link(full, NULL);
            g_string_append_printf(out, "l %s %s", inner, text);
        } else if (S_ISREG(st.st_mode)) {
            g_file_get_contents(full, &text, NULL, NULL);
            g_string_append_printf(out, "%c %s%s%s", st.st_nlink > 1 ? 'h' : 'f', inner,
                                   *text ? " " : "", text);
            g_assert_cmpint(st.st_mtim.tv_sec, ==, 1000);
        } else {
            g_assert_true(S_ISCHR(st.st_mode) && st.st_rdev == 0);
            g_string_append_printf(out, "w %s", inner);
        }
    }
}

static gboolean unpack_all(const char *folder, const char *layers, bool overlay, bool *ret_alone,
                           GError **error)
{
    g_auto(GStrv) parts = g_strsplit(layers, " | ", -1);
    TreeUnpackOptions options = {.overlay = overlay, .id_base = -1};
    g_autoptr(TreeUnpack) unpack = tree_unpack_new(folder, &options, error);
    for (char **part = parts; unpack && *part; part++) {
        g_autoptr(GBytes) tar = make_tar(*part);
        g_autoptr(ArchiveReader) reader = archive_reader_new_bytes("layer", tar, error);
        if (!reader || !tree_unpack_layer(unpack, reader, error))
            return FALSE;
    }
    return unpack && tree_unpack_finish(unpack, ret_alone, error);
}

/* The tree of the layers, or "error: …"; what is beside it stays as it is. */
static char *unpacked(const char *layers, bool overlay)
{
    GError *error = NULL;
    g_autofree char *work = g_dir_make_tmp("unpack-XXXXXX", NULL);
    g_autofree char *folder = g_build_filename(work, "tree", NULL);
    g_autofree char *beside = g_build_filename(work, "beside", NULL);
    GString *out = g_string_new(NULL);
    bool alone = true;
    g_assert_cmpint(mkdir(folder, 0755), ==, 0);
    g_assert_true(g_file_set_contents(beside, "kept", -1, NULL));
    if (!unpack_all(folder, layers, overlay, &alone, &error)) {
        g_string_append_printf(out, "error: %s", error->message);
        g_clear_error(&error);
    } else {
        list_folder(out, folder, "");
        if (!alone)
            g_string_append(out, " (not alone)");
    }
    g_autoptr(GPtrArray) names = sorted_dir(work, 10, NULL);
    g_autofree char *text = NULL;
    g_assert_cmpuint(names->len, ==, 2);
    g_assert_true(g_file_get_contents(beside, &text, NULL, NULL));
    g_assert_cmpstr(text, ==, "kept");
    tree_remove(work, &error);
    assert_no_error(error);
    return g_string_free(out, FALSE);
}

static const struct {
    const char *name, *layers, *tree;
} plain[] = {
    {"nothing", "", ""},
    {"kinds", "d a; f a/b 1; l c a/b; h d a/b", "d a; h a/b 1; l c a/b; h d 1"},
    {"modes", "d a 0700; d b 0555; d c 01777", "d a 700; d b 555; d c 1777"},
    {"owner can look", "d a 0; f a/b 1", "d a 500; f a/b 1"},
    {"put into a folder that is read-only", "d a 0555; f a/b 1; d a/c", "d a 555; f a/b 1; d a/c"},
    {"put into one of a lower layer that is read-only", "d a 0555 | f a/b 1; l a/c b | d a/d",
     "d a 555; f a/b 1; l a/c b; d a/d"},
    {"missing folders", "f a/b/c 1", "d a; d a/b; f a/b/c 1 (not alone)"},
    {"last one wins", "f a 1; f a 2 | f a 3", "f a 3"},
    {"folder for file", "f a 1 | d a; f a/b 2", "d a; f a/b 2"},
    {"file for folder", "d a; d a/b; f a/b/c 1 | f a 2", "f a 2"},
    {"folder stays", "d a 0700; f a/b 1 | d a; f a/c 2", "d a; f a/b 1; f a/c 2"},
    {"links in parents", "d usr; d usr/lib; l lib usr/lib | f lib/a 1",
     "l lib usr/lib; d usr; d usr/lib; f usr/lib/a 1"},
    {"absolute links in parents", "d usr; l lib /usr | f lib/a 1", "l lib /usr; d usr; f usr/a 1"},
    {"folder for a link", "d usr; l lib usr | d lib; f lib/a 1", "d lib; f lib/a 1; d usr"},
    {"whiteout", "d a; f a/b 1; f a/c 2 | d a; f a/.wh.b", "d a; f a/c 2"},
    {"whiteout of a folder", "d a; d a/b; f a/b/c 1 | f a/.wh.b", "d a"},
    {"whiteout before and after", "f a 1; f b 1 | f .wh.a; f a 2; f b 2; f .wh.b", "f a 2; f b 2"},
    {"whiteout of what is not there", "d a | f a/.wh.b; f c/.wh.d", "d a"},
    {"whiteout and folder of one layer", "d a; f a/b 1 | d a; f a/c 2; f .wh.a", "d a; f a/c 2"},
    {"opaque", "d a; f a/b 1; d a/c | d a; f a/d 2; f a/.wh..wh..opq", "d a; f a/d 2"},
    {"opaque root", "f a 1; d b | f .wh..wh..opq; f c 2", "f c 2"},
    {"other marks", "f .wh..wh.plnk 1; f .wh..wh.aufs 2", ""},
    {"hard link to a lower layer", "f a 1 | h b a", "h a 1; h b 1"},
    {"hard link to itself", "f a 1; h a a", "f a 1"},
    {"hard link to a link", "l a x; h b a", "l a x; l b x"},
    {"hard link in place of a folder", "f a 1; d b; f b/c 1; h b a", "h a 1; h b 1"},
    {"devices", "d dev; c dev/null; c dev/nvidia0", "d dev"},
    {"a device hides", "f a 1 | c a", ""},
};

TEST(plain_trees)
{
    for (size_t i = 0; i < G_N_ELEMENTS(plain); i++) {
        g_autofree char *tree = unpacked(plain[i].layers, false);
        g_autofree char *found = g_strdup(tree);
        if (g_str_has_suffix(found, " (not alone)") && !g_str_has_suffix(plain[i].tree, ")"))
            found[strlen(found) - strlen(" (not alone)")] = '\0';
        assert_text(plain[i].name, plain[i].tree, found);
    }
}

static const struct {
    const char *name, *layer, *tree;
} overlays[] = {
    {"all there", "d a; f a/b 1; h c a/b", "d a; h a/b 1; h c 1"},
    {"whiteout", "d a; f a/.wh.b", "d a; w a/b"},
    {"whiteouts concern lower layers alone", "f .wh.a; f a 1; f b 2; f .wh.b", "f a 1; f b 2"},
    {"whiteout and folder", "f .wh.a; d a; f a/b 1", "o a; f a/b 1"},
    {"opaque", "d a; f a/.wh..wh..opq", "o a"},
    {"device is none", "c a", ""},
    {"folder that is not described", "f a/b 1", "d a; f a/b 1 (not alone)"},
    {"whiteout below one", "f a/.wh.b", "d a; w a/b (not alone)"},
    {"hard link to a lower layer", "h a b", " (not alone)"},
};

TEST(overlay_trees)
{
    for (size_t i = 0; i < G_N_ELEMENTS(overlays); i++) {
        g_autofree char *tree = unpacked(overlays[i].layer, true);
        assert_text(overlays[i].name, overlays[i].tree, tree);
    }
}

/* What may not leave the folder, in either form. */
static const struct {
    const char *name, *layers, *tree;
} hostile[] = {
    {"link to the outside", "l a /tmp; f a/evil 1", "d a; f a/evil 1 (not alone)"},
    {"link above the root", "d d; l a ../../..; f a/evil 1", "l a ../../..; d d; f evil 1"},
    {"link above the root by a folder", "d d; l d/a ../../../..; f d/a/beside 1",
     "f beside 1; d d; l d/a ../../../.."},
    {"through a link to a link", "l a b; l b ..; f a/beside 1", "l a b; l b ..; f beside 1"},
    {"loop", "l a b; l b a; f a/c 1", "error: cannot unpack the entry 'a/c': "},
    {"hard link to the outside", "l a ..; h b a/beside",
     "error: the entry 'b' is a hard link to "
     "what is not there"},
    {"hard link through /proc", "l a /proc/self/root; h b a/etc/passwd",
     "error: the entry 'b' is a hard link to what is not there"},
    {"hard link to a folder", "d a; h b a", "error: the entry 'b' is a hard link to a folder"},
    {"file through its own link", "l a ../beside; f a 1", "f a 1"},
    {"whiteout of the root's parent", "f .wh...", "error: the entry '.wh...' hides no name"},
    {"whiteout of the folder", "d a; f a/.wh..", "error: the entry 'a/.wh..' hides no name"},
    {"whiteout of nothing", "f .wh.", "error: the entry '.wh.' hides no name"},
    {"below a file", "f a 1; f a/b 2", "d a; f a/b 2 (not alone)"},
    {"climbing", "f ../beside 1", "error: layer: the entry '../beside' has an absolute, climbing"},
};

TEST(hostile_layers)
{
    for (size_t i = 0; i < G_N_ELEMENTS(hostile); i++) {
        g_autofree char *tree = unpacked(hostile[i].layers, false);
        if (g_str_has_prefix(hostile[i].tree, "error: ") && strlen(tree) > strlen(hostile[i].tree))
            tree[strlen(hostile[i].tree)] = '\0';
        assert_text(hostile[i].name, hostile[i].tree, tree);
        g_autofree char *overlay = unpacked(hostile[i].layers, true);
        g_assert_nonnull(overlay);
    }
}

/* A whiteout through a link to the outside removes nothing there. */
TEST(whiteout_outside)
{
    g_autofree char *tree = unpacked("l a .. | f a/.wh.beside; f a/.wh..wh..opq", false);
    assert_text(NULL, "", tree);
}

static char *deep_path(const char *first)
{
    GString *path = g_string_new(first);
    for (unsigned i = 0; i < LIMIT_PATH_DEPTH - 4; i++)
        g_string_append(path, "/d");
    return g_string_free(path, FALSE);
}

/* Links lead every layer deeper than any path may be. */
TEST(depth_by_links)
{
    g_autofree char *one = deep_path("a"), *two = deep_path("b/l"), *three = deep_path("c/m");
    g_autofree char *layers = g_strdup_printf("f %s/x 1 | d b; l b/l /%s; f %s/x 1 | l c /%s; f %s",
                                              one, one, two, two, three);
    g_autofree char *tree = unpacked(layers, false);
    g_assert_true(g_str_has_prefix(tree, "error: cannot unpack the entry 'b/l/d/d/"));
}

/* The store of trees */

static char *store_dir(void)
{
    return g_dir_make_tmp("trees-XXXXXX", NULL);
}

static CacheTree *add_tree(TreeStore *store, const char *key, const char *content)
{
    GError *error = NULL;
    g_autoptr(TreeWriter) writer = tree_writer_new(store, &error);
    assert_no_error(error);
    g_autofree char *folder = g_build_filename(tree_writer_path(writer), "locked", NULL);
    g_autofree char *file = g_build_filename(folder, "file", NULL);
    g_assert_cmpint(mkdir(folder, 0755), ==, 0);
    g_assert_true(g_file_set_contents(file, content, -1, NULL));
    g_assert_cmpint(chmod(folder, 0555), ==, 0);
    CacheTree *tree = tree_writer_commit(writer, key, "a tree", &error);
    assert_no_error(error);
    return tree;
}

static char *list_trees(TreeStore *store)
{
    GString *out = g_string_new(NULL);
    GError *error = NULL;
    g_autoptr(GPtrArray) list = tree_store_list(store, &error);
    assert_no_error(error);
    for (guint i = 0; i < list->len; i++) {
        const TreeInfo *info = list->pdata[i];
        g_string_append_printf(out, "%s%s %s %u %u", i ? "; " : "", info->key, info->name,
                               (unsigned)info->entries, (unsigned)info->bytes);
    }
    return g_string_free(out, FALSE);
}

static void assert_trees(TreeStore *store, const char *expected)
{
    g_autofree char *found = list_trees(store);
    assert_text(NULL, expected, found);
}

static guint64 prune(TreeStore *store, gint64 before, guint64 keep)
{
    GError *error = NULL;
    guint64 removed = 0;
    tree_store_prune(store, before, keep, &removed, &error);
    assert_no_error(error);
    return removed;
}

TEST(tree_store)
{
    g_autofree char *dir = store_dir();
    g_autoptr(Cache) cache = cache_new(dir);
    g_autoptr(TreeStore) store = tree_store_new(cache);
    g_assert_null(tree_store_find(store, "abcd"));
    assert_trees(store, "");
    g_autoptr(CacheTree) one = add_tree(store, "abcd", "12345");
    g_autoptr(CacheTree) other = add_tree(store, "abef", "1");
    g_autoptr(CacheTree) again = add_tree(store, "abcd", "another");
    g_assert_cmpstr(one->path, ==, again->path);
    g_autoptr(CacheTree) found = tree_store_find(store, "abcd");
    g_assert_cmpstr(one->path, ==, found->path);
    assert_trees(store, "abcd a tree 2 5; abef a tree 2 1");
    /* What is in use stays. */
    g_assert_cmpuint(prune(store, G_MAXINT64, 0), ==, 0);
    g_clear_pointer(&other, cache_tree_free);
    g_assert_cmpuint(prune(store, G_MAXINT64, 0), ==, 1);
    assert_trees(store, "abcd a tree 2 5");
    g_clear_pointer(&one, cache_tree_free);
    g_clear_pointer(&again, cache_tree_free);
    g_clear_pointer(&found, cache_tree_free);
    g_assert_cmpuint(prune(store, G_MININT64, 5), ==, 0);
    g_assert_cmpuint(prune(store, G_MININT64, 4), ==, 5);
    assert_trees(store, "");
    io_remove_tree(dir, NULL);
}

TEST(tree_store_damage)
{
    g_autofree char *dir = store_dir();
    g_autoptr(Cache) cache = cache_new(dir);
    g_autoptr(TreeStore) store = tree_store_new(cache);
    g_autoptr(GPtrArray) damaged = NULL;
    GError *error = NULL;
    g_autoptr(CacheTree) tree = add_tree(store, "abcd", "12345");
    g_autofree char *file = g_build_filename(tree->path, "locked", "file", NULL);
    g_clear_pointer(&tree, cache_tree_free);
    tree_store_check(store, &damaged, &error);
    assert_no_error(error);
    g_assert_cmpuint(damaged->len, ==, 0);
    g_clear_pointer(&damaged, g_ptr_array_unref);
    g_assert_cmpint(truncate(file, 2), ==, 0);
    tree_store_check(store, &damaged, &error);
    assert_no_error(error);
    g_assert_cmpuint(damaged->len, ==, 1);
    assert_trees(store, "");
    io_remove_tree(dir, NULL);
}

/* A folder whose maker has died goes when the next one is made; one whose maker lives stays. */
TEST(tree_store_abandoned)
{
    g_autofree char *dir = store_dir();
    g_autoptr(Cache) cache = cache_new(dir);
    g_autoptr(TreeStore) store = tree_store_new(cache);
    GError *error = NULL;
    g_autoptr(TreeWriter) alive = tree_writer_new(store, &error);
    assert_no_error(error);
    g_autofree char *dead = g_build_filename(dir, "trees", ".new-abcdef", "tree", NULL);
    g_assert_cmpint(g_mkdir_with_parents(dead, 0755), ==, 0);
    g_autoptr(TreeWriter) next = tree_writer_new(store, &error);
    assert_no_error(error);
    g_assert_false(g_file_test(dead, G_FILE_TEST_EXISTS));
    g_assert_true(g_file_test(tree_writer_path(alive), G_FILE_TEST_IS_DIR));
    g_clear_pointer(&alive, tree_writer_free);
    g_clear_pointer(&next, tree_writer_free);
    io_remove_tree(dir, NULL);
}
