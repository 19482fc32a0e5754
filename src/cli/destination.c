#include "cli/destination.h"

#include "base/io.h"
#include "image/flatten.h"
#include "image/layers_output.h"

typedef struct {
    const char *prefix;
    DestinationKind kind;
    bool tagged, several, folder;
} KindRow;

/* clang-format off */
static const KindRow kinds[] = {
    {"oci:",            DESTINATION_OCI,            true,  true,  true},
    {"oci-archive:",    DESTINATION_OCI_ARCHIVE,    true,  true,  false},
    {"docker-archive:", DESTINATION_DOCKER_ARCHIVE, true,  false, false},
    {"layer:",          DESTINATION_LAYER,          false, false, false},
    {"layers:",         DESTINATION_LAYERS,         false, false, true},
    {"rootfs:",         DESTINATION_ROOTFS,         false, false, false},
};

static const struct {
    const char *ending;
    LayerFormat format;
} endings[] = {
    {".tar",     LAYER_TAR},
    {".tar.gz",  LAYER_GZIP},
    {".tgz",     LAYER_GZIP},
    {".tar.zst", LAYER_ZSTD},
};
/* clang-format on */

static const KindRow *find_kind(const char *text)
{
    for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++) {
        if (g_str_has_prefix(text, kinds[i].prefix))
            return &kinds[i];
    }
    return NULL;
}

/* A colon behind the last slash begins a tag; the first colon does before a docker archive's name,
 * in which there are slashes and colons. */
static void split_tag(const char *text, Destination *destination)
{
    const char *slash = destination->kind == DESTINATION_DOCKER_ARCHIVE ? NULL : strrchr(text, '/');
    const char *colon = strchr(slash ? slash : text, ':');
    destination->path = colon ? g_strndup(text, (gsize)(colon - text)) : g_strdup(text);
    destination->tag = colon ? g_strdup(colon + 1) : NULL;
}

/* image-layout: the value of org.opencontainers.image.ref.name; docker's references are narrower
 * than that, and so are we. */
