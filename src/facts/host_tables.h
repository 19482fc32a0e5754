/* The tables that say what a host is: GPUs and drivers. Each file is taken from the first of the
 * folders that has it, so that a newer one of the user replaces the shipped one; where none has it,
 * as for a program that was copied alone, the table is the one that the program was built with. */
#pragma once

#include "facts/drivers.h"
#include "facts/gpus.h"

typedef struct {
    GpuTable *gpus;
    DriverTable *drivers;
} HostTables;

/* `folders` ends with NULL. Mistakes, and a table that can't be read, go to diags; NULL then. */
HostTables *host_tables_load(const char *const *folders, Diags *diags);
void host_tables_free(HostTables *tables);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(HostTables, host_tables_free)
