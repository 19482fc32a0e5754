/* Two layers unpacked into folders, as one tree and each for an overlay: the first byte says how
 * many blocks of a tar file the lower one has. Nothing appears or changes beside the folders, and
 * what was made can be counted and removed. */
#include "fuzz.h"

#include "sandbox/tree_unpack.h"
#include "store/tree_store.h"

#include "base/sorted.h"

#include <sys/stat.h>
#include <unistd.h>

static gboolean unpack(const char *folder, GBytes *const *layers, guint count, bool overlay,
                       GError **error)
{
    TreeUnpackOptions options = {.overlay = overlay, .id_base = -1};
    g_autoptr(TreeUnpack) tree = tree_unpack_new(folder, &options, error);
    bool alone;
    for (guint i = 0; tree && i < count; i++) {
        g_autoptr(ArchiveReader) reader = archive_reader_new_bytes("layer", layers[i], error);
        if (!reader || !tree_unpack_layer(tree, reader, error))
            return FALSE;
    }
    return tree && tree_unpack_finish(tree, &alone, error);
}

static void check(GBytes *const *layers, guint count, bool overlay)
{
    g_autoptr(GError) error = NULL, cause = NULL;
    g_autofree char *work = g_dir_make_tmp("unpack-XXXXXX", NULL), *text = NULL;
    g_autofree char *folder = g_build_filename(work, "tree", NULL);
    g_autofree char *beside = g_build_filename(work, "beside", NULL);
    g_assert_cmpint(mkdir(folder, 0755), ==, 0);
    g_assert_true(g_file_set_contents(beside, "kept", -1, NULL));
    gboolean ok = unpack(folder, layers, count, overlay, &error);
    g_assert(ok == (error == NULL));
    g_autoptr(GPtrArray) names = sorted_dir(work, 10, NULL);
    g_assert_cmpuint(names->len, ==, 2);
    g_assert_true(g_file_get_contents(beside, &text, NULL, NULL));
    g_assert_cmpstr(text, ==, "kept");
    g_assert_true(tree_remove(work, &cause));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    size_t lower = MIN((size_t)data[0] * 512, size - 1);
    g_autoptr(GBytes) first = g_bytes_new(data + 1, lower);
    g_autoptr(GBytes) second = g_bytes_new(data + 1 + lower, size - 1 - lower);
    GBytes *const layers[] = {first, second};
    check(layers, 2, false);
    check(layers, 1, true);
    check(layers + 1, 1, true);
    return 0;
}
