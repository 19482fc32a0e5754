#include "lock/base_tree.h"

#include "python/interpreter.h"

typedef struct {
    const char *prefix; /* of the reference */
    BaseForm form;
    const char *name;
    bool readable;
} FormRow;

/* clang-format off */
static const FormRow forms[] = {
    {"oci:",            BASE_FORM_OCI,            "oci",            true},
    {"oci-archive:",    BASE_FORM_OCI_ARCHIVE,    "oci-archive",    true},
    {"docker-archive:", BASE_FORM_DOCKER_ARCHIVE, "docker-archive", true},
    {"rootfs:",         BASE_FORM_ROOTFS,         "rootfs",         true},
    {NULL,              BASE_FORM_SCRATCH,        "scratch",        true},
    {NULL,              BASE_FORM_REGISTRY,       "registry",       false},
    {NULL,              BASE_FORM_DECLARED,       "declared",       false},
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

static gboolean read_layers(BaseTree *tree, ImageLayout *layout, const ImageManifest *manifest,
                            GError **error)
{
    for (guint i = 0; i < manifest->layers->len; i++) {
        const ImageLayer *layer = manifest->layers->pdata[i];
        GError *cause = NULL;
        if (!image_layout_read_layer(layout, layer, apply_layer, tree->root, &cause))
            return error_wrap(error, cause, SPAN_NONE, "layer %u of %u", i + 1,
                              manifest->layers->len);
    }
    return TRUE;
}

static gboolean open_image(BaseTree *tree, LayoutKind kind, const char *text,
                           const BaseRequest *request, const char *const *wanted, GError **error)
{
    g_autofree char *tag = NULL;
    g_autofree char *path = split_tag(text, request->base_dir, &tag);
    g_autoptr(Platform) platform = platform_parse(request->platform, error);
    g_autoptr(ImageLayout) layout =
        platform ? image_layout_open(kind, path, request->reference, error) : NULL;
    g_autoptr(ImageManifest) manifest =
        layout ? image_layout_read(layout, tag, platform, error) : NULL;
    if (!manifest)
        return FALSE;
    tree->root = image_root_new_image(interpreter_wants);
    for (size_t i = 0; wanted && wanted[i]; i++)
        image_root_want(tree->root, wanted[i]);
    tree->digest = g_strdup(manifest->digest);
    g_strfreev(tree->env);
    tree->env = g_strdupv(manifest->config->env);
    tree->user = g_strdup(manifest->config->user);
    return read_layers(tree, layout, manifest, error);
}

gboolean base_digest(const BaseRequest *request, char **ret_digest, GError **error)
{
    *ret_digest = NULL;
    if (base_form(request->reference) != BASE_FORM_OCI)
        return TRUE;
    g_autofree char *tag = NULL;
    g_autofree char *path = split_tag(request->reference + strlen("oci:"), request->base_dir, &tag);
    g_autoptr(Platform) platform = platform_parse(request->platform, error);
    g_autoptr(ImageLayout) layout =
        platform ? image_layout_open(LAYOUT_FOLDER, path, request->reference, error) : NULL;
    g_autoptr(ImageManifest) manifest =
        layout ? image_layout_read(layout, tag, platform, error) : NULL;
    if (manifest)
        *ret_digest = g_strdup(manifest->digest);
    return manifest != NULL;
}

static gboolean open_form(BaseTree *tree, const BaseRequest *request, const char *const *wanted,
                          GError **error)
{
    const char *text = request->reference;
    const char *behind = strchr(text, ':') ? strchr(text, ':') + 1 : text;
    g_autofree char *folder = NULL;
    switch (base_form(text)) {
    case BASE_FORM_OCI:
        return open_image(tree, LAYOUT_FOLDER, behind, request, wanted, error);
    case BASE_FORM_OCI_ARCHIVE:
        return open_image(tree, LAYOUT_ARCHIVE, behind, request, wanted, error);
    case BASE_FORM_DOCKER_ARCHIVE:
        return open_image(tree, LAYOUT_DOCKER, behind, request, wanted, error);
    case BASE_FORM_ROOTFS:
        folder = g_canonicalize_filename(behind, request->base_dir);
        tree->root = image_root_new_folder(folder, error);
        return tree->root != NULL;
    case BASE_FORM_SCRATCH:
        tree->root = image_root_new_image(NULL);
        return TRUE;
    case BASE_FORM_REGISTRY:
    case BASE_FORM_DECLARED:
    default:
        return error_set(error, ERROR_INPUT, SPAN_NONE, "%s does not lie on this machine", text);
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
