#include "tar_builder.h"
#include "test.h"

#include "base/digest.h"
#include "base/io.h"
#include "image/base_image.h"

#include <fcntl.h>
#include <gio/gio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

typedef struct {
    char *dir;
    Cache *cache;
    BlobStore *blobs;
    Platform *platform;
} Fixture;

static Fixture *fixture_new(void)
{
    Fixture *fixture = g_new0(Fixture, 1);
    fixture->dir = g_build_filename(g_get_user_cache_dir(), "images", NULL);
    g_mkdir_with_parents(fixture->dir, 0755);
    g_autofree char *cache = g_build_filename(g_get_user_cache_dir(), "cache", NULL);
    fixture->cache = cache_new(cache);
    fixture->blobs = blob_store_new(fixture->cache);
    fixture->platform = platform_parse("linux/amd64", NULL);
    return fixture;
}

static void fixture_free(Fixture *fixture)
{
    blob_store_free(fixture->blobs);
    cache_free(fixture->cache);
    platform_free(fixture->platform);
    g_free(fixture->dir);
    g_free(fixture);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Fixture, fixture_free)

static GBytes *gzipped(GBytes *bytes)
{
    g_autoptr(GZlibCompressor) zlib = g_zlib_compressor_new(G_ZLIB_COMPRESSOR_FORMAT_GZIP, 6);
    gsize length, read, written;
    const void *data = g_bytes_get_data(bytes, &length);
    char *out = g_malloc(length + 1000);
    g_converter_convert(G_CONVERTER(zlib), data, length, out, length + 1000,
                        G_CONVERTER_INPUT_AT_END, &read, &written, NULL);
    return g_bytes_new_take(out, written);
}

static char *digest_of(GBytes *bytes)
{
    g_autofree char *hex = digest_sha256(g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes));
    return g_strconcat("sha256:", hex, NULL);
}

/* Files of an image by name; what writes them is a folder or a tar. */
typedef struct {
    GPtrArray *names, *contents;
} Files;

static Files files_new(void)
{
    return (Files){g_ptr_array_new_with_free_func(g_free),
                   g_ptr_array_new_with_free_func((GDestroyNotify)g_bytes_unref)};
}

static void files_add(Files *files, const char *name, GBytes *content)
{
    g_ptr_array_add(files->names, g_strdup(name));
    g_ptr_array_add(files->contents, g_bytes_ref(content));
}

static void files_clear(Files *files)
{
    g_ptr_array_unref(files->names);
    g_ptr_array_unref(files->contents);
}

static char *files_add_blob(Files *files, GBytes *content)
{
    g_autofree char *digest = digest_of(content);
    g_autofree char *name = g_strconcat("blobs/sha256/", digest + 7, NULL);
    files_add(files, name, content);
    return g_strdup_printf("\"digest\": \"%s\", \"size\": %" G_GSIZE_FORMAT, digest,
                           g_bytes_get_size(content));
}

static char *files_add_text(Files *files, char *text)
{
    g_autoptr(GBytes) bytes = g_bytes_new_take(text, strlen(text));
    return files_add_blob(files, bytes);
}

static void write_file(const char *dir, const char *name, GBytes *content)
{
    g_autofree char *path = g_build_filename(dir, name, NULL);
    g_autofree char *parent = g_path_get_dirname(path);
    g_mkdir_with_parents(parent, 0755);
    g_assert_true(g_file_set_contents(path, g_bytes_get_data(content, NULL),
                                      (gssize)g_bytes_get_size(content), NULL));
}

/* An OCI image of the layers (blobs) with these diff_ids, and one more member in each layer's
 * descriptor. */
