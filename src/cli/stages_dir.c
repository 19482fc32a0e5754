#include "cli/stages_dir.h"

#include "cli/build_paths.h"

#undef g_getenv

static char *beside_program(const char *program)
{
    g_autofree char *bin = g_path_get_dirname(program);
    g_autofree char *path = g_build_filename(bin, "..", "share", "ramekin", "stages", NULL);
    return g_file_test(path, G_FILE_TEST_IS_DIR) ? g_steal_pointer(&path) : NULL;
}

char *stages_dir_find(void)
{
    const char *chosen = g_getenv("RAMEKIN_STAGES");
    if (chosen && *chosen)
        return g_strdup(chosen);
    g_autofree char *program = g_file_read_link("/proc/self/exe", NULL);
    if (program && g_str_has_prefix(program, BUILD_DIR "/"))
        return g_strdup(SOURCE_STAGES_DIR);
    char *beside = program ? beside_program(program) : NULL;
    return beside ? beside : g_strdup(INSTALLED_STAGES_DIR);
}
