/* Encoded trees: whatever decodes answers as a tree does, and its own bytes make the same one. */
#include "fuzz.h"

#include "image/rootfs.h"

static void walk(const ImageRoot *root, const char *path)
{
    g_autoptr(GPtrArray) names = image_root_list(root, path);
    for (guint i = 0; names && i < names->len; i++) {
        g_autofree char *child = g_strconcat(path, "/", names->pdata[i], NULL);
        guint64 size = 0, uid, gid;
        unsigned mode;
        PathKind kind = image_root_stat(root, child, false, &size);
        g_assert(kind == PATH_NONE || image_root_attributes(root, child, &mode, &uid, &gid));
        g_autofree char *real = image_root_resolve(root, child);
        g_autoptr(GBytes) content = image_root_read(root, child, 1 << 20);
        g_assert(kind != PATH_FILE || !content || g_bytes_get_size(content) == size);
        if (kind == PATH_FOLDER)
            walk(root, child);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autoptr(GBytes) bytes = g_bytes_new(data, size);
    g_autoptr(ImageRoot) root = image_root_decode(bytes);
    if (!root)
        return 0;
    walk(root, "");
    g_autoptr(GBytes) once = image_root_encode(root);
    g_autoptr(ImageRoot) again = image_root_decode(once);
    g_assert(again);
    g_autoptr(GBytes) twice = image_root_encode(again);
    g_assert(g_bytes_equal(once, twice));
    return 0;
}
