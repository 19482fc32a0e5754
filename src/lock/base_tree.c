#include "lock/base_tree.h"

#include "base/limits.h"
#include "python/interpreter.h"

typedef struct {
    const char *prefix; /* of the reference */
    BaseForm form;
    const char *name;
    bool readable;
    LayoutKind layout; /* of an image */
} FormRow;

/* clang-format off */
static const FormRow forms[] = {
    {"oci:",            BASE_FORM_OCI,            "oci",            true, LAYOUT_FOLDER},
    {"oci-archive:",    BASE_FORM_OCI_ARCHIVE,    "oci-archive",    true, LAYOUT_ARCHIVE},
    {"docker-archive:", BASE_FORM_DOCKER_ARCHIVE, "docker-archive", true, LAYOUT_DOCKER},
    {"rootfs:",         BASE_FORM_ROOTFS,         "rootfs",         true, LAYOUT_FOLDER},
    {NULL,              BASE_FORM_SCRATCH,        "scratch",        true, LAYOUT_FOLDER},
    {NULL,              BASE_FORM_REGISTRY,       "registry",       false, LAYOUT_FOLDER},
    {NULL,              BASE_FORM_DECLARED,       "declared",       false, LAYOUT_FOLDER},
};
/* clang-format on */

BaseForm base_form(const char *reference)
{
    if (!reference)
        return BASE_FORM_DECLARED;
    if (g_str_equal(reference, "scratch"))
        return BASE_FORM_SCRATCH;
    for (size_t i = 0; i < G_N_ELEMENTS(forms); i++) {
        if (forms[i].prefix && g_str_has_prefix(reference, forms[i].prefix))
            return forms[i].form;
    }
    return BASE_FORM_REGISTRY;
}

static const FormRow *form_row(BaseForm form)
{
    for (size_t i = 0; i < G_N_ELEMENTS(forms); i++) {
        if (forms[i].form == form)
            return &forms[i];
    }
    g_assert_not_reached();
}

const char *base_form_name(BaseForm form)
{
    return form_row(form)->name;
}

bool base_form_is_readable(BaseForm form)
{
    return form_row(form)->readable;
}

void base_tree_free(BaseTree *tree)
{
    if (!tree)
        return;
    image_root_free(tree->root);
    g_free(tree->digest);
    g_strfreev(tree->env);
    g_free(tree->user);
    g_free(tree);
}

/* What follows "oci:" and the like. */
static const char *behind_form(const char *reference)
{
    const char *colon = strchr(reference, ':');
    return colon ? colon + 1 : reference;
}

/* PATH[:TAG]: a colon behind the last slash begins a tag, unless the whole is there as it stands.
 */
static char *split_tag(const char *text, const char *base_dir, char **ret_tag)
{
    g_autofree char *whole = g_canonicalize_filename(text, base_dir);
    const char *slash = strrchr(text, '/');
    const char *colon = strchr(slash ? slash : text, ':');
    *ret_tag = NULL;
    if (!colon || g_file_test(whole, G_FILE_TEST_EXISTS))
        return g_steal_pointer(&whole);
    g_autofree char *path = g_strndup(text, (gsize)(colon - text));
    *ret_tag = colon[1] ? g_strdup(colon + 1) : NULL;
    return g_canonicalize_filename(path, base_dir);
}

static gboolean apply_layer(void *data, ArchiveReader *reader, GError **error)
{
    return image_root_apply(data, reader, error);
}

/* Layers of a compressed archive are taken out first where that can be done: else each of them
 * costs reading it from the front. */
static gboolean read_layers(ImageRoot *root, ImageLayout *layout, const ImageManifest *manifest,
                            Cache *cache, GError **error)
{
    g_autoptr(BlobStore) blobs = cache ? blob_store_new(cache) : NULL;
    if (blobs)
        image_layout_extract(layout, manifest, blobs, NULL);
    for (guint i = 0; i < manifest->layers->len; i++) {
        const ImageLayer *layer = manifest->layers->pdata[i];
        GError *cause = NULL;
        if (!image_layout_read_layer(layout, layer, blobs, apply_layer, root, &cause))
            return error_wrap(error, cause, SPAN_NONE, "layer %u of %u", i + 1,
                              manifest->layers->len);
    }
    return TRUE;
}

/* Trees of images in the cache. */

static const char ROOTS[] = "roots";

enum {
    TREE_WANTS_VERSION = 2, /* rises whenever the answers of tree_wants() change */
};
#define SETTINGS_BYTES (64 * KIB)

/* Beside what facts need, the small files of /etc: building looks at users, groups and what it
 * appends to, and should find the tree that locking has left in the cache. */
static bool tree_wants(const char *path, guint64 size)
{
    return interpreter_wants(path, size) ||
           (g_str_has_prefix(path, "/etc/") && size <= SETTINGS_BYTES);
}

/* Trees are the same where this is: the image, and whose contents are held. NULL for an image that
 * its digest does not describe. */
