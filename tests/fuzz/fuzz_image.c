/* Images: the first byte chooses between one layer over another, an OCI archive and a docker
 * archive. Nothing crashes, and every path of a tree that is made resolves to itself. */
#include "fuzz.h"

#include "image/image_layout.h"
#include "image/rootfs.h"

#include <sys/mman.h>
#include <unistd.h>

static bool wants_small(const char *path, guint64 size)
{
    return size < 1000;
}

static void check_folder(const ImageRoot *root, const char *path)
{
    g_autoptr(GPtrArray) names = image_root_list(root, path);
    for (guint i = 0; names && i < names->len; i++) {
        g_autofree char *child = g_strconcat(path, "/", names->pdata[i], NULL);
        PathKind kind = image_root_stat(root, child, false, NULL);
        g_assert(kind != PATH_NONE);
        g_autofree char *real = image_root_resolve(root, child);
        g_assert(kind == PATH_LINK || g_strcmp0(real, child) == 0);
        g_autoptr(GBytes) bytes = image_root_read(root, child, 1000);
        if (kind == PATH_FOLDER)
            check_folder(root, child);
    }
}

static gboolean apply(void *data, ArchiveReader *reader, GError **error)
{
    return image_root_apply(data, reader, error);
}

static void read_twice(GBytes *bytes)
{
    g_autoptr(ImageRoot) root = image_root_new_image(wants_small);
    for (unsigned i = 0; i < 2; i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(ArchiveReader) reader = archive_reader_new_bytes("layer", bytes, &error);
        bool ok = reader && image_root_apply(root, reader, &error);
        g_assert(ok == (error == NULL));
    }
    check_folder(root, "");
}

static void read_archive(LayoutKind kind, GBytes *bytes)
{
    int fd = memfd_create("image", MFD_CLOEXEC);
    gsize length;
    const char *data = g_bytes_get_data(bytes, &length);
    g_assert(length == 0 || write(fd, data, length) == (ssize_t)length);
    g_autofree char *path = g_strdup_printf("/proc/self/fd/%d", fd);
    g_autoptr(GError) error = NULL;
    g_autoptr(Platform) platform = platform_parse("linux/amd64", NULL);
    g_autoptr(ImageLayout) layout = image_layout_open(kind, path, "image", &error);
    g_autoptr(ImageManifest) manifest = image_layout_read(layout, NULL, platform, &error);
    g_autoptr(ImageRoot) root = image_root_new_image(wants_small);
    for (guint i = 0; manifest && !error && i < manifest->layers->len; i++)
        image_layout_read_layer(layout, manifest->layers->pdata[i], NULL, apply, root, &error);
    check_folder(root, "");
    close(fd);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    g_autoptr(GBytes) bytes = g_bytes_new(data + 1, size - 1);
    if (data[0] == 'O')
        read_archive(LAYOUT_ARCHIVE, bytes);
    else if (data[0] == 'D')
        read_archive(LAYOUT_DOCKER, bytes);
    else
        read_twice(bytes);
    return 0;
}