static Files oci_files(GBytes *const *layers, const char *const *diff_ids, const char *more)
{
    Files files = files_new();
    GString *descriptors = g_string_new(NULL), *ids = g_string_new(NULL);
    for (guint i = 0; layers[i]; i++) {
        g_autofree char *blob = files_add_blob(&files, layers[i]);
        g_string_append_printf(descriptors, "%s{%s%s}", i ? "," : "", blob, more);
        g_string_append_printf(ids, "%s\"%s\"", i ? "," : "", diff_ids[i]);
    }
    g_autofree char *config = files_add_text(
        &files, g_strdup_printf("{\"os\": \"linux\", \"architecture\": \"amd64\", \"config\": "
                                "{\"Env\": [\"A=b\"]}, \"rootfs\": {\"diff_ids\": [%s]}}",
                                ids->str));
    g_autofree char *manifest = files_add_text(
        &files, g_strdup_printf("{\"schemaVersion\": 2, \"config\": {%s}, \"layers\": [%s]}",
                                config, descriptors->str));
    g_autofree char *index =
        g_strdup_printf("{\"schemaVersion\": 2, \"manifests\": [{%s}]}", manifest);
    g_autoptr(GBytes) bytes = g_bytes_new(index, strlen(index));
    files_add(&files, "index.json", bytes);
    g_string_free(descriptors, TRUE);
    g_string_free(ids, TRUE);
    return files;
}

static void write_folder(const Files *files, const char *dir)
{
    for (guint i = 0; i < files->names->len; i++)
        write_file(dir, files->names->pdata[i], files->contents->pdata[i]);
}

static GBytes *as_tar(const Files *files)
{
    static const guint8 end[1024] = {0};
    GByteArray *out = g_byte_array_new();
    for (guint i = 0; i < files->names->len; i++) {
        gsize length;
        const void *data = g_bytes_get_data(files->contents->pdata[i], &length);
        tar_add_bytes(out, '0', (TarOwner){0644, 0, 0}, files->names->pdata[i], NULL, data, length);
    }
    g_byte_array_append(out, end, sizeof end);
    return g_byte_array_free_to_bytes(out);
}

static BaseImage *open_at(const Fixture *fixture, LayoutKind kind, const char *path, GError **error)
{
    g_autoptr(ImageLayout) layout = image_layout_open(kind, path, "base", error);
    return layout ? base_image_open_layout(layout, NULL, fixture->platform, fixture->blobs, error)
                  : NULL;
}

/* The bytes that a blob names are there and are those of its digest. */
static void check_blob(const ImageBlob *blob)
{
    g_autofree char *text = NULL;
    gsize length;
    g_assert_true(g_file_get_contents(blob->path, &text, &length, NULL));
    g_assert_cmpuint(blob->offset + blob->size, <=, length);
    g_autofree char *hex = digest_sha256(text + blob->offset, (size_t)blob->size);
    assert_text(NULL, blob->digest + 7, hex);
}

static void check_image(const BaseImage *image, GBytes *const *layers, const char *const *diff_ids,
                        const char *const *types)
{
    for (guint i = 0; layers[i]; i++) {
        const ImageBlob *blob = image->layers->pdata[i];
        g_autofree char *digest = digest_of(layers[i]);
        assert_text(NULL, digest, blob->digest);
        assert_text(NULL, types[i], blob->media_type);
        assert_text(NULL, diff_ids[i], image->config->diff_ids->pdata[i]);
        check_blob(blob);
    }
    g_assert_cmpuint(image->layers->len, ==, image->config->diff_ids->len);
    g_assert_cmpuint(image->layers->len, ==, image->annotations->len);
}

/* Two layers, one of them compressed. */
typedef struct {
    GBytes *tars[2], *layers[3];
    char *diff_ids[2];
} Layers;

static Layers two_layers(void)
{
    Layers layers = {.tars = {tar_build("d a\nf a/x 1\n"), tar_build("f a/y 2\n")}};
    layers.layers[0] = gzipped(layers.tars[0]);
    layers.layers[1] = g_bytes_ref(layers.tars[1]);
    for (guint i = 0; i < 2; i++)
        layers.diff_ids[i] = digest_of(layers.tars[i]);
    return layers;
}

