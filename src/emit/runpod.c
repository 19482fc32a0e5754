#include "emit/runpod.h"

#include "plan/runpod_files.h"

static void file_free_func(void *data)
{
    emitted_file_free(data);
}

static void take_file(GPtrArray *emitted, const char *path, char **text)
{
    if (!*text)
        return;
    EmittedFile *file = g_new(EmittedFile, 1);
    *file = (EmittedFile){g_strdup(path), g_steal_pointer(text), 0644};
    g_ptr_array_add(emitted, file);
}

GPtrArray *runpod_emit(const Plan *plan)
{
    GPtrArray *emitted = g_ptr_array_new_with_free_func(file_free_func);
    g_autoptr(RunpodFiles) files = runpod_files_new(plan);
    if (!files)
        return emitted;
    take_file(emitted, RUNPOD_HUB, &files->hub);
    take_file(emitted, RUNPOD_TESTS, &files->tests);
    return emitted;
}
