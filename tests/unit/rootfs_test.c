#include "tar_builder.h"
#include "test.h"

#include "image/rootfs.h"

#include <sys/stat.h>
#include <unistd.h>

static bool wants_all(const char *path, guint64 size)
{
    return true;
}

/* The tree that the layers make; NULL and *ret_error when one is refused. */
static ImageRoot *tree_of(const char *const *layers, char **ret_error)
{
    g_autoptr(ImageRoot) root = image_root_new_image(wants_all);
    for (; *layers; layers++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(GBytes) bytes = tar_build(*layers);
        g_autoptr(ArchiveReader) reader = archive_reader_new_bytes("layer", bytes, &error);
        if (reader && image_root_apply(root, reader, &error))
            continue;
        *ret_error = g_strdup(error->message);
        return NULL;
    }
    return g_steal_pointer(&root);
}

static void print_folder(const ImageRoot *root, const char *path, GString *out)
{
    g_autoptr(GPtrArray) names = image_root_list(root, path);
    for (guint i = 0; i < names->len; i++) {
        g_autofree char *child = g_strconcat(path, "/", names->pdata[i], NULL);
        g_autofree char *target = image_root_read_link(root, child);
        PathKind kind = image_root_stat(root, child, false, NULL);
        if (kind == PATH_FOLDER) {
            g_string_append_printf(out, "%s/\n", child);
            print_folder(root, child, out);
        } else if (target) {
            g_string_append_printf(out, "%s -> %s\n", child, target);
        } else if (kind == PATH_FILE) {
            g_autoptr(GBytes) bytes = image_root_read(root, child, 1000);
            g_string_append_printf(out, "%s=%.*s\n", child, (int)g_bytes_get_size(bytes),
                                   (const char *)g_bytes_get_data(bytes, NULL));
        } else {
            g_string_append_printf(out, "%s?\n", child);
        }
    }
}

static char *print_root(const ImageRoot *root)
{
    GString *out = g_string_new(NULL);
    print_folder(root, "", out);
    return g_string_free(out, FALSE);
}

static char *print_tree(const char *const *layers)
{
    char *error = NULL;
    g_autoptr(ImageRoot) root = tree_of(layers, &error);
    return root ? print_root(root) : error;
}

static const struct {
    const char *name;
    const char *layers[4];
    const char *expected;
} rows[] = {
    {"files and folders", {"d a\nf a/x 1\nf ./b//y 2\n"}, "/a/\n/a/x=1\n/b/\n/b/y=2\n"},
    {"a later layer wins", {"f a 1\n", "f a 2\n"}, "/a=2\n"},
    {"whiteout", {"f a/x 1\nf a/y 2\n", "f a/.wh.x\n"}, "/a/\n/a/y=2\n"},
    {"whiteout of a folder", {"f a/b/x 1\n", "f .wh.a\n"}, ""},
    {"a whiteout spares its own layer", {"f a/x 1\n", "f a/y 2\nf .wh.a\n"}, "/a/\n/a/y=2\n"},
    {"opaque", {"f a/x 1\nf a/b/z 1\n", "f a/y 2\nf a/.wh..wh..opq\n"}, "/a/\n/a/y=2\n"},
    {"a folder stays under a folder", {"f a/x 1\n", "d a\n"}, "/a/\n/a/x=1\n"},
    {"a file replaces a folder", {"f a/x 1\n", "f a 2\n"}, "/a=2\n"},
    {"a folder replaces a link", {"d u\nl a u\n", "d a\nf a/x 1\n"}, "/a/\n/a/x=1\n/u/\n"},
    {"parents that are links",
     {"d usr/lib\nl lib usr/lib\n", "f lib/x 1\n"},
     "/lib -> usr/lib\n/usr/\n/usr/lib/\n/usr/lib/x=1\n"},
    {"an absolute link stays inside",
     {"l lib /usr\nf lib/x 1\n"},
     "/lib -> /usr\n/usr/\n/usr/x=1\n"},
    {"hard link", {"f a 1\nh b a\n"}, "/a=1\n/b=1\n"},
    {"device", {"n dev/null\n"}, "/dev/\n/dev/null?\n"},
    {"empty layer", {""}, ""},
    {"climbing",
     {"f ../x 1\n"},
     "layer: the entry '../x' has an absolute, climbing or overlong path"},
    {"climbing in the middle",
     {"f a/../../x 1\n"},
     "layer: the entry 'a/../../x' has an absolute, climbing or overlong path"},
    {"absolute",
     {"f /etc/x 1\n"},
     "layer: the entry '/etc/x' has an absolute, climbing or overlong path"},
    {"hard link to nothing",
     {"h b a\n"},
     "the entry 'b' is a hard link to something that is not there"},
    {"hard link out", {"h b ../a\n"}, "layer: the entry 'b' is a hard link out of the tree"},
    {"behind a loop", {"l a b\nl b a\nf a/x 1\n"}, "the entry 'a/x' lies behind a loop of links"},
    {"twice", {"f a 1\nf a 2\n"}, "the entry 'a' is there twice in one layer"},
    {"twice, by a link",
     {"d u\nl l u\n", "f u/a 1\nf l/a 2\n"},
     "the entry 'l/a' is there twice in one layer"},
    {"a file where a folder is", {"f a/b 1\nf a 2\n"}, "the entry 'a' is there twice in one layer"},
    {"a folder where a link is", {"l a b\nd a\n"}, "the entry 'a' is there twice in one layer"},
    {"folders twice", {"d a\nf a/x 1\nd a\n"}, "/a/\n/a/x=1\n"},
    {"whiteout and new", {"f a 1\n", "f .wh.a\nf a 2\n"}, "/a=2\n"},
    {"bare whiteout", {"f .wh. 1\n"}, "the entry '.wh.' has a name that no file can have"},
};

