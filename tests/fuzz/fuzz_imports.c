/* Any text as a module: the walk ends, in either world, and gives a verdict. */
#include "check/imports.h"

#include "fuzz.h"

#include <string.h>

static const char *const names[] = {"a.py", "b/", "torch/"};

static GPtrArray *list(const ImportFiles *files, const char *folder)
{
    if (*folder && !g_str_equal(folder, "b") && !g_str_equal(folder, "torch"))
        return NULL;
    GPtrArray *all = g_ptr_array_new();
    for (unsigned i = 0; !*folder && i < G_N_ELEMENTS(names); i++)
        g_ptr_array_add(all, (void *)names[i]);
    if (*folder)
        g_ptr_array_add(all, (void *)"__init__.py");
    return all;
}

static GBytes *read_file(const ImportFiles *files, const char *path)
{
    if (g_str_equal(path, "a.py"))
        return g_bytes_ref(files->data);
    static const char body[] = "x = 1\ndef f(*a, **k):\n    return a\nclass C:\n    def m(self):\n"
                               "        return self\n";
    return g_bytes_new_static(body, strlen(body));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autoptr(GBytes) bytes = g_bytes_new(data, MIN(size, 16 * 1024));
    ImportFiles files = {.list = list, .read = read_file, .data = bytes};
    static const char *const env[] = {"A=1", NULL};
    ImportScene scene = {
        .python = "3.11.2", .platform = "linux/amd64", .env = env, .files = &files};
    g_autoptr(ImportSources) sources = import_sources_new(&scene);
    for (unsigned world = 0; world < 2; world++) {
        g_autoptr(ImportMachine) machine =
            import_machine_new(sources, world ? WORLD_RUN : WORLD_BUILD);
        g_autoptr(ImportVerdict) verdict = import_machine_import(machine, "a");
        g_autoptr(GPtrArray) failures = import_machine_deferred(machine);
        g_assert_true(verdict->outcome != IMPORT_FAILS || verdict->exception);
        g_assert_nonnull(failures);
    }
    return 0;
}
