/* Remembered verdicts of imports: what is read can be written again, to the same bytes. */
#include "fuzz.h"

#include "check/import_memory.h"
#include "check/import_roots.h"

static CheckRun *run_new(const Recipe *recipe)
{
    CheckRun *run = g_new0(CheckRun, 1);
    run->recipe = recipe;
    run->roots = g_ptr_array_new_with_free_func(import_root_free);
    ImportRoot *root = g_new0(ImportRoot, 1);
    root->name = g_strdup("torch");
    g_ptr_array_add(run->roots, root);
    return run;
}

static void run_free(CheckRun *run)
{
    g_ptr_array_unref(run->roots);
    g_clear_pointer(&run->found, g_ptr_array_unref);
    g_clear_pointer(&run->deferred, g_ptr_array_unref);
    g_free(run);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const Recipe recipe;
    g_autoptr(GBytes) bytes = g_bytes_new(data, size);
    CheckRun *run = run_new(&recipe), *again = run_new(&recipe);
    if (import_memory_decode(bytes, run)) {
        g_autoptr(GByteArray) first = import_memory_encode(run);
        g_autoptr(GBytes) written = g_bytes_new(first->data, first->len);
        g_assert_true(import_memory_decode(written, again));
        g_autoptr(GByteArray) second = import_memory_encode(again);
        g_assert_cmpmem(first->data, first->len, second->data, second->len);
    }
    run_free(run);
    run_free(again);
    return 0;
}