static void layers_clear(Layers *layers)
{
    for (guint i = 0; i < 2; i++) {
        g_bytes_unref(layers->tars[i]);
        g_bytes_unref(layers->layers[i]);
        g_free(layers->diff_ids[i]);
    }
}

static const char *const two_types[] = {MEDIA_TYPE_LAYER_GZIP, MEDIA_TYPE_LAYER};

/* The same image as folder, archive and compressed archive; opened twice, the second time from
 * memory. */
TEST(forms)
{
    g_autoptr(Fixture) fixture = fixture_new();
    Layers layers = two_layers();
    const char *const ids[] = {layers.diff_ids[0], layers.diff_ids[1]};
    Files files = oci_files(layers.layers, ids, "");
    g_autoptr(GBytes) tar = as_tar(&files);
    g_autoptr(GBytes) packed = gzipped(tar);
    write_folder(&files, fixture->dir);
    write_file(fixture->dir, "image.tar", tar);
    write_file(fixture->dir, "image.tar.gz", packed);
    static const struct {
        const char *name;
        LayoutKind kind;
        bool offset, extracted;
    } forms[] = {
        {"", LAYOUT_FOLDER, false, false},
        {"image.tar", LAYOUT_ARCHIVE, true, false},
        {"image.tar.gz", LAYOUT_ARCHIVE, false, true},
    };
    for (size_t i = 0; i < 2 * G_N_ELEMENTS(forms); i++) {
        g_autoptr(GError) error = NULL;
        g_autofree char *path = g_build_filename(fixture->dir, forms[i / 2].name, NULL);
        g_autoptr(BaseImage) image = open_at(fixture, forms[i / 2].kind, path, &error);
        assert_no_error(g_steal_pointer(&error));
        check_image(image, layers.layers, ids, two_types);
        assert_text(NULL, "A=b", image->config->env[0]);
        const ImageBlob *blob = image->layers->pdata[1];
        g_assert_true((blob->offset > 0) == forms[i / 2].offset);
        g_assert_true(g_str_has_prefix(blob->path, cache_dir(fixture->cache)) ==
                      forms[i / 2].extracted);
    }
    files_clear(&files);
    layers_clear(&layers);
}

/* What is wrong with an image, and what is said. */
TEST(refused)
{
    static const char OTHER[] =
        "sha256:1111111111111111111111111111111111111111111111111111111111111111";
    static const struct {
        const char *name, *more, *diff_id, *instead, *message;
    } rows[] = {
        {"wrong diff_id", "", OTHER, NULL, "but the configuration says sha256:1111"},
        {"wrong digest", "", NULL, "f a/y 3\n", "its digest is sha256:"},
        {"shorter", "", NULL, "", "but the manifest says"},
        {"no layer", ", \"mediaType\": \"text/plain\"", NULL, NULL, "no layer: its media type is"},
    };
    g_autoptr(Fixture) fixture = fixture_new();
    Layers layers = two_layers();
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        const char *const ids[] = {layers.diff_ids[0],
                                   rows[i].diff_id ? rows[i].diff_id : layers.diff_ids[1]};
        Files files = oci_files(layers.layers, ids, rows[i].more);
        g_autofree char *dir = g_strdup_printf("%s/%zu", fixture->dir, i);
        write_folder(&files, dir);
        if (rows[i].instead) {
            g_autoptr(GBytes) instead = tar_build(rows[i].instead);
            write_file(dir, files.names->pdata[1], instead);
        }
        g_autoptr(GError) error = NULL;
        g_autoptr(BaseImage) image = open_at(fixture, LAYOUT_FOLDER, dir, &error);
        g_assert_null(image);
        if (!strstr(error->message, rows[i].message))
            assert_text(rows[i].name, rows[i].message, error->message);
        g_assert_cmpint(error->code, ==, ERROR_INPUT);
        files_clear(&files);
    }
    layers_clear(&layers);
}

