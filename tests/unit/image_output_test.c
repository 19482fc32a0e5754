#include "test.h"

#include "archive/reader.h"
#include "base/digest.h"
#include "base/io.h"
#include "base/limits.h"
#include "base/sorted.h"
#include "image/image_layout.h"
#include "image/image_output.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define DOCUMENT LIMIT_IMAGE_DOCUMENT_BYTES

static char *new_dir(void)
{
    char *dir = g_dir_make_tmp("output-XXXXXX", NULL);
    g_assert_nonnull(dir);
    return dir;
}

static char *load(const char *dir, const char *name)
{
    g_autofree char *path = g_build_filename(dir, name, NULL);
    char *text = NULL;
    GError *error = NULL;
    io_load(path, DOCUMENT, &text, NULL, &error);
    assert_no_error(error);
    return text;
}

static void save(const char *dir, const char *name, const char *text)
{
    g_autofree char *path = g_build_filename(dir, name, NULL);
    GError *error = NULL;
    io_save(path, text, strlen(text), &error);
    assert_no_error(error);
}

/* One layer in memory and one that lies inside a larger file. */
static Image *make_image(const char *dir, const char *platform_text, const char *label)
{
    g_autofree char *container = g_build_filename(dir, "container", NULL);
    g_autofree char *hex = digest_sha256("inner", 5);
    g_autofree char *digest = g_strconcat("sha256:", hex, NULL);
    g_assert_true(g_file_set_contents(container, "xxinneryy", -1, NULL));
    g_autoptr(Platform) platform = platform_parse(platform_text, NULL);
    g_autoptr(ImageConfig) config = image_config_new(platform);
    image_pairs_set(config->labels, "label", label);
    GPtrArray *layers = g_ptr_array_new_with_free_func((GDestroyNotify)image_blob_free);
    g_ptr_array_add(layers,
                    image_blob_new_bytes("application/vnd.docker.image.rootfs.diff.tar.gzip",
                                         g_bytes_new_static("layer", 5)));
    g_ptr_array_add(layers, image_blob_new_file(MEDIA_TYPE_LAYER, digest, 5, container, 2));
    for (unsigned i = 0; i < 2; i++)
        g_ptr_array_add(config->diff_ids, g_strdup(digest));
    image_config_complete_history(config);
    return image_new(config, layers, NULL, NULL);
}

static GPtrArray *one(Image *image)
{
    GPtrArray *images = g_ptr_array_new_with_free_func((GDestroyNotify)image_free);
    g_ptr_array_add(images, image);
    return images;
}

static GPtrArray *make_one(const char *dir, const char *label)
{
    return one(make_image(dir, "linux/amd64", label));
}

static void write_layout(const char *dir, const char *tag, const GPtrArray *images)
{
    GError *error = NULL;
    image_layout_write(dir, tag, images, &error);
    assert_no_error(error);
}

/* "TAG DIGEST" for each entry of index.json; the digest's first hex digits. */
static char *list_index(const char *dir)
{
    g_autofree char *text = load(dir, "index.json");
    GError *error = NULL;
    g_autoptr(IndexDocument) index =
        index_document_decode("index.json", text, strlen(text), &error);
    assert_no_error(error);
    GString *out = g_string_new(NULL);
    for (guint i = 0; i < index->manifests->len; i++) {
        const ImageDescriptor *entry = index->manifests->pdata[i];
        const char *tag = image_pairs_find(entry->annotations, "org.opencontainers.image.ref.name");
        g_string_append_printf(out, "%s%s %.6s", i ? ", " : "", tag ? tag : "-", entry->digest + 7);
    }
    return g_string_free(out, FALSE);
}

static char *image_name(const char *tag, const GPtrArray *images)
{
    g_autoptr(ImageBlob) root = images_root(images);
    return g_strdup_printf("%s %.6s", tag, root->digest + 7);
}

