/* Imports inside functions of modules that were loaded (imports.h: import_machine_deferred). */
#include "check/import_machine.h"

void deferred_walk(ImportMachine *machine, GPtrArray *failures)
{
}
