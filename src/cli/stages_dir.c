#include "cli/stages_dir.h"

#include "cli/build_paths.h"

#undef g_getenv

static char *beside_program(const char *program, const char *name)
{
    g_autofree char *bin = g_path_get_dirname(program);
    g_autofree char *path = g_build_filename(bin, "..", "share", "ramekin", name, NULL);
    return g_file_test(path, G_FILE_TEST_IS_DIR) ? g_steal_pointer(&path) : NULL;
}

static char *find_shipped(const char *name, const char *in_source, const char *installed)
{
    g_autofree char *program = g_file_read_link("/proc/self/exe", NULL);
    if (program && g_str_has_prefix(program, BUILD_DIR "/"))
        return g_strdup(in_source);
    char *beside = program ? beside_program(program, name) : NULL;
    return beside ? beside : g_strdup(installed);
}

char *stages_dir_find(void)
{
    const char *chosen = g_getenv("RAMEKIN_STAGES");
    if (chosen && *chosen)
        return g_strdup(chosen);
    return find_shipped("stages", SOURCE_STAGES_DIR, INSTALLED_STAGES_DIR);
}

char **data_dirs_find(void)
{
    g_autoptr(GStrvBuilder) folders = g_strv_builder_new();
    const char *chosen = g_getenv("RAMEKIN_DATA"), *data = g_getenv("XDG_DATA_HOME");
    const char *home = g_getenv("HOME");
    g_autofree char *own = NULL;
    if (data && g_path_is_absolute(data))
        own = g_build_filename(data, "ramekin", NULL);
    else if (home && *home)
        own = g_build_filename(home, ".local", "share", "ramekin", NULL);
    g_autofree char *shipped = find_shipped("data", SOURCE_DATA_DIR, INSTALLED_DATA_DIR);
    if (chosen && *chosen)
        g_strv_builder_add(folders, chosen);
    if (own)
        g_strv_builder_add(folders, own);
    g_strv_builder_add(folders, shipped);
    return g_strv_builder_end(folders);
}