TEST(golden_image)
{
    g_autofree char *dir = new_dir();
    g_autoptr(GPtrArray) images = make_one(dir, "<1>");
    const Image *image = images->pdata[0];
    assert_text("config",
                "{\"architecture\":\"amd64\",\"os\":\"linux\",\"config\":{\"Labels\":{\"label\":"
                "\"\\u003c1\\u003e\"}},\"rootfs\":{\"type\":\"layers\",\"diff_ids\":["
                "\"sha256:"
                "33bf6fbd7cd8379785a21e233d8e09f824e7bab459168a96312c1c882c1d7e1f\","
                "\"sha256:"
                "33bf6fbd7cd8379785a21e233d8e09f824e7bab459168a96312c1c882c1d7e1f\"]},"
                "\"history\":[{\"comment\":\"how this layer was made is not recorded\"},"
                "{\"comment\":\"how this layer was made is not recorded\"}]}",
                g_bytes_get_data(image->config->bytes, NULL));
    assert_text("manifest",
                "{\"schemaVersion\":2,\"mediaType\":"
                "\"application/vnd.oci.image.manifest.v1+json\",\"config\":{\"mediaType\":"
                "\"application/vnd.oci.image.config.v1+json\",\"digest\":\"sha256:"
                "f04729c6cec6bab961f2b6e50fe291349415e535fe42bcad6b49c6087e1d17ed\",\"size\":391},"
                "\"layers\":[{\"mediaType\":\"application/vnd.oci.image.layer.v1.tar+gzip\","
                "\"digest\":\"sha256:"
                "dac1d7cfa95021764849fd102524e141488c5e3a90f861dbb5a12d9ac8584f85\",\"size\":5},"
                "{\"mediaType\":\"application/vnd.oci.image.layer.v1.tar\",\"digest\":\"sha256:"
                "33bf6fbd7cd8379785a21e233d8e09f824e7bab459168a96312c1c882c1d7e1f\",\"size\":5}]}",
                g_bytes_get_data(image->manifest->bytes, NULL));
}

TEST(layout_is_whole)
{
    g_autofree char *dir = new_dir();
    g_autofree char *layout = g_build_filename(dir, "a", "layout", NULL);
    g_autoptr(GPtrArray) images = make_one(dir, "1");
    write_layout(layout, "v1", images);
    g_autofree char *version = load(layout, "oci-layout");
    assert_text(NULL, "{\"imageLayoutVersion\":\"1.0.0\"}", version);
    g_autofree char *index = load(layout, "index.json");
    assert_text("index.json",
                "{\"schemaVersion\":2,\"mediaType\":\"application/vnd.oci.image.index.v1+json\","
                "\"manifests\":[{\"mediaType\":\"application/vnd.oci.image.manifest.v1+json\","
                "\"digest\":\"sha256:"
                "7cae8f08f2e6e1dd83a913e7347f4726e17ac5580b25fcc08ff6ea52b314a00d\",\"size\":546,"
                "\"annotations\":{\"org.opencontainers.image.ref.name\":\"v1\"},"
                "\"platform\":{\"architecture\":\"amd64\",\"os\":\"linux\"}}]}",
                index);
    const Image *image = images->pdata[0];
    const ImageBlob *blobs[] = {image->manifest, image->config, image->layers->pdata[0],
                                image->layers->pdata[1]};
    for (size_t i = 0; i < G_N_ELEMENTS(blobs); i++) {
        g_autofree char *name = image_blob_layout_path(blobs[i]->digest);
        g_autofree char *text = load(layout, name);
        g_autofree char *hex = digest_sha256(text, strlen(text));
        assert_text(name, blobs[i]->digest + 7, hex);
    }
    g_autoptr(GPtrArray) names = sorted_dir(layout, 100, NULL);
    g_assert_cmpuint(names->len, ==, 3);
}

