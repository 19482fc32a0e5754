/* base_print REFERENCE PLATFORM CACHE: the layers of the image that base_tree_open_image() makes, a
 * line each, then an empty line and the tree that base_tree_open() reads, a line for each path, in
 * byte order of the folders' names. */
#include "lock/base_tree.h"

#include <stdio.h>
#include <string.h>

static void print_path(GString *out, const ImageRoot *root, const char *path)
{
    unsigned mode;
    guint64 uid, gid, size;
    PathKind kind = image_root_stat(root, path, false, &size);
    g_autofree char *target = image_root_read_link(root, path);
    image_root_attributes(root, path, &mode, &uid, &gid);
    g_string_append_printf(out, "%s %c %o %" G_GUINT64_FORMAT ":%" G_GUINT64_FORMAT, path,
                           "?fdlo"[kind], kind == PATH_LINK ? 0 : mode, uid, gid);
    if (kind == PATH_FILE)
        g_string_append_printf(out, " %" G_GUINT64_FORMAT, size);
    g_string_append_printf(out, "%s%s\n", target ? " " : "", target ? target : "");
}

static void print_folder(GString *out, const ImageRoot *root, const char *path)
{
    g_autoptr(GPtrArray) names = image_root_list(root, path);
    for (guint i = 0; names && i < names->len; i++) {
        g_autofree char *child = g_strconcat(path, "/", names->pdata[i], NULL);
        print_path(out, root, child);
        if (image_root_stat(root, child, false, NULL) == PATH_FOLDER)
            print_folder(out, root, child);
    }
}

static void print_layers(GString *out, const BaseImage *image)
{
    for (guint i = 0; i < image->layers->len; i++) {
        const ImageBlob *blob = image->layers->pdata[i];
        g_string_append_printf(out, "%s %s %" G_GUINT64_FORMAT " %s\n", blob->digest,
                               (const char *)image->config->diff_ids->pdata[i], blob->size,
                               blob->media_type);
    }
    g_string_append_printf(out, "\n");
}

int main(int argc, char **argv)
{
    if (argc != 4)
        return 2;
    g_autoptr(Cache) cache = cache_new(argv[3]);
    g_autoptr(BlobStore) blobs = blob_store_new(cache);
    BaseRequest request = {
        .reference = argv[1], .base_dir = "/", .platform = argv[2], .cache = cache};
    GError *error = NULL;
    g_autoptr(BaseImage) image = base_tree_open_image(&request, blobs, &error);
    g_autoptr(BaseTree) tree = image ? base_tree_open(&request, NULL, &error) : NULL;
    if (!tree) {
        g_autofree char *text = error_format(error, "error", false);
        fputs(text, stderr);
        return error_exit_status(error);
    }
    g_autoptr(GString) out = g_string_new(NULL);
    print_layers(out, image);
    print_folder(out, tree->root, "");
    fputs(out->str, stdout);
    return 0;
}
