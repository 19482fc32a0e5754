#include "plan/inspect.h"

#include "plan/image_settings.h"

static void inspected_image_free(void *data)
{
    InspectedImage *image = data;
    g_clear_pointer(&image->lock, lock_free);
    g_free(image->problem);
    g_free(image);
}

void inspection_free(Inspection *inspection)
{
    if (!inspection)
        return;
    g_free(inspection->name);
    g_free(inspection->digest);
    g_clear_pointer(&inspection->images, g_ptr_array_unref);
    g_clear_pointer(&inspection->manifests, g_ptr_array_unref);
    g_free(inspection);
}

static GPtrArray *read_images(const char *name, char **ret_digest, GError **error)
{
    g_autofree char *tag = NULL;
    g_autoptr(ImageLayout) layout = image_layout_open_named(name, &tag, error);
    return layout ? image_layout_read_all(layout, tag, ret_digest, error) : NULL;
}

/* One that is damaged, or of another version, is no reason to say nothing of the image. */
static void read_lock(InspectedImage *image)
{
    g_autofree char *recipe = NULL, *lock = NULL;
    g_autoptr(GError) error = NULL;
    if (image_settings_embedded(image->manifest->config, &recipe, &lock, &error) && lock)
        image->lock = lock_decode("the image's lock", lock, strlen(lock), &error);
    image->problem = error ? g_strdup(error->message) : NULL;
}

static void add_image(Inspection *inspection, const ImageManifest *manifest,
                      const Platform *platform)
{
    const ImageConfig *config = manifest->config;
    if (platform && !platform_matches(platform, config->os, config->architecture, config->variant))
        return;
    InspectedImage *image = g_new0(InspectedImage, 1);
    image->manifest = manifest;
    read_lock(image);
    g_ptr_array_add(inspection->images, image);
}

Inspection *inspection_new(const char *name, const Platform *platform, GError **error)
{
    g_autoptr(Inspection) inspection = g_new0(Inspection, 1);
    inspection->name = g_strdup(name);
    inspection->images = g_ptr_array_new_with_free_func(inspected_image_free);
    inspection->manifests = read_images(name, &inspection->digest, error);
    for (guint i = 0; inspection->manifests && i < inspection->manifests->len; i++)
        add_image(inspection, inspection->manifests->pdata[i], platform);
    if (inspection->manifests && inspection->images->len > 0)
        return g_steal_pointer(&inspection);
    if (inspection->manifests && platform)
        error_set(error, ERROR_INPUT, SPAN_NONE, "%s has no image for %s/%s", name, platform->os,
                  platform->architecture);
    else if (inspection->manifests)
        error_set(error, ERROR_INPUT, SPAN_NONE, "%s lists no image", name);
    return NULL;
}

const ImageHistory *inspected_history(const InspectedImage *image, guint layer)
{
    const GPtrArray *history = image->manifest->config->history;
    guint at = 0;
    for (guint i = 0; i < history->len; i++) {
        const ImageHistory *entry = history->pdata[i];
        if (!entry->empty_layer && at++ == layer)
            return entry;
    }
    return NULL;
}

guint64 inspected_size(const InspectedImage *image)
{
    guint64 size = 0;
    for (guint i = 0; i < image->manifest->layers->len; i++)
        size += ((const ImageLayer *)image->manifest->layers->pdata[i])->size;
    return size;
}
