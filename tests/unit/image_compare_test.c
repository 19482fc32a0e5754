/* The first difference of two layers and of two configurations. */
#include "image/image_compare.h"

#include "base/io.h"
#include "tar_builder.h"
#include "test.h"

static ImageBlob *save(const char *folder, const char *name, const char *entries, guint64 before)
{
    g_autoptr(GBytes) tar = tar_build(entries);
    g_autoptr(GByteArray) whole = g_byte_array_new();
    for (guint64 i = 0; i < before; i++)
        g_byte_array_append(whole, (const guint8 *)"?", 1);
    g_byte_array_append(whole, g_bytes_get_data(tar, NULL), (guint)g_bytes_get_size(tar));
    g_autofree char *path = g_build_filename(folder, name, NULL);
    GError *error = NULL;
    io_save(path, (const char *)whole->data, whole->len, &error);
    assert_no_error(error);
    return image_blob_new_file("x", name, g_bytes_get_size(tar), path, before);
}

TEST(layers)
{
    static const struct {
        const char *theirs, *ours, *difference; /* NULL: the same */
    } rows[] = {
        {"d a\nf a/b text\nl c a\n", "d a\nf a/b text\nl c a\n", NULL},
        {"", "", NULL},
        {"f a x\n", "f a y\n",
         "/a: content: sha256:2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881 "
         "in the image, sha256:a1fce4363854ff888cff4b8e7875d600c2682390412a8cf79b37d0b11148b0fa in "
         "the "
         "rebuild"},
        {"f a x\n", "f a xy\n", "/a: bytes: 1 in the image, 2 in the rebuild"},
        {"f a x\n", "d a\n", "/a: a file in the image, a folder in the rebuild"},
        {"l a x\n", "l a y\n", "/a: link to: x in the image, y in the rebuild"},
        {"f a x\nf b x\n", "f b x\n", "/a: only in the image"},
        {"f b x\n", "f a x\nf b x\n", "/a: only in the rebuild"},
        {"f a x\n", "f a x\nf b x\n", "/b: only in the rebuild"},
    };
    g_autofree char *folder = g_dir_make_tmp("compare-XXXXXX", NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(ImageBlob) theirs = save(folder, "theirs", rows[i].theirs, 7);
        g_autoptr(ImageBlob) ours = save(folder, "ours", rows[i].ours, 0);
        g_autofree char *difference = NULL;
        GError *error = NULL;
        image_layer_difference(theirs, ours, &difference, &error);
        assert_no_error(error);
        if (rows[i].difference)
            assert_text(rows[i].theirs, rows[i].difference, difference);
        else
            g_assert_null(difference);
    }
}

TEST(unreadable_layer)
{
    g_autofree char *folder = g_dir_make_tmp("compare-XXXXXX", NULL);
    g_autoptr(ImageBlob) theirs = save(folder, "theirs", "f a x\n", 0);
    g_autoptr(ImageBlob) ours = image_blob_new_file("x", "sha256:1", 1, "/nowhere/blob", 0);
    g_autofree char *difference = NULL;
    g_autoptr(GError) error = NULL;
    g_assert_false(image_layer_difference(theirs, ours, &difference, &error));
    g_assert_error(error, ERROR_DOMAIN, ERROR_FAILED);
}

static char *compare(const char *theirs, const char *ours)
{
    const char *texts[] = {theirs, ours};
    ImageConfig *configs[2];
    for (guint i = 0; i < 2; i++) {
        GError *error = NULL;
        g_autofree char *text =
            g_strdup_printf("{\"architecture\":\"amd64\",\"os\":\"linux\",\"config\":{%s},"
                            "\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[]}}",
                            texts[i]);
        configs[i] = image_config_decode("it", text, strlen(text), &error);
        assert_no_error(error);
    }
    char *found = image_config_difference(configs[0], configs[1]);
    image_config_free(configs[0]);
    image_config_free(configs[1]);
    return found;
}

TEST(configurations)
{
    static const struct {
        const char *theirs, *ours, *difference;
    } rows[] = {
        {"\"User\":\"a\"", "\"User\":\"a\"", NULL},
        {"\"User\":\"a\"", "", "user: a in the image, nothing in the rebuild"},
        {"\"Env\":[\"A=1\",\"B=2\"]", "\"Env\":[\"B=2\",\"A=1\"]",
         "env: A=1 B=2 in the image, B=2 A=1 in the rebuild"},
        {"\"Cmd\":[\"a\"]", "\"Cmd\":[\"a\\u001b[1m\"]",
         "cmd: a in the image, a?[1m in the rebuild"},
        {"\"Labels\":{\"a\":\"1\",\"b\":\"2\"}", "\"Labels\":{\"a\":\"1\",\"b\":\"3\"}",
         "label b: 2 in the image, 3 in the rebuild"},
        {"", "\"Labels\":{\"a\":\"1\"}", "label a: nothing in the image, 1 in the rebuild"},
        {"\"ExposedPorts\":{\"80/tcp\":{},\"9/tcp\":{}}", "\"ExposedPorts\":{\"80/tcp\":{}}",
         "ports: 80/tcp 9/tcp in the image, 80/tcp in the rebuild"},
        {"\"Healthcheck\":{\"Test\":[\"NONE\"]}", "",
         "healthcheck: NONE (0 0 0 0) in the image, nothing in the rebuild"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *found = compare(rows[i].theirs, rows[i].ours);
        if (rows[i].difference)
            assert_text(rows[i].theirs, rows[i].difference, found);
        else
            g_assert_null(found);
    }
}