TEST(tags_of_a_layout)
{
    g_autofree char *dir = new_dir();
    g_autofree char *layout = g_build_filename(dir, "layout", NULL);
    static const struct {
        const char *tag, *label, *expected; /* of the labels, one a word */
    } steps[] = {
        {"v1", "1", "v1:1"},
        {"v2", "2", "v1:1 v2:2"},
        {"v1", "3", "v1:3 v2:2"},
        {NULL, "4", "v1:3 v2:2 -:4"},
        {NULL, "5", "v1:3 v2:2 -:5"},
        {"v2", "2", "v1:3 v2:2 -:5"},
        {"V1", "1", "v1:3 v2:2 -:5 V1:1"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(steps); i++) {
        g_autoptr(GPtrArray) images = make_one(dir, steps[i].label);
        write_layout(layout, steps[i].tag, images);
        g_autoptr(GString) expected = g_string_new(NULL);
        g_auto(GStrv) words = g_strsplit(steps[i].expected, " ", -1);
        for (char **word = words; *word; word++) {
            g_auto(GStrv) parts = g_strsplit(*word, ":", 2);
            g_autoptr(GPtrArray) then = make_one(dir, parts[1]);
            g_autofree char *name = image_name(parts[0], then);
            g_string_append_printf(expected, "%s%s", expected->len ? ", " : "", name);
        }
        g_autofree char *found = list_index(layout);
        assert_text(steps[i].expected, expected->str, found);
    }
}

#define A64 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

TEST(foreign_entries_stay_as_they_are)
{
    g_autofree char *dir = new_dir();
    g_autoptr(GPtrArray) images = make_one(dir, "1");
    const Image *image = images->pdata[0];
    g_autofree char *layout = g_build_filename(dir, "layout", NULL);
    g_assert_cmpint(g_mkdir(layout, 0755), ==, 0);
    save(layout, "oci-layout", "{\"imageLayoutVersion\": \"1.1.0\", \"x\": 1}\n");
    save(layout, "manifest.json", "[]");
    save(layout, "index.json",
         "{\"schemaVersion\":2,\"annotations\":{\"a\":\"<b>\"},\n \"manifests\": ["
         "{\"digest\":\"sha256:" A64 "\",\"size\":1,\"platform\":{\"os.version\":\"10\","
         "\"os\":\"windows\",\"architecture\":\"amd64\"},\"data\":\"e30=\","
         "\"annotations\":{\"org.opencontainers.image.ref.name\":\"w\"},\"x\":1.5},"
         "{\"digest\":\"sha256:" A64 "\",\"size\":2,\"artifactType\":\"text/x\"}],\"z\":[1]}");
    write_layout(layout, NULL, images);
    g_autofree char *found = load(layout, "index.json");
    g_autofree char *expected = g_strdup_printf(
        "{\"schemaVersion\":2,\"mediaType\":\"application/vnd.oci.image.index.v1+json\","
        "\"manifests\":[{\"digest\":\"sha256:" A64
        "\",\"size\":1,\"platform\":{\"os.version\":\"10\","
        "\"os\":\"windows\",\"architecture\":\"amd64\"},\"data\":\"e30=\","
        "\"annotations\":{\"org.opencontainers.image.ref.name\":\"w\"},\"x\":1.5},"
        "{\"digest\":\"sha256:" A64 "\",\"size\":2,\"artifactType\":\"text/x\"},"
        "{\"mediaType\":\"application/vnd.oci.image.manifest.v1+json\",\"digest\":\"%s\","
        "\"size\":%" G_GUINT64_FORMAT ",\"platform\":{\"architecture\":\"amd64\","
        "\"os\":\"linux\"}}],\"annotations\":{\"a\":\"<b>\"},\"z\":[1]}",
        image->manifest->digest, image->manifest->size);
    assert_text(NULL, expected, found);
    g_autofree char *kept = load(layout, "manifest.json");
    assert_text(NULL, "[]", kept);
}

static const struct {
    const char *file, *text; /* what is in the folder */
    const char *tag, *message;
} refused[] = {
    {"notes.txt", "", NULL, "%s is not empty and no OCI layout"},
    {"index.json", "{}", NULL, "%s is not empty and no OCI layout"},
    {"oci-layout", "{\"imageLayoutVersion\":\"2.0.0\"}", NULL,
     "%s/oci-layout has no imageLayoutVersion 1"},
    {"oci-layout", "{", NULL,
     "%s/oci-layout: line 1, column 1: not JSON: string or '}' expected near end of file"},
    {".new-12345", "", "a b",
     "'a b' is no tag: it is made of letters and digits, with '-', '.', '_', ':', '@', '/' or '+' "
     "between them"},
};

TEST(folders_that_are_no_layout)
{
    for (size_t i = 0; i < G_N_ELEMENTS(refused); i++) {
        g_autofree char *dir = new_dir();
        g_autofree char *layout = g_build_filename(dir, "layout", NULL);
        g_autoptr(GPtrArray) images = make_one(dir, "1");
        g_assert_cmpint(g_mkdir(layout, 0755), ==, 0);
        save(layout, refused[i].file, refused[i].text);
        g_autoptr(GError) error = NULL;
        g_assert_false(image_layout_write(layout, refused[i].tag, images, &error));
        g_auto(GStrv) parts = g_strsplit(refused[i].message, "%s", 2);
        g_autofree char *message = g_strjoinv(layout, parts);
        assert_text(refused[i].file, message, error->message);
        g_assert_cmpint(error_exit_status(error), ==, 1);
        g_autoptr(GPtrArray) names = sorted_dir(layout, 100, NULL);
        g_assert_cmpuint(names->len, ==, 1);
    }
}

TEST(malformed_index_is_left_alone)
{
    static const char *const texts[] = {"[]", "{\"manifests\":[{}]}",
                                        "{\"schemaVersion\":1,\"manifests\":[]}",
                                        "{\"manifests\":[{\"digest\":\"sha256:..\",\"size\":1}]}"};
    g_autofree char *dir = new_dir();
    g_autoptr(GPtrArray) images = make_one(dir, "1");
    g_autofree char *layout = g_build_filename(dir, "layout", NULL);
    write_layout(layout, "v1", images);
    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
        g_autoptr(GError) error = NULL;
        save(layout, "index.json", texts[i]);
        g_assert_false(image_layout_write(layout, "v1", images, &error));
        g_assert_cmpint(error_exit_status(error), ==, 1);
        g_autofree char *kept = load(layout, "index.json");
        assert_text(NULL, texts[i], kept);
    }
}

