/* Labels: what can be unpacked is the same after packing, and any text comes back. A recipe's
 * bundle that is accepted keeps its files inside. */
#include "fuzz.h"

#include "plan/image_labels.h"
#include "recipe/bundle.h"

#include <string.h>

static void check_bundle(const char *text)
{
    g_autoptr(RecipeBundle) bundle = recipe_bundle_decode("label", text, strlen(text), NULL);
    for (guint i = 0; bundle && i < bundle->files->len; i++) {
        const BundleFile *file = bundle->files->pdata[i];
        g_assert_true(*file->path != '/' && !strstr(file->path, "../"));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autofree char *text = g_strndup((const char *)data, size);
    g_autofree char *unpacked = label_unpack("label", text, 100000, NULL);
    if (unpacked)
        check_bundle(unpacked);
    check_bundle(text);
    g_autofree char *packed = label_pack(text, strlen(text));
    g_autofree char *back = label_unpack("label", packed, size, NULL);
    if (g_utf8_validate(text, -1, NULL))
        g_assert_cmpstr(back, ==, text);
    else
        g_assert_null(back);
    return 0;
}
