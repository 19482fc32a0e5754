/* What the simulation of imports said, remembered under the name of everything that it saw, so that
 * a target that has not changed need not be simulated again. */
#pragma once

#include "check/check.h"
#include "store/cache.h"

/* A digest over all that can make a difference: the program's own sources, Python's version, the
 * platform and the environment, every file of the space by its path, its owner and the wheel it
 * comes from (of a base's sources the content), what shared objects need and the names of the
 * libraries that may be there, the roots with their
 * texts, and the items that are found. NULL: not to be remembered. The caller frees. Needs
 * run->roots. */
char *import_memory_key(const CheckRun *run, const ImportScene *scene);

/* Fills in what import_roots_simulate() would, but for what a clause swallowed (`caught`), which no
 * finding tells. False: not remembered, and nothing is filled in. */
bool import_memory_load(Cache *cache, const char *key, CheckRun *run);
void import_memory_save(Cache *cache, const char *key, const CheckRun *run);

/* The remembered form. */
GByteArray *import_memory_encode(const CheckRun *run);
/* False: not such bytes, or not of these roots and items. */
bool import_memory_decode(GBytes *bytes, CheckRun *run);
