#include "test.h"

#include "archive/tar_write.h"
#include "base/io.h"
#include "base/limits.h"
#include "base/sorted.h"
#include "image/document.h"
#include "image/flatten.h"
#include "image/layers_output.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <unistd.h>

/* A layer is a text: entries with ";" between them.
 *   d PATH [MODE]     a folder
 *   f PATH [TEXT]     a file with that content
 *   l PATH TARGET     a symbolic link
 *   h PATH TARGET     a hard link
 *   x PATH VALUE      an empty file with that attribute */
static GBytes *make_tar(const char *text)
{
    GByteArray *tar = g_byte_array_new();
    g_auto(GStrv) entries = g_strsplit(text, "; ", -1);
    static const char zeros[TAR_END_BYTES];
    for (char **item = entries; *item && **item; item++) {
        g_auto(GStrv) words = g_strsplit(*item, " ", 3);
        const char *more = words[2] ? words[2] : "";
        bool attribute = words[0][0] == 'x';
        EntryKind kind = words[0][0] == 'd'   ? ENTRY_FOLDER
                         : words[0][0] == 'f' ? ENTRY_FILE
                         : attribute          ? ENTRY_FILE
                         : words[0][0] == 'l' ? ENTRY_SYMLINK
                                              : ENTRY_HARDLINK;
        bool folder = kind == ENTRY_FOLDER;
        size_t size = kind == ENTRY_FILE && !attribute ? strlen(more) : 0, length;
        g_autoptr(GBytes) value = g_bytes_new(more, strlen(more));
        ArchiveXattr xattr = {(char *)"security.capability", value};
        g_autoptr(GPtrArray) xattrs = g_ptr_array_new();
        g_ptr_array_add(xattrs, &xattr);
        ArchiveEntry entry = {.kind = kind,
                              .path = words[1],
                              .target = more,
                              .size = size,
                              .xattrs = attribute ? xattrs : NULL,
                              .mode = folder && *more ? (unsigned)strtoul(more, NULL, 8) : 0700};
        guint8 header[TAR_HEADER_BYTES];
        GError *error = NULL;
        tar_header_write(&entry, header, &length, &error);
        assert_no_error(error);
        g_byte_array_append(tar, header, (guint)length);
        g_byte_array_append(tar, (const guint8 *)more, (guint)size);
        g_byte_array_append(tar, (const guint8 *)zeros, tar_padding(size));
    }
    g_byte_array_append(tar, (const guint8 *)zeros, TAR_END_BYTES);
    return g_byte_array_free_to_bytes(tar);
}

/* The inverse, of a tar file. */
static char *list_tar(const char *path)
{
    g_autoptr(GString) out = g_string_new(NULL);
    GError *error = NULL;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    g_autoptr(ArchiveReader) reader = archive_reader_new_fd(path, fd, &error);
    const ArchiveEntry *entry;
    while (reader && archive_reader_next(reader, &entry, &error) && entry) {
        static const char kinds[] = {[ENTRY_FILE] = 'f',
                                     [ENTRY_FOLDER] = 'd',
                                     [ENTRY_SYMLINK] = 'l',
                                     [ENTRY_HARDLINK] = 'h'};
        g_string_append_printf(out, "%s%c %s", out->len ? "; " : "",
                               entry->xattrs ? 'x' : kinds[entry->kind], entry->path);
        for (guint i = 0; entry->xattrs && i < entry->xattrs->len; i++) {
            const ArchiveXattr *xattr = entry->xattrs->pdata[i];
            gsize length;
            const char *value = g_bytes_get_data(xattr->value, &length);
            g_string_append_printf(out, " %.*s", (int)length, value);
        }
        if (entry->kind == ENTRY_FOLDER && entry->mode != 0700)
            g_string_append_printf(out, " %o", entry->mode);
        if (entry->kind == ENTRY_SYMLINK || entry->kind == ENTRY_HARDLINK)
            g_string_append_printf(out, " %s", entry->target);
        if (entry->kind == ENTRY_FILE && entry->size > 0) {
            g_autoptr(GBytes) bytes = archive_reader_read_all(reader, MIB, &error);
            g_string_append_c(out, ' ');
            g_string_append_len(out, g_bytes_get_data(bytes, NULL),
                                (gssize)g_bytes_get_size(bytes));
        }
    }
    assert_no_error(error);
    close(fd);
    return g_string_free(g_steal_pointer(&out), FALSE);
}

static GPtrArray *make_layers(const char *text)
{
    GPtrArray *layers = g_ptr_array_new_with_free_func((GDestroyNotify)image_blob_free);
    g_auto(GStrv) parts = g_strsplit(text, " | ", -1);
    for (char **part = parts; *part; part++)
        g_ptr_array_add(layers, image_blob_new_bytes(MEDIA_TYPE_LAYER, make_tar(*part)));
    return layers;
}

