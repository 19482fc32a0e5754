#include "facts/host_tables.h"

/* Where the table is; in the last folder if it is nowhere, so that its absence is an error there.
 */
static char *find_table(const char *const *folders, const char *name)
{
    char *path = NULL;
    for (; *folders; folders++) {
        g_free(path);
        path = g_build_filename(*folders, name, NULL);
        if (g_file_test(path, G_FILE_TEST_EXISTS))
            break;
    }
    return path;
}

HostTables *host_tables_load(const char *const *folders, Diags *diags)
{
    g_autofree char *gpus = find_table(folders, "gpus.yaml");
    g_autofree char *drivers = find_table(folders, "drivers.yaml");
    g_autoptr(HostTables) tables = g_new0(HostTables, 1);
    tables->gpus = gpu_table_load(gpus, diags);
    tables->drivers = driver_table_load(drivers, diags);
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