static char *tree_key(const ImageManifest *manifest, const char *const *wanted)
{
    GString *key = g_string_new(NULL);
    g_string_append_printf(key, "%d %d %d %s", IMAGE_ROOT_VERSION, INTERPRETER_WANTS_VERSION,
                           TREE_WANTS_VERSION, manifest->digest);
    for (size_t i = 0; wanted && wanted[i]; i++)
        g_string_append_printf(key, "\n%s", wanted[i]);
    bool described = true;
    for (guint i = 0; i < manifest->layers->len; i++) {
        const ImageLayer *layer = manifest->layers->pdata[i];
        described = described && (layer->digest || layer->diff_id);
    }
    return g_string_free(key, !described);
}

/* Whether the contents of these files can be read, as far as they are there and may be large. */
static bool holds(const ImageRoot *root, const char *const *wanted)
{
    for (size_t i = 0; wanted && wanted[i]; i++) {
        guint64 size;
        if (image_root_stat(root, wanted[i], true, &size) != PATH_FILE ||
            size > LIMIT_REQUIREMENTS_BYTES)
            continue;
        g_autoptr(GBytes) content = image_root_read(root, wanted[i], LIMIT_REQUIREMENTS_BYTES);
        if (!content)
            return false;
    }
    return true;
}

static ImageRoot *load_root(Cache *cache, const char *key)
{
    g_autoptr(GBytes) bytes = cache_load(cache, ROOTS, key);
    ImageRoot *root = bytes ? image_root_decode(bytes) : NULL;
    if (bytes && !root)
        cache_remove(cache, ROOTS, key);
    return root;
}

static void save_root(Cache *cache, const char *key, const ImageRoot *root)
{
    g_autoptr(GBytes) bytes = image_root_encode(root);
    gsize length;
    const void *data = g_bytes_get_data(bytes, &length);
    cache_save(cache, ROOTS, key, data, length);
}

static ImageRoot *read_root(ImageLayout *layout, const ImageManifest *manifest,
                            const char *const *wanted, Cache *cache, GError **error)
{
    g_autoptr(ImageRoot) root = image_root_new_image(tree_wants);
    for (size_t i = 0; wanted && wanted[i]; i++)
        image_root_want(root, wanted[i]);
    return read_layers(root, layout, manifest, cache, error) ? g_steal_pointer(&root) : NULL;
}

/* The tree from the cache, or from the layers. Most requests share one entry; one that wants more
 * has an entry of its own. */
static ImageRoot *get_root(ImageLayout *layout, const ImageManifest *manifest,
                           const char *const *wanted, Cache *cache, GError **error)
{
    g_autofree char *shared = cache ? tree_key(manifest, NULL) : NULL;
    g_autofree char *own = cache ? tree_key(manifest, wanted) : NULL;
    if (!shared)
        return read_root(layout, manifest, wanted, cache, error);
    g_autoptr(ImageRoot) found = load_root(cache, shared);
    if (found && holds(found, wanted))
        return g_steal_pointer(&found);
    ImageRoot *more = g_str_equal(shared, own) ? NULL : load_root(cache, own);
    if (more)
        return more;
    ImageRoot *root = read_root(layout, manifest, wanted, cache, error);
    if (root)
        save_root(cache, found ? own : shared, root);
    return root;
}

/* An image of this machine that a request names. */
typedef struct {
    ImageLayout *layout;
    Platform *platform;
    char *tag;
} OpenLayout;