TEST(layers_that_were_not_made)
{
    g_autofree char *dir = new_dir();
    g_autofree char *layout = g_build_filename(dir, "layout", NULL);
    g_autoptr(GPtrArray) images = make_one(dir, "1");
    const Image *image = images->pdata[0];
    ImageBlob *layer = image->layers->pdata[1];
    g_autofree char *path = g_steal_pointer(&layer->path);
    g_autoptr(GError) error = NULL;
    g_assert_false(image_layout_write(layout, "v1", images, &error));
    g_assert_cmpint(error_exit_status(error), ==, 2);
    g_clear_error(&error);
    g_assert_false(image_layout_has_blob(layout, layer->digest, layer->size));
    layer->path = g_steal_pointer(&path);
    write_layout(layout, "v1", images);
    g_assert_true(image_layout_has_blob(layout, layer->digest, layer->size));
    g_assert_false(image_layout_has_blob(layout, layer->digest, layer->size + 1));
    g_clear_pointer(&layer->path, g_free);
    write_layout(layout, "v2", images);
}

static void *write_tags(void *data)
{
    const char *const *dirs = data;
    g_autoptr(GPtrArray) images = make_one(dirs[1], dirs[2]);
    for (unsigned i = 0; i < 20; i++) {
        g_autofree char *tag = g_strdup_printf("%s%u", dirs[2], i);
        write_layout(dirs[0], tag, images);
    }
    return NULL;
}

