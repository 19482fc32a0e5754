/* Documents of images: the first byte chooses between configuration, manifest and index. What is
 * written of a document that could be read reads back to the same bytes, and so does a copy. */
#include "fuzz.h"

#include "image/document.h"

typedef char *(*Recode)(const char *text, size_t length, size_t *ret_length, GError **error);

static char *recode_config(const char *text, size_t length, size_t *ret_length, GError **error)
{
    g_autoptr(ImageConfig) config = image_config_decode("config", text, length, error);
    if (!config)
        return NULL;
    g_autofree char *first = image_config_encode(config, NULL);
    g_autoptr(ImageConfig) copy = image_config_copy(config);
    g_autofree char *second = image_config_encode(copy, ret_length);
    g_assert_cmpstr(first, ==, second);
    guint layers = 0;
    image_config_complete_history(copy);
    for (guint i = 0; i < copy->history->len; i++)
        layers += !((const ImageHistory *)copy->history->pdata[i])->empty_layer;
    g_assert_cmpuint(layers, ==, copy->diff_ids->len);
    return g_steal_pointer(&second);
}

static char *recode_manifest(const char *text, size_t length, size_t *ret_length, GError **error)
{
    g_autoptr(ManifestDocument) manifest =
        manifest_document_decode("manifest", text, length, error);
    return manifest ? manifest_document_encode(manifest, ret_length) : NULL;
}

static char *recode_index(const char *text, size_t length, size_t *ret_length, GError **error)
{
    g_autoptr(IndexDocument) index = index_document_decode("index", text, length, error);
    return index ? index_document_encode(index, ret_length) : NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    Recode recode = data[0] == 'C'   ? recode_config
                    : data[0] == 'M' ? recode_manifest
                                     : recode_index;
    g_autoptr(GError) error = NULL;
    size_t length = 0;
    g_autofree char *once = recode((const char *)data + 1, size - 1, &length, &error);
    g_assert(!once == (error != NULL));
    if (!once)
        return 0;
    g_autofree char *twice = recode(once, length, &length, &error);
    g_assert_no_error(error);
    g_assert_cmpstr(once, ==, twice);
    return 0;
}