static const struct {
    const char *name, *layers, *merged;
} good[] = {
    {"nothing", "", ""},
    {"one layer", "d a; f a/b 1; l c a/b; h d a/b", "d a; f a/b 1; h d a/b; l c a/b"},
    {"last layer wins", "f a 1; f b 1 | f a 2", "f b 1; f a 2"},
    {"folders come first, with their last attributes", "f z 1; d b 711; d a 700; f a/x 2 | d b 755",
     "d a; d b 755; f z 1; f a/x 2"},
    {"missing parents", "f a/b/c 1", "d a 755; d a/b 755; f a/b/c 1"},
    {"last entry of a layer wins", "f a 1; f a 2; d b 711; d b 722", "d b 722; f a 2"},
    {"whiteout", "d a; f a/x 1; f a/y 2; f b 3 | f a/.wh.x; f .wh.b", "d a; f a/y 2"},
    {"whiteout of a folder", "d a; d a/b; f a/b/c 1; f d 1 | f .wh.a", "f d 1"},
    {"a whiteout spares its own layer", "f a 1 | f a 2; f .wh.a", "f a 2"},
    {"and what the layer put below", "d a; f a/old 1 | f a/new 2; f .wh.a", "d a; f a/new 2"},
    {"whiteout of nothing", "f a 1 | f .wh.b", "f a 1"},
    {"parents of a whiteout", "f a 1 | f c/.wh.d", "d c 755; f a 1"},
    {"removed and made again", "d a 711; f a/x 1 | f .wh.a | f a/y 2", "d a 755; f a/y 2"},
    {"opaque first", "d a; f a/x 1 | d a; f a/.wh..wh..opq; f a/y 2", "d a; f a/y 2"},
    {"opaque last", "d a; f a/x 1; d a/s; f a/s/t 1 | f a/y 2; f a/s/u 3; f a/.wh..wh..opq",
     "d a; d a/s; f a/y 2; f a/s/u 3"},
    {"a file over a folder", "d a; f a/b 1 | f a 2", "f a 2"},
    {"a folder over a file", "f a 1 | d a; f a/b 2", "d a; f a/b 2"},
    {"a folder over a link", "d a; f a/b 1; l c a | d c; f c/d 2", "d a; d c; f a/b 1; f c/d 2"},
    {"parents that are links", "d usr; l bin usr; l usr/abs /usr | f bin/x 1; f usr/abs/y 2",
     "d usr; l bin usr; l usr/abs /usr; f usr/x 1; f usr/y 2"},
    {"links do not leave the tree", "l a ../../b; d b | f a/x 1; f b/.wh.y",
     "d b; l a ../../b; f b/x 1"},
    {"a link to nothing as parent", "l a b | f a/x 1", "d b 755; l a b; f b/x 1"},
    {"a file as parent gives way", "f a 1 | f a/b 2", "d a 755; f a/b 2"},
    {"a name of a removed file", "f a 1; h b a; h c a | f .wh.a", "f b 1; h c b"},
    {"a name that was replaced", "f a 1; h b a | f a 2", "f b 1; f a 2"},
    {"links over layers", "f a 1 | h b a; f c 2", "f a 1; h b a; f c 2"},
    {"a link onto itself", "f a 1; h a a", "f a 1"},
    {"a hard link to a link", "l a x; h b a", "l a x; h b a"},
    {"attributes of a file", "x a cap; h b a | f c 1; x d other",
     "x a cap; h b a; f c 1; x d other"},
    {"attributes go with a file that is replaced", "x a cap | f a 1", "f a 1"},
    {"the target comes first", "f z 1; h a z; f b 2", "f z 1; h a z; f b 2"},
};

TEST(layers_laid_over_each_other)
{
    g_autofree char *dir = g_dir_make_tmp("flatten-XXXXXX", NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(good); i++) {
        g_autofree char *path = g_build_filename(dir, "out.tar", NULL);
        g_autoptr(GPtrArray) layers = make_layers(good[i].layers);
        GError *error = NULL;
        image_flatten(layers, path, &error);
        assert_no_error(error);
        g_autofree char *found = list_tar(path);
        assert_text(good[i].name, good[i].merged, found);
    }
}

static const struct {
    const char *layers, *message;
} bad[] = {
    {"h a b", "the entry 'a' is a hard link to something that is not there"},
    {"d b; h a b", "the entry 'a' is a hard link to something that is not there"},
    {"l a b; l b a; f a/x", "the entry 'a/x' lies behind a loop of links"},
    {"l a a | f a/.wh.x", "the entry 'a/.wh.x' lies behind a loop of links"},
    {"f x/.wh.", "the entry 'x/.wh.' has a name that no file can have"},
};

TEST(layers_that_cannot_be)
{
    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autoptr(GPtrArray) layers = make_layers(bad[i].layers);
        const ImageBlob *last = layers->pdata[layers->len - 1];
        g_autoptr(GError) error = NULL;
        g_assert_false(image_flatten(layers, "nowhere/out.tar", &error));
        g_autofree char *message = g_strdup_printf("layer %s: %s", last->digest, bad[i].message);
        assert_text(bad[i].layers, message, error->message);
        g_assert_cmpint(error_exit_status(error), ==, 1);
        g_assert_false(g_file_test("nowhere", G_FILE_TEST_EXISTS));
    }
}

