#include "facts/host_tables.h"

#include "base/limits.h"
#include "facts/shipped_tables.h"

/* The table of the first folder that has it, else the program's own; NULL: it can't be read. */
static Source *open_table(const char *const *folders, const char *name, const char *shipped,
                          Diags *diags)
{
    for (; *folders; folders++) {
        g_autofree char *path = g_build_filename(*folders, name, NULL);
        if (!g_file_test(path, G_FILE_TEST_EXISTS))
            continue;
        GError *error = NULL;
        Source *source = source_load(path, NULL, LIMIT_CONFIG_BYTES, &error);
        if (!source)
            diags_take(diags, error);
        return source;
    }
    return source_new(name, shipped, strlen(shipped));
}

HostTables *host_tables_load(const char *const *folders, Diags *diags)
{
    g_autoptr(Source) gpus = open_table(folders, "gpus.yaml", gpus_yaml, diags);
    g_autoptr(Source) drivers = open_table(folders, "drivers.yaml", drivers_yaml, diags);
    g_autoptr(HostTables) tables = g_new0(HostTables, 1);
    tables->gpus = gpus ? gpu_table_decode(gpus, diags) : NULL;
    tables->drivers = drivers ? driver_table_decode(drivers, diags) : NULL;
    return tables->gpus && tables->drivers ? g_steal_pointer(&tables) : NULL;
}

void host_tables_free(HostTables *tables)
{
    if (!tables)
        return;
    gpu_table_free(tables->gpus);
    driver_table_free(tables->drivers);
    g_free(tables);
}
