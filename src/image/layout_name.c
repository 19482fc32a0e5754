/* Images by the names that users give them. */
#include "image/image_layout.h"

static const struct {
    const char *prefix;
    LayoutKind kind;
} forms[] = {
    {"oci:", LAYOUT_FOLDER},
    {"oci-archive:", LAYOUT_ARCHIVE},
    {"docker-archive:", LAYOUT_DOCKER},
};

/* PATH[:TAG], where either may have colons in it. */
static char *split_path(const char *text, const char **ret_tag)
{
    *ret_tag = NULL;
    if (g_file_test(text, G_FILE_TEST_EXISTS))
        return g_strdup(text);
    for (const char *colon = strchr(text, ':'); colon; colon = strchr(colon + 1, ':')) {
        g_autofree char *path = g_strndup(text, (gsize)(colon - text));
        if (!g_file_test(path, G_FILE_TEST_EXISTS))
            continue;
        *ret_tag = colon[1] ? colon + 1 : NULL;
        return g_steal_pointer(&path);
    }
    return g_strdup(text);
}

ImageLayout *image_layout_open_named(const char *name, char **ret_tag, GError **error)
{
    for (size_t i = 0; i < G_N_ELEMENTS(forms); i++) {
        if (!g_str_has_prefix(name, forms[i].prefix))
            continue;
        const char *tag;
        g_autofree char *path = split_path(name + strlen(forms[i].prefix), &tag);
        ImageLayout *layout = image_layout_open(forms[i].kind, path, path, error);
        if (layout)
            *ret_tag = g_strdup(tag);
        return layout;
    }
    error_set(error, ERROR_USAGE, SPAN_NONE, "'%s' names no image on this machine", name);
    if (error)
        error_set_hint(*error, "write oci:DIR[:TAG], oci-archive:FILE or docker-archive:FILE");
    return NULL;
}