TEST(layers)
{
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *found = print_tree(rows[i].layers);
        assert_text(rows[i].name, rows[i].expected, found);
    }
}

static char *attributes(const ImageRoot *root, const char *path)
{
    unsigned mode;
    guint64 uid, gid;
    if (!image_root_attributes(root, path, &mode, &uid, &gid))
        return NULL;
    return g_strdup_printf("%o %" G_GUINT64_FORMAT ":%" G_GUINT64_FORMAT, mode, uid, gid);
}

/* Hard links, links as such, folders of several layers, and parents that no entry is for. */
static const char *const attributed[] = {
    "d,1777,0,0 tmp\nf,4755,0,7 bin/su x\nh,600,9,9 bin/su2 bin/su\n"
    "l,777,3,3 link bin\nd,750,5,6 home\n",
    "d,700,1,2 home\nf,600,8,8 implied/x\nd,711,4,4 .\n", NULL};
static const char *const attributes_found[][2] = {
    {"/tmp", "1777 0:0"},     {"/bin", "755 0:0"},     {"/bin/su", "4755 0:7"},
    {"/bin/su2", "4755 0:7"}, {"/link", "777 3:3"},    {"/link/su", "4755 0:7"},
    {"/home", "700 1:2"},     {"/implied", "755 0:0"}, {"/implied/x", "600 8:8"},
    {"/", "711 4:4"},         {"/nothing", NULL},
};

static void check_attributes(const ImageRoot *root)
{
    for (size_t i = 0; i < G_N_ELEMENTS(attributes_found); i++) {
        g_autofree char *found = attributes(root, attributes_found[i][0]);
        assert_text(attributes_found[i][0], attributes_found[i][1], found);
    }
}

TEST(attributes)
{
    char *refused = NULL;
    g_autoptr(ImageRoot) root = tree_of(attributed, &refused);
    check_attributes(root);
    g_autoptr(GBytes) bytes = image_root_encode(root);
    g_autoptr(ImageRoot) again = image_root_decode(bytes);
    check_attributes(again);
    const char *const plain[] = {"f x 1\n", NULL};
    g_autoptr(ImageRoot) bare = tree_of(plain, &refused);
    g_autofree char *top = attributes(bare, "/");
    assert_text(NULL, "755 0:0", top);
}

/* Whatever tree it is, its bytes make the same one, and the same bytes. */
TEST(encoded)
{
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        char *refused = NULL;
        g_autoptr(ImageRoot) root = tree_of(rows[i].layers, &refused);
        g_free(refused);
        if (!root)
            continue;
        g_autoptr(GBytes) bytes = image_root_encode(root);
        g_autoptr(ImageRoot) decoded = image_root_decode(bytes);
        g_assert_nonnull(decoded);
        g_autofree char *found = print_root(decoded);
        assert_text(rows[i].name, rows[i].expected, found);
        g_autoptr(GBytes) again = image_root_encode(decoded);
        g_assert_true(g_bytes_equal(bytes, again));
    }
}

/* A layer over a tree that was encoded does what it does over the tree itself. */
TEST(encoded_goes_on)
{
    const char *const lower[] = {"f a/x 1\nf a/y 2\nl b a\n", NULL};
    char *refused = NULL;
    g_autoptr(ImageRoot) root = tree_of(lower, &refused);
    g_autoptr(GBytes) bytes = image_root_encode(root);
    g_autoptr(ImageRoot) decoded = image_root_decode(bytes);
    g_autoptr(GBytes) layer = tar_build("f b/.wh.x\nl b/z q\n");
    g_autoptr(GError) error = NULL;
    g_autoptr(ArchiveReader) reader = archive_reader_new_bytes("layer", layer, &error);
    g_assert_true(image_root_apply(decoded, reader, &error));
    g_autofree char *found = print_root(decoded);
    assert_text(NULL, "/a/\n/a/y=2\n/a/z -> q\n/b -> a\n", found);
}

