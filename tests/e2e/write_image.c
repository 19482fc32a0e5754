/* write_image DESTINATION PLATFORM[,PLATFORM...] LAYER=DIFF_ID...: writes an image of the layer
 * files, one for each platform, as DESTINATION says: oci:DIR[:TAG], oci-archive:FILE[:TAG],
 * docker-archive:FILE[:NAME], layers:DIR or rootfs:FILE. Layers named *.gz are gzip. Prints the
 * digest of what the tag names. */
#include "base/digest.h"
#include "base/io.h"
#include "image/flatten.h"
#include "image/image_output.h"
#include "image/layers_output.h"

#include <sys/stat.h>
#undef puts

static GPtrArray *layers_of(char **arguments, GPtrArray *diff_ids, GPtrArray *sources,
                            GError **error)
{
    g_autoptr(GPtrArray) layers = g_ptr_array_new_with_free_func((GDestroyNotify)image_blob_free);
    for (char **argument = arguments; *argument; argument++) {
        g_auto(GStrv) parts = g_strsplit(*argument, "=", 2);
        struct stat st;
        g_autofree char *hex = digest_sha256_file(parts[0], error);
        if (!hex || stat(parts[0], &st) < 0)
            return NULL;
        g_autofree char *digest = g_strconcat("sha256:", hex, NULL);
        const char *type =
            g_str_has_suffix(parts[0], ".gz") ? MEDIA_TYPE_LAYER_GZIP : MEDIA_TYPE_LAYER;
        g_ptr_array_add(layers,
                        image_blob_new_file(type, digest, (guint64)st.st_size, parts[0], 0));
        g_ptr_array_add(diff_ids, g_strconcat("sha256:", parts[1], NULL));
        g_ptr_array_add(sources, g_path_get_basename(parts[0]));
    }
    return g_steal_pointer(&layers);
}

static Image *image_of(const char *platform_text, const GPtrArray *layers,
                       const GPtrArray *diff_ids, GError **error)
{
    g_autoptr(Platform) platform = platform_parse(platform_text, error);
    if (!platform)
        return NULL;
    g_autoptr(ImageConfig) config = image_config_new(platform);
    config->created = g_strdup("2024-01-01T00:00:00Z");
    config->user = g_strdup("1000:1000");
    image_pairs_set(config->labels, "org.opencontainers.image.title", "<a & b>");
    g_ptr_array_add(config->ports, g_strdup("8000/tcp"));
    GPtrArray *copies = g_ptr_array_new_with_free_func((GDestroyNotify)image_blob_free);
    for (guint i = 0; i < layers->len; i++) {
        g_ptr_array_add(copies, image_blob_copy(layers->pdata[i]));
        g_ptr_array_add(config->diff_ids, g_strdup(diff_ids->pdata[i]));
        g_ptr_array_add(config->history, image_history_new(config->created, "write_image", false));
    }
    return image_new(config, copies, NULL, NULL);
}

static gboolean write_destination(char **destination, const GPtrArray *images,
                                  const GPtrArray *layers, const GPtrArray *sources,
                                  const GPtrArray *diff_ids, GError **error)
{
    const char *kind = destination[0], *path = destination[1], *tag = destination[2];
    if (g_str_equal(kind, "oci"))
        return image_layout_write(path, tag, images, error);
    if (g_str_equal(kind, "oci-archive"))
        return image_archive_write(IMAGE_ARCHIVE_OCI, path, tag, images, error);
    if (g_str_equal(kind, "docker-archive"))
        return image_archive_write(IMAGE_ARCHIVE_DOCKER, path, tag, images, error);
    if (g_str_equal(kind, "layers"))
        return image_layers_write(path, layers, sources, diff_ids, error);
    return image_flatten(layers, path, error);
}

static gboolean run(char **arguments, GError **error)
{
    g_auto(GStrv) destination = g_strsplit(arguments[1], ":", 3);
    g_auto(GStrv) platforms = g_strsplit(arguments[2], ",", -1);
    g_autoptr(GPtrArray) diff_ids = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GPtrArray) sources = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GPtrArray) images = g_ptr_array_new_with_free_func((GDestroyNotify)image_free);
    g_autoptr(GPtrArray) layers = layers_of(arguments + 3, diff_ids, sources, error);
    if (!layers)
        return FALSE;
    for (char **platform = platforms; *platform; platform++) {
        Image *image = image_of(*platform, layers, diff_ids, error);
        if (!image)
            return FALSE;
        g_ptr_array_add(images, image);
    }
    if (!write_destination(destination, images, layers, sources, diff_ids, error))
        return FALSE;
    g_autoptr(ImageBlob) root = images_root(images);
    puts(root->digest);
    return TRUE;
}

int main(int argc, char **argv)
{
    g_autoptr(GError) error = NULL;
    if (argc > 3 && run(argv, &error))
        return 0;
    fprintf(stderr, "write_image: %s\n", error ? error->message : "too few arguments");
    return error ? error_exit_status(error) : 2;
}