TEST(writers_at_once_lose_no_tag)
{
    g_autofree char *dir = new_dir(), *other = new_dir();
    g_autofree char *layout = g_build_filename(dir, "layout", NULL);
    const char *first[] = {layout, dir, "a"}, *second[] = {layout, other, "b"};
    GThread *threads[] = {g_thread_new(NULL, write_tags, first),
                          g_thread_new(NULL, write_tags, second)};
    for (size_t i = 0; i < G_N_ELEMENTS(threads); i++)
        g_thread_join(threads[i]);
    g_autofree char *found = list_index(layout);
    g_auto(GStrv) entries = g_strsplit(found, ", ", -1);
    g_assert_cmpuint(g_strv_length(entries), ==, 40);
}

TEST(several_platforms)
{
    g_autofree char *dir = new_dir();
    g_autofree char *layout = g_build_filename(dir, "layout", NULL);
    g_autoptr(GPtrArray) images = one(make_image(dir, "linux/amd64", "1"));
    g_ptr_array_add(images, make_image(dir, "linux/arm64/v8", "2"));
    write_layout(layout, "v1", images);
    g_autoptr(ImageLayout) reader = image_layout_open(LAYOUT_FOLDER, layout, "layout", NULL);
    static const char *const platforms[] = {"linux/amd64", "linux/arm64"};
    for (size_t i = 0; i < G_N_ELEMENTS(platforms); i++) {
        GError *error = NULL;
        g_autoptr(Platform) platform = platform_parse(platforms[i], NULL);
        g_autoptr(ImageManifest) manifest = image_layout_read(reader, "v1", platform, &error);
        assert_no_error(error);
        const Image *image = images->pdata[i];
        assert_text(platforms[i], image->manifest->digest, manifest ? manifest->digest : NULL);
    }
    g_autoptr(GError) error = NULL;
    g_assert_false(image_archive_write(IMAGE_ARCHIVE_DOCKER, "x", NULL, images, &error));
    assert_text(NULL, "a docker archive holds the image of one platform, not of 2", error->message);
}

/* "name size, name size …" of what is in the tar file. */
static char *list_archive(const char *path)
{
    g_autoptr(GString) out = g_string_new(NULL);
    GError *error = NULL;
    int fd = open(path, O_RDONLY);
    g_autoptr(ArchiveReader) reader = archive_reader_new_fd(path, fd, &error);
    const ArchiveEntry *entry;
    while (reader && archive_reader_next(reader, &entry, &error) && entry) {
        g_string_append_printf(out, "%s %" G_GUINT64_FORMAT "\n", entry->path, entry->size);
        g_assert_cmpint(entry->mtime, ==, 0);
        g_assert_cmpuint(entry->mode, ==, entry->kind == ENTRY_FOLDER ? 0755 : 0644);
    }
    assert_no_error(error);
    close(fd);
    return g_string_free(g_steal_pointer(&out), FALSE);
}

static char *entry_text(const char *path, const char *name)
{
    int fd = open(path, O_RDONLY);
    g_autoptr(ArchiveReader) reader = archive_reader_new_fd(path, fd, NULL);
    const ArchiveEntry *entry = NULL;
    while (archive_reader_next(reader, &entry, NULL) && entry && strcmp(entry->path, name) != 0)
        ;
    g_autoptr(GBytes) bytes = entry ? archive_reader_read_all(reader, DOCUMENT, NULL) : NULL;
    close(fd);
    return bytes ? g_strndup(g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes)) : NULL;
}