static void open_layout_clear(OpenLayout *open)
{
    image_layout_free(open->layout);
    platform_free(open->platform);
    g_free(open->tag);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(OpenLayout, open_layout_clear)

static gboolean open_layout(OpenLayout *open, LayoutKind kind, const BaseRequest *request,
                            GError **error)
{
    g_autofree char *path =
        split_tag(behind_form(request->reference), request->base_dir, &open->tag);
    open->platform = platform_parse(request->platform, error);
    if (open->platform)
        open->layout = image_layout_open(kind, path, request->reference, error);
    return open->layout != NULL;
}

static guint64 packed_size(const ImageManifest *manifest)
{
    guint64 size = 0;
    for (guint i = 0; i < manifest->layers->len; i++) {
        const ImageLayer *layer = manifest->layers->pdata[i];
        if (layer->size == 0)
            return 0;
        size += layer->size;
    }
    return size;
}

static gboolean open_image(BaseTree *tree, LayoutKind kind, const BaseRequest *request,
                           const char *const *wanted, GError **error)
{
    g_auto(OpenLayout) open = {0};
    g_autoptr(ImageManifest) manifest =
        open_layout(&open, kind, request, error)
            ? image_layout_read(open.layout, open.tag, open.platform, error)
            : NULL;
    if (!manifest)
        return FALSE;
    tree->digest = g_strdup(manifest->digest);
    g_strfreev(tree->env);
    tree->env = g_strdupv(manifest->config->env);
    tree->user = g_strdup(manifest->config->user);
    tree->layers = manifest->layers->len;
    tree->packed = packed_size(manifest);
    tree->root = get_root(open.layout, manifest, wanted, request->cache, error);
    return tree->root != NULL;
}

gboolean base_digest(const BaseRequest *request, char **ret_digest, GError **error)
{
    *ret_digest = NULL;
    if (base_form(request->reference) != BASE_FORM_OCI)
        return TRUE;
    g_auto(OpenLayout) open = {0};
    g_autoptr(ImageManifest) manifest =
        open_layout(&open, LAYOUT_FOLDER, request, error)
            ? image_layout_read(open.layout, open.tag, open.platform, error)
            : NULL;
    if (manifest)
        *ret_digest = g_strdup(manifest->digest);
    return manifest != NULL;
}

static gboolean set_elsewhere(const BaseRequest *request, GError **error)
{
    return error_set(error, ERROR_INPUT, SPAN_NONE, "%s does not lie on this machine",
                     request->reference);
}

static char *folder_of(const BaseRequest *request)
{
    return g_canonicalize_filename(behind_form(request->reference), request->base_dir);
}

static gboolean open_form(BaseTree *tree, const BaseRequest *request, const char *const *wanted,
                          GError **error)
{
    const FormRow *form = form_row(base_form(request->reference));
    g_autofree char *folder = NULL;
    switch (form->form) {
    case BASE_FORM_OCI:
    case BASE_FORM_OCI_ARCHIVE:
    case BASE_FORM_DOCKER_ARCHIVE:
        return open_image(tree, form->layout, request, wanted, error);
    case BASE_FORM_ROOTFS:
        folder = folder_of(request);
        tree->root = image_root_new_folder(folder, error);
        return tree->root != NULL;
    case BASE_FORM_SCRATCH:
        tree->root = image_root_new_image(NULL);
        return TRUE;
    case BASE_FORM_REGISTRY:
    case BASE_FORM_DECLARED:
    default:
        return set_elsewhere(request, error);
    }
}

BaseTree *base_tree_open(const BaseRequest *request, const char *const *wanted, GError **error)
{
    g_autoptr(BaseTree) tree = g_new0(BaseTree, 1);
    tree->env = g_new0(char *, 1);
    GError *cause = NULL;
    if (open_form(tree, request, wanted, &cause))
        return g_steal_pointer(&tree);
    error_wrap(error, cause, request->at, "cannot use the base");
    return NULL;
}

static BaseImage *open_image_layers(LayoutKind kind, const BaseRequest *request, BlobStore *blobs,
                                    GError **error)
{
    g_auto(OpenLayout) open = {0};
    return open_layout(&open, kind, request, error)
               ? base_image_open_layout(open.layout, open.tag, open.platform, blobs, error)
               : NULL;
}

static BaseImage *open_image_form(const BaseRequest *request, BlobStore *blobs, GError **error)
{
    const FormRow *form = form_row(base_form(request->reference));
    g_autofree char *folder = NULL;
    g_autoptr(Platform) platform = platform_parse(request->platform, error);
    if (!platform)
        return NULL;
    switch (form->form) {
    case BASE_FORM_OCI:
    case BASE_FORM_OCI_ARCHIVE:
    case BASE_FORM_DOCKER_ARCHIVE:
        return open_image_layers(form->layout, request, blobs, error);
    case BASE_FORM_ROOTFS:
        folder = folder_of(request);
        return base_image_open_folder(folder, platform, blobs, error);
    case BASE_FORM_SCRATCH:
        return base_image_new_scratch(platform);
    case BASE_FORM_REGISTRY:
    case BASE_FORM_DECLARED:
    default:
        set_elsewhere(request, error);
        return NULL;
    }
}

BaseImage *base_tree_open_image(const BaseRequest *request, BlobStore *blobs, GError **error)
{
    GError *cause = NULL;
    BaseImage *image = open_image_form(request, blobs, &cause);
    if (!image)
        error_wrap(error, cause, request->at, "cannot use %s",
                   request->role ? request->role : "the base");
    return image;
}

static TreeKind tree_kind(void *data, const char *path)
{
    switch (image_root_stat(data, path, true, NULL)) {
    case PATH_FILE:
        return TREE_FILE;
    case PATH_FOLDER:
        return TREE_FOLDER;
    case PATH_NONE:
        return TREE_ABSENT;
    case PATH_LINK:
    case PATH_OTHER:
    default:
        return TREE_OTHER;
    }
}

static char *tree_resolve(void *data, const char *path)
{
    return image_root_resolve(data, path);
}

static GPtrArray *tree_list(void *data, const char *path)
{
    return image_root_list(data, path);
}

static GBytes *tree_read(void *data, const char *path, size_t limit)
{
    return image_root_read(data, path, limit);
}

FileTree base_tree_files(const BaseTree *tree)
{
    return (FileTree){tree->root, tree_kind, tree_resolve, tree_list, tree_read};
}