/* Depth is bounded although links lead ever deeper. */
TEST(links_that_lead_deeper)
{
    g_autoptr(GString) text = g_string_new("d d");
    g_autofree char *path = NULL;
    g_autoptr(GString) deep = g_string_new("d");
    for (unsigned i = 0; i < 100; i++)
        g_string_append(deep, "/d");
    for (unsigned i = 0; i < 4; i++)
        g_string_append_printf(text, "; l l%u %s%s%s; f l%u/x", i, i ? "l" : "",
                               i ? (char[]){(char)('0' + i - 1), '/', '\0'} : "", deep->str, i);
    g_autoptr(GPtrArray) layers = make_layers(text->str);
    g_autoptr(GError) error = NULL;
    g_assert_false(image_flatten(layers, "nowhere/out.tar", &error));
    g_assert_nonnull(strstr(error->message, "lies too deep"));
}

/* layers:DIR */

static char *list_dir(const char *dir)
{
    g_autoptr(GPtrArray) names = sorted_dir(dir, 100, NULL);
    GString *out = g_string_new(NULL);
    for (guint i = 0; i < names->len; i++)
        g_string_append_printf(out, "%s%s", i ? " " : "", (char *)names->pdata[i]);
    return g_string_free(out, FALSE);
}

static gboolean write_layers(const char *dir, const char *text, GError **error)
{
    g_autoptr(GPtrArray) layers = make_layers(text);
    g_autoptr(GPtrArray) sources = g_ptr_array_new();
    g_autoptr(GPtrArray) diff_ids = g_ptr_array_new();
    for (guint i = 0; i < layers->len; i++) {
        ImageBlob *layer = layers->pdata[i];
        g_ptr_array_add(sources, (char *)"a \"source\"");
        g_ptr_array_add(diff_ids, layer->digest);
    }
    return image_layers_write(dir, layers, sources, diff_ids, error);
}

TEST(layers_in_a_folder)
{
    g_autofree char *tmp = g_dir_make_tmp("layers-XXXXXX", NULL);
    g_autofree char *dir = g_build_filename(tmp, "new", "layers", NULL);
    GError *error = NULL;
    write_layers(dir, "f a 1 | f b 2", &error);
    assert_no_error(error);
    g_autofree char *list = g_build_filename(dir, "layers.json", NULL), *text = NULL;
    io_load(list, MIB, &text, NULL, &error);
    assert_no_error(error);
    g_autoptr(GPtrArray) layers = make_layers("f a 1 | f b 2");
    const ImageBlob *first = layers->pdata[0], *second = layers->pdata[1];
    g_autofree char *expected = g_strdup_printf(
        "{\n  \"schema\": \"ramekin.layers/1\",\n  \"layers\": [\n"
        "    {\"file\": \"000-%.12s.tar\", \"source\": \"a \\\"source\\\"\", \"digest\": \"%s\", "
        "\"diff_id\": \"%s\", \"size\": 2048, "
        "\"media_type\": \"application/vnd.oci.image.layer.v1.tar\"},\n"
        "    {\"file\": \"001-%.12s.tar\", \"source\": \"a \\\"source\\\"\", \"digest\": \"%s\", "
        "\"diff_id\": \"%s\", \"size\": 2048, "
        "\"media_type\": \"application/vnd.oci.image.layer.v1.tar\"}\n  ]\n}\n",
        first->digest + 7, first->digest, first->digest, second->digest + 7, second->digest,
        second->digest);
    assert_text("layers.json", expected, text);

    write_layers(dir, "f b 2", &error);
    assert_no_error(error);
    g_autofree char *names = list_dir(dir);
    g_autofree char *wanted = g_strdup_printf("000-%.12s.tar layers.json", second->digest + 7);
    assert_text("after another run", wanted, names);
}

TEST(folders_for_other_things)
{
    static const struct {
        const char *file, *text, *message;
    } rows[] = {
        {"notes", "", "%s is not empty and has no layers.json"},
        {"layers.json", "{}", "%s/layers.json is not of the schema ramekin.layers/1"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *dir = g_dir_make_tmp("layers-XXXXXX", NULL);
        g_autofree char *path = g_build_filename(dir, rows[i].file, NULL);
        g_assert_true(g_file_set_contents(path, rows[i].text, -1, NULL));
        g_autoptr(GError) error = NULL;
        g_assert_false(write_layers(dir, "f a 1", &error));
        g_auto(GStrv) parts = g_strsplit(rows[i].message, "%s", 2);
        g_autofree char *message = g_strjoinv(dir, parts);
        assert_text(NULL, message, error->message);
        g_autofree char *names = list_dir(dir);
        assert_text(NULL, rows[i].file, names);
    }
}
