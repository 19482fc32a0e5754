/* Two layers over each other: the first byte says how many blocks of a tar file the lower one has.
 * The one tar file that they become has the tree that image_root_apply() finds, and becomes itself
 * when it is flattened again. */
#include "fuzz.h"

#include "image/document.h"
#include "image/flatten.h"
#include "image/rootfs.h"

#include <unistd.h>

static GBytes *flatten(const GPtrArray *layers)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *dir = g_dir_make_tmp("flatten-XXXXXX", NULL);
    g_autofree char *path = g_build_filename(dir, "out", NULL);
    char *text = NULL;
    gsize length = 0;
    gboolean ok = image_flatten(layers, path, &error);
    g_assert(ok == (error == NULL));
    g_assert(!ok || g_file_get_contents(path, &text, &length, NULL));
    unlink(path);
    rmdir(dir);
    return ok ? g_bytes_new_take(text, length) : NULL;
}

static bool wants_none(const char *path, guint64 size)
{
    return false;
}

static ImageRoot *lay_over(const GPtrArray *layers)
{
    g_autoptr(ImageRoot) root = image_root_new_image(wants_none);
    for (guint i = 0; i < layers->len; i++) {
        const ImageBlob *layer = layers->pdata[i];
        g_autoptr(ArchiveReader) reader = archive_reader_new_bytes("layer", layer->bytes, NULL);
        if (!reader || !image_root_apply(root, reader, NULL))
            return NULL;
    }
    return g_steal_pointer(&root);
}

/* Devices are in no flat image. */
static void check_folder(const ImageRoot *root, const ImageRoot *flat, const char *path)
{
    g_autoptr(GPtrArray) names = image_root_list(root, path);
    for (guint i = 0; i < names->len; i++) {
        g_autofree char *child = g_strconcat(path, "/", names->pdata[i], NULL);
        guint64 size = 0, flat_size = 0;
        PathKind kind = image_root_stat(root, child, false, &size);
        if (kind == PATH_OTHER)
            continue;
        g_assert_cmpint(kind, ==, image_root_stat(flat, child, false, &flat_size));
        g_assert_cmpuint(size, ==, flat_size);
        g_autofree char *target = image_root_read_link(root, child);
        g_autofree char *flat_target = image_root_read_link(flat, child);
        g_assert_cmpstr(target, ==, flat_target);
        if (kind == PATH_FOLDER)
            check_folder(root, flat, child);
    }
}

static GPtrArray *layers_new(void)
{
    return g_ptr_array_new_with_free_func((GDestroyNotify)image_blob_free);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    size_t lower = MIN((size_t)data[0] * 512, size - 1);
    g_autoptr(GPtrArray) layers = layers_new();
    g_ptr_array_add(layers, image_blob_new_bytes(MEDIA_TYPE_LAYER, g_bytes_new(data + 1, lower)));
    g_ptr_array_add(layers, image_blob_new_bytes(MEDIA_TYPE_LAYER,
                                                 g_bytes_new(data + 1 + lower, size - 1 - lower)));
    g_autoptr(GBytes) once = flatten(layers);
    if (!once)
        return 0;
    g_autoptr(GPtrArray) flat = layers_new();
    g_ptr_array_add(flat, image_blob_new_bytes(MEDIA_TYPE_LAYER, g_bytes_ref(once)));
    g_autoptr(GBytes) twice = flatten(flat);
    g_assert(twice && g_bytes_equal(once, twice));
    g_autoptr(ImageRoot) root = lay_over(layers);
    g_autoptr(ImageRoot) flat_root = lay_over(flat);
    g_assert(root && flat_root);
    check_folder(root, flat_root, "");
    check_folder(flat_root, root, "");
    return 0;
}