/* Cut or changed bytes are refused, or make some tree; nothing else happens. */
TEST(damaged)
{
    char *refused = NULL;
    g_autoptr(ImageRoot) root = tree_of(attributed, &refused);
    g_autoptr(GBytes) whole = image_root_encode(root);
    gsize length;
    const guint8 *bytes = g_bytes_get_data(whole, &length);
    for (gsize n = 0; n < length; n++) {
        g_autoptr(GBytes) cut = g_bytes_new(bytes, n);
        g_assert_null(image_root_decode(cut));
        for (unsigned bit = 0; bit < 8; bit++) {
            guint8 *changed = g_memdup2(bytes, length);
            changed[n] ^= (guint8)(1u << bit);
            g_autoptr(GBytes) taken = g_bytes_new_take(changed, length);
            g_autoptr(ImageRoot) tree = image_root_decode(taken);
            g_autoptr(GBytes) again = tree ? image_root_encode(tree) : NULL;
        }
    }
    g_autofree guint8 *longer = g_malloc0(length + 1);
    memcpy(longer, bytes, length);
    g_autoptr(GBytes) more = g_bytes_new(longer, length + 1);
    g_assert_null(image_root_decode(more));
}

TEST(links)
{
    const char *const layers[] = {"d usr/bin\nf usr/bin/python3.11 x\nl bin usr/bin\n"
                                  "l usr/bin/python3 /etc/alternatives/python3\n"
                                  "l etc/alternatives/python3 ../../usr/bin/python3.11\n"
                                  "l up ../../../usr\nl loop loop\nl dangling nowhere\n",
                                  NULL};
    char *refused = NULL;
    g_autoptr(ImageRoot) root = tree_of(layers, &refused);
    static const char *const table[][2] = {
        {"/bin/python3", "/usr/bin/python3.11"},
        {"/up/bin/../bin/./python3", "/usr/bin/python3.11"},
        {"/../usr", "/usr"},
        {"/", "/"},
        {"/loop", NULL},
        {"/loop/x", NULL},
        {"/dangling", NULL},
        {"/usr/bin/python3.11/x", NULL},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(table); i++) {
        g_autofree char *found = image_root_resolve(root, table[i][0]);
        assert_text(table[i][0], table[i][1], found);
    }
    g_assert_cmpint(image_root_stat(root, "/loop", false, NULL), ==, PATH_LINK);
    g_assert_cmpint(image_root_stat(root, "/loop", true, NULL), ==, PATH_NONE);
    g_assert_null(image_root_read(root, "/bin/python3", 0));
    g_assert_null(image_root_list(root, "/bin/python3"));
}

/* A folder answers as the layers do, and nothing of the machine is seen through its links. */
TEST(folder)
{
    g_autofree char *dir = g_build_filename(g_get_user_cache_dir(), "root", NULL);
    g_autofree char *etc = g_build_filename(dir, "etc", NULL);
    g_autofree char *file = g_build_filename(dir, "etc", "passwd", NULL);
    g_autofree char *out = g_build_filename(dir, "out", NULL);
    g_assert_cmpint(g_mkdir_with_parents(etc, 0755), ==, 0);
    g_assert_true(g_file_set_contents(file, "inside", -1, NULL));
    g_assert_cmpint(symlink("/etc/passwd", out), ==, 0);
    g_autoptr(GError) error = NULL;
    g_autoptr(ImageRoot) root = image_root_new_folder(dir, &error);
    assert_no_error(g_steal_pointer(&error));
    g_autoptr(GBytes) bytes = image_root_read(root, "/out", 100);
    g_assert_cmpuint(g_bytes_get_size(bytes), ==, 6);
    g_autofree char *real = image_root_resolve(root, "/out");
    assert_text(NULL, "/etc/passwd", real);
    g_assert_null(image_root_read(root, "/out", 5));
    g_autoptr(GPtrArray) names = image_root_list(root, "/");
    g_assert_cmpuint(names->len, ==, 2);
    g_assert_cmpint(chmod(file, 0640), ==, 0);
    g_autofree char *owned = attributes(root, "/etc/passwd");
    assert_text(NULL, "640 0:0", owned);
    g_assert_null(image_root_new_folder("/nowhere/at/all", &error));
    g_assert_nonnull(error);
}

/* Cut archives are refused, wherever the cut is. */
TEST(truncated)
{
    g_autoptr(GBytes) whole = tar_build("f a/x 0123456789\nf b 1\n");
    for (size_t n = 1; n < 2048; n += 100) {
        g_autoptr(GBytes) cut = g_bytes_new_from_bytes(whole, 0, n);
        g_autoptr(GError) error = NULL;
        g_autoptr(ArchiveReader) reader = archive_reader_new_bytes("layer", cut, &error);
        g_autoptr(ImageRoot) root = image_root_new_image(wants_all);
        bool ok = reader && image_root_apply(root, reader, &error);
        if (ok && n % 512 > 12)
            g_test_message("cut at %zu", n);
        g_assert_true(!ok || n % 512 <= 12);
    }
}
