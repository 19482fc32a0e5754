/* The only iteration over hash tables and folders that output may depend on: in byte order of the
 * names. */
#pragma once

#include "base/error.h"

/* The keys of a string-keyed table, sorted; the strings stay the table's. */
GPtrArray *sorted_keys(GHashTable *table);
/* Names in the folder `path` without "." and "..", sorted and owned by the array. `limit` names at
 * most. */
GPtrArray *sorted_dir(const char *path, unsigned limit, GError **error);
/* Comparator for g_ptr_array_sort() over arrays of strings. */
int sorted_compare_strings(const void *a, const void *b);