static bool tag_is_valid(const char *tag)
{
    static const char allowed[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._:@/+";
    return g_ascii_isalnum(tag[0]) && tag[strspn(tag, allowed)] == '\0' && strlen(tag) <= 255;
}

static gboolean find_format(Destination *destination, GError **error)
{
    size_t best = 0;
    for (size_t i = 0; i < G_N_ELEMENTS(endings); i++) {
        if (g_str_has_suffix(destination->path, endings[i].ending) &&
            strlen(endings[i].ending) > best) {
            best = strlen(endings[i].ending);
            destination->format = (int)endings[i].format;
        }
    }
    return best > 0 || error_set(error, ERROR_USAGE, SPAN_NONE,
                                 "layer:%s ends in none of .tar, .tar.gz, .tgz and .tar.zst",
                                 destination->path);
}

static gboolean refuse_kind(const char *text, GError **error)
{
    g_autofree char *escaped = g_strescape(text, NULL);
    error_set(error, ERROR_USAGE, SPAN_NONE, "\"%s\" is no place for an image", escaped);
    if (error)
        error_set_hint(*error, "oci:DIR[:TAG], oci-archive:FILE, docker-archive:FILE, "
                               "layer:FILE.tar.gz, layers:DIR and rootfs:FILE.tar are");
    return FALSE;
}

static gboolean refuse_tag(const Destination *destination, GError **error)
{
    if (!*destination->tag)
        return error_set(error, ERROR_USAGE, SPAN_NONE, "no tag stands behind the last colon of %s",
                         destination->text);
    g_autofree char *tag = g_strescape(destination->tag, NULL);
    error_set(error, ERROR_USAGE, SPAN_NONE, "\"%s\" is no tag", tag);
    if (error)
        error_set_hint(*error, "a tag begins with a letter or digit and goes on with those and "
                               "-._:@/+, up to 255 of them");
    return FALSE;
}

Destination *destination_parse(const char *text, GError **error)
{
    const KindRow *kind = find_kind(text);
    if (!kind || !text[strlen(kind->prefix)]) {
        refuse_kind(text, error);
        return NULL;
    }
    g_autoptr(Destination) destination = g_new0(Destination, 1);
    destination->kind = kind->kind;
    destination->text = text;
    destination->format = -1;
    if (kind->tagged)
        split_tag(text + strlen(kind->prefix), destination);
    else
        destination->path = g_strdup(text + strlen(kind->prefix));
    if (!*destination->path) {
        refuse_kind(text, error);
        return NULL;
    }
    if (destination->tag && !tag_is_valid(destination->tag)) {
        refuse_tag(destination, error);
        return NULL;
    }
    if (kind->kind == DESTINATION_LAYER && !find_format(destination, error))
        return NULL;
    return g_steal_pointer(&destination);
}

void destination_free(Destination *destination)
{
    if (!destination)
        return;
    g_free(destination->path);
    g_free(destination->tag);
    g_free(destination);
}

gboolean destination_check(const Destination *destination, GError **error)
{
    bool wants_folder = kinds[destination->kind].folder;
    const char *path = destination->path;
    if (!g_file_test(path, G_FILE_TEST_EXISTS) ||
        g_file_test(path, G_FILE_TEST_IS_DIR) == wants_folder)
        return destination->kind != DESTINATION_OCI || image_layout_check(path, error);
    return error_set(error, ERROR_INPUT, SPAN_NONE, "%s is %s, and %s takes %s", path,
                     wants_folder ? "a file" : "a folder", kinds[destination->kind].prefix,
                     wants_folder ? "a folder" : "a file");
}

bool destination_takes_several(const Destination *destination)
{
    return kinds[destination->kind].several;
}

/* The layers of ours, without the base's. */
static GPtrArray *own_blobs(const BuiltImage *built)
{
    GPtrArray *blobs = g_ptr_array_new();
    for (guint i = built->base_layers; i < built->image->layers->len; i++)
        g_ptr_array_add(blobs, built->image->layers->pdata[i]);
    return blobs;
}

static gboolean write_layer(const Destination *destination, const BuiltImage *built, GError **error)
{
    g_autoptr(GPtrArray) blobs = own_blobs(built);
    if (blobs->len != 1)
        return error_set(error, ERROR_INPUT, SPAN_NONE,
                         "the stages leave nothing behind that a layer could hold");
    const ImageBlob *blob = blobs->pdata[0];
    g_autofree char *folder = g_path_get_dirname(destination->path);
    if (!io_make_dirs(folder, error))
        return FALSE;
    return blob_place(blob->path, blob->offset, blob->size, false, destination->path, error);
}

static gboolean write_layers(const Destination *destination, const BuiltImage *built,
                             GError **error)
{
    g_autoptr(GPtrArray) blobs = own_blobs(built);
    g_autoptr(GPtrArray) sources = g_ptr_array_new();
    g_autoptr(GPtrArray) diff_ids = g_ptr_array_new();
    for (guint i = built->base_layers; i < built->layers->len; i++) {
        const BuiltLayer *layer = built->layers->pdata[i];
        g_ptr_array_add(sources, layer->source);
        g_ptr_array_add(diff_ids, layer->diff_id);
    }
    return image_layers_write(destination->path, blobs, sources, diff_ids, error);
}

gboolean destination_write(const Destination *destination, const char *tag, const char *name,
                           const GPtrArray *images, GError **error)
{
    g_autoptr(GPtrArray) plain = g_ptr_array_new();
    for (guint i = 0; i < images->len; i++)
        g_ptr_array_add(plain, ((const BuiltImage *)images->pdata[i])->image);
    const BuiltImage *first = images->pdata[0];
    const char *own_tag = destination->tag ? destination->tag : tag;
    g_autofree char *reference =
        destination->tag ? g_strdup(destination->tag) : g_strdup_printf("%s:%s", name, tag);
    switch (destination->kind) {
    case DESTINATION_OCI:
        return image_layout_write(destination->path, own_tag, plain, error);
    case DESTINATION_OCI_ARCHIVE:
        return image_archive_write(IMAGE_ARCHIVE_OCI, destination->path, own_tag, plain, error);
    case DESTINATION_DOCKER_ARCHIVE:
        return image_archive_write(IMAGE_ARCHIVE_DOCKER, destination->path, reference, plain,
                                   error);
    case DESTINATION_LAYER:
        return write_layer(destination, first, error);
    case DESTINATION_LAYERS:
        return write_layers(destination, first, error);
    case DESTINATION_ROOTFS:
        return image_flatten(first->image->layers, destination->path, error);
    }
    g_assert_not_reached();
}
