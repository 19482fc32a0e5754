/* Runs a fuzz target over its corpus, so that every input once found, and the seeds, are an
 * ordinary test under any compiler. Arguments are files and folders. Each input is also given cut
 * short at every length (long ones at some), which finds most reads past an end. */
#include "fuzz.h"

#include "base/sorted.h"

enum {
    INPUT_BYTES = 64 << 20,
    CUTS = 256, /* at most so many shorter copies of one input */
    FOLDER_NAMES = 100000,
};

static unsigned inputs;

/* The copy has exactly the input's size, so that a sanitizer sees the first byte read too far. */
static void run_copy(const char *text, size_t length)
{
    uint8_t *copy = g_memdup2(text, length);
    uint8_t none = 0;
    LLVMFuzzerTestOneInput(copy ? copy : &none, length);
    g_free(copy);
}

static void run_file(const char *path)
{
    g_autofree char *text = NULL;
    gsize length = 0;
    g_autoptr(GError) error = NULL;
    if (!g_file_get_contents(path, &text, &length, &error))
        g_error("%s", error->message);
    g_assert_cmpuint(length, <=, INPUT_BYTES);
    run_copy(text, length);
    size_t step = length / CUTS + 1;
    for (size_t cut = 0; cut < length; cut += step)
        run_copy(text, cut);
    inputs++;
}

static void run_path(const char *path)
{
    if (!g_file_test(path, G_FILE_TEST_IS_DIR)) {
        run_file(path);
        return;
    }
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) names = sorted_dir(path, FOLDER_NAMES, &error);
    if (!names)
        g_error("%s", error->message);
    for (unsigned i = 0; i < names->len; i++) {
        g_autofree char *inner = g_build_filename(path, names->pdata[i], NULL);
        run_file(inner);
    }
}

int main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++)
        run_path(argv[i]);
    fprintf(stderr, "%u inputs\n", inputs);
    return inputs > 0 ? 0 : 1;
}