static void age(const char *path)
{
    const struct timespec times[2] = {{.tv_sec = 1000000000}, {.tv_sec = 1000000000}};
    g_assert_cmpint(utimensat(AT_FDCWD, path, times, AT_SYMLINK_NOFOLLOW), ==, 0);
}

/* A blob is read once for each state of its file, and again when that has changed. */
TEST(remembered)
{
    g_autoptr(Fixture) fixture = fixture_new();
    Layers layers = two_layers();
    const char *const ids[] = {layers.diff_ids[0], layers.diff_ids[1]};
    Files files = oci_files(layers.layers, ids, "");
    write_folder(&files, fixture->dir);
    g_autofree char *blob = g_build_filename(fixture->dir, files.names->pdata[1], NULL);
    age(blob);
    g_autoptr(GError) error = NULL;
    g_autoptr(BaseImage) first = open_at(fixture, LAYOUT_FOLDER, fixture->dir, &error);
    assert_no_error(g_steal_pointer(&error));
    /* in place and as old as it was: what no program does tells that it is not read again */
    g_autoptr(GBytes) other = tar_build("f a/y 3\n");
    FILE *stream = fopen(blob, "r+");
    fwrite(g_bytes_get_data(other, NULL), 1, g_bytes_get_size(other), stream);
    fclose(stream);
    age(blob);
    g_autoptr(BaseImage) second = open_at(fixture, LAYOUT_FOLDER, fixture->dir, &error);
    assert_no_error(g_steal_pointer(&error));
    write_file(fixture->dir, files.names->pdata[1], other);
    g_assert_null(open_at(fixture, LAYOUT_FOLDER, fixture->dir, &error));
    g_assert_nonnull(strstr(error->message, "layer 2 of 2: "));
    files_clear(&files);
    layers_clear(&layers);
}

/* What docker save wrote before it wrote OCI layouts: layers by links, digests nowhere. */
TEST(docker)
{
    g_autoptr(Fixture) fixture = fixture_new();
    g_autoptr(GBytes) layer = tar_build("f a 1\n");
    g_autofree char *diff_id = digest_of(layer);
    g_autofree char *config = g_strdup_printf("{\"os\": \"linux\", \"architecture\": \"amd64\", "
                                              "\"rootfs\": {\"diff_ids\": [\"%s\", \"%s\"]}}",
                                              diff_id, diff_id);
    static const char manifest[] =
        "[{\"Config\": \"c.json\", \"RepoTags\": null, \"Layers\": [\"1/layer.tar\", "
        "\"2/layer.tar\"]}]";
    static const guint8 end[1024] = {0};
    TarOwner owner = {0644, 0, 0};
    GByteArray *out = g_byte_array_new();
    tar_add_bytes(out, '0', owner, "1/layer.tar", NULL, g_bytes_get_data(layer, NULL),
                  g_bytes_get_size(layer));
    tar_add_bytes(out, '2', owner, "2/layer.tar", "../1/layer.tar", NULL, 0);
    tar_add_bytes(out, '0', owner, "c.json", NULL, config, strlen(config));
    tar_add_bytes(out, '0', owner, "manifest.json", NULL, manifest, strlen(manifest));
    g_byte_array_append(out, end, sizeof end);
    g_autoptr(GBytes) tar = g_byte_array_free_to_bytes(out);
    write_file(fixture->dir, "d.tar", tar);
    g_autofree char *path = g_build_filename(fixture->dir, "d.tar", NULL);
    g_autoptr(GError) error = NULL;
    g_autoptr(BaseImage) image = open_at(fixture, LAYOUT_DOCKER, path, &error);
    assert_no_error(g_steal_pointer(&error));
    GBytes *const layers[] = {layer, layer, NULL};
    const char *const ids[] = {diff_id, diff_id};
    static const char *const types[] = {MEDIA_TYPE_LAYER, MEDIA_TYPE_LAYER};
    check_image(image, layers, ids, types);
}