TEST(archives)
{
    static const struct {
        ImageArchiveKind kind;
        const char *tag, *index_names, *repo_tags;
    } rows[] = {
        {IMAGE_ARCHIVE_OCI, NULL, NULL, "[]"},
        {IMAGE_ARCHIVE_OCI, "v1", "{\"org.opencontainers.image.ref.name\":\"v1\"}", "[]"},
        {IMAGE_ARCHIVE_DOCKER, NULL, NULL, "[]"},
        {IMAGE_ARCHIVE_DOCKER, "app:v1",
         "{\"io.containerd.image.name\":\"docker.io/library/app:v1\","
         "\"org.opencontainers.image.ref.name\":\"v1\"}",
         "[\"app:v1\"]"},
        {IMAGE_ARCHIVE_DOCKER, "example.org:5000/team/app",
         "{\"io.containerd.image.name\":\"example.org:5000/team/app:latest\","
         "\"org.opencontainers.image.ref.name\":\"latest\"}",
         "[\"example.org:5000/team/app:latest\"]"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *dir = new_dir();
        g_autofree char *path = g_build_filename(dir, "new", "image.tar", NULL);
        g_autoptr(GPtrArray) images = make_one(dir, "1");
        const Image *image = images->pdata[0];
        GError *error = NULL;
        image_archive_write(rows[i].kind, path, rows[i].tag, images, &error);
        assert_no_error(error);
        g_autofree char *index = entry_text(path, "index.json");
        g_autofree char *names = g_strdup_printf("\"annotations\":%s", rows[i].index_names);
        g_assert_true(rows[i].index_names ? strstr(index, names) != NULL
                                          : strstr(index, "annotations") == NULL);
        const ImageBlob *first = image->layers->pdata[0], *second = image->layers->pdata[1];
        g_autofree char *docker = entry_text(path, "manifest.json");
        g_autofree char *expected = g_strdup_printf(
            "[{\"Config\":\"blobs/sha256/%s\",\"RepoTags\":%s,\"Layers\":[\"blobs/sha256/%s\","
            "\"blobs/sha256/%s\"]}]",
            image->config->digest + 7, rows[i].repo_tags, first->digest + 7, second->digest + 7);
        assert_text("manifest.json", expected, docker);
        g_autofree char *found = list_archive(path);
        g_autofree char *wanted = g_strdup_printf(
            "oci-layout 30\nindex.json %zu\nmanifest.json %zu\nblobs 0\nblobs/sha256 0\n"
            "blobs/sha256/%s %zu\nblobs/sha256/%s %zu\nblobs/sha256/%s 5\nblobs/sha256/%s 5\n",
            strlen(index), strlen(docker), image->manifest->digest + 7,
            (size_t)image->manifest->size, image->config->digest + 7, (size_t)image->config->size,
            first->digest + 7, second->digest + 7);
        assert_text("entries", wanted, found);
        g_autoptr(GPtrArray) files = NULL;
        g_autofree char *folder = g_path_get_dirname(path);
        files = sorted_dir(folder, 100, NULL);
        g_assert_cmpuint(files->len, ==, 1);
    }
}

TEST(archives_that_cannot_be)
{
    static const struct {
        ImageArchiveKind kind;
        const char *path, *tag, *message;
        int status;
    } rows[] = {
        {IMAGE_ARCHIVE_OCI, "/dev", NULL, "cannot write /dev: it is a folder", 1},
        {IMAGE_ARCHIVE_OCI, "/dev/full", NULL,
         "cannot write /dev/full: write failed: No space left on device", 2},
        {IMAGE_ARCHIVE_DOCKER, "x.tar", "A",
         "'A' names no image: a repository is made of "
         "lower-case letters and digits, with '.', '_', '-' and '/' between them",
         1},
        {IMAGE_ARCHIVE_DOCKER, "x.tar", "a@sha256:" A64,
         "'a@sha256:" A64 "': an archive names its image by a tag, not by a digest", 1},
    };
    g_autofree char *dir = new_dir();
    g_autoptr(GPtrArray) images = make_one(dir, "1");
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(GError) error = NULL;
        g_assert_false(
            image_archive_write(rows[i].kind, rows[i].path, rows[i].tag, images, &error));
        assert_text(rows[i].path, rows[i].message, error->message);
        g_assert_cmpint(error_exit_status(error), ==, rows[i].status);
    }
}