static char *print_layer(const ImageBlob *blob)
{
    g_autofree char *text = NULL;
    gsize length;
    g_assert_true(g_file_get_contents(blob->path, &text, &length, NULL));
    g_autoptr(GBytes) bytes = g_bytes_new_take(g_steal_pointer(&text), length);
    g_autoptr(GError) error = NULL;
    g_autoptr(ArchiveReader) reader = archive_reader_new_bytes("layer", bytes, &error);
    GString *out = g_string_new(NULL);
    const ArchiveEntry *entry;
    while (archive_reader_next(reader, &entry, &error) && entry) {
        g_autoptr(GBytes) content = archive_reader_read_all(reader, 1 << 20, &error);
        g_string_append_printf(out, "%d %s%s%s %o %d:%d %d %.5s\n", entry->kind, entry->path,
                               entry->target ? "=" : "", entry->target ? entry->target : "",
                               entry->mode, (int)entry->uid, (int)entry->gid, (int)entry->mtime,
                               entry->size > 0 ? (const char *)g_bytes_get_data(content, NULL)
                                               : "");
    }
    assert_no_error(g_steal_pointer(&error));
    return g_string_free(out, FALSE);
}

static void make_socket(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    g_strlcpy(address.sun_path, path, sizeof address.sun_path);
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    g_assert_cmpint(bind(fd, (struct sockaddr *)&address, sizeof address), ==, 0);
    close(fd);
}

TEST(folder)
{
    g_autoptr(Fixture) fixture = fixture_new();
    g_assert_cmpint(chdir(fixture->dir), ==, 0);
    g_assert_cmpint(mkdir("b", 0700), ==, 0);
    g_assert_true(
        g_file_set_contents_full("b/z", "hello", 5, G_FILE_SET_CONTENTS_NONE, 0644, NULL));
    g_assert_cmpint(chmod("b/z", 04755), ==, 0);
    g_assert_cmpint(link("b/z", "b/a"), ==, 0);
    g_assert_cmpint(symlink("/b/z", "a"), ==, 0);
    g_assert_cmpint(mkfifo("pipe", 0644), ==, 0);
    make_socket("s");
    age("b/z");
    age("b");
    age("a");
    g_autoptr(GError) error = NULL;
    g_autoptr(BaseImage) image =
        base_image_open_folder(fixture->dir, fixture->platform, fixture->blobs, &error);
    assert_no_error(g_steal_pointer(&error));
    g_assert_cmpuint(image->layers->len, ==, 1);
    const ImageBlob *blob = image->layers->pdata[0];
    g_autofree char *printed = print_layer(blob);
    assert_text(NULL,
                "2 a=/b/z 777 0:0 315532800 \n"
                "1 b 700 0:0 315532800 \n"
                "0 b/a 4755 0:0 315532800 hello\n"
                "3 b/z=b/a 4755 0:0 315532800 \n",
                printed);
    check_blob(blob);
    /* the second time it comes from the store, and is the same */
    g_autoptr(BaseImage) again =
        base_image_open_folder(fixture->dir, fixture->platform, fixture->blobs, &error);
    const ImageBlob *second = again->layers->pdata[0];
    assert_text(NULL, blob->digest, second->digest);
    g_assert_cmpint(chmod("b", 0755), ==, 0);
    g_autoptr(BaseImage) changed =
        base_image_open_folder(fixture->dir, fixture->platform, fixture->blobs, &error);
    const ImageBlob *third = changed->layers->pdata[0];
    g_assert_cmpstr(blob->digest, !=, third->digest);
    g_assert_null(
        base_image_open_folder("/nowhere/at/all", fixture->platform, fixture->blobs, &error));
    g_assert_cmpint(error->code, ==, ERROR_INPUT);
}

TEST(scratch)
{
    g_autoptr(Fixture) fixture = fixture_new();
    g_autoptr(BaseImage) image = base_image_new_scratch(fixture->platform);
    g_assert_cmpuint(image->layers->len, ==, 0);
    g_assert_null(image->digest);
    assert_text(NULL, "amd64", image->config->architecture);
}
