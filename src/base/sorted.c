#include "base/sorted.h"

#include <errno.h>

#undef readdir
#undef g_hash_table_iter_init
#undef g_hash_table_iter_next

int sorted_compare_strings(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

GPtrArray *sorted_keys(GHashTable *table)
{
    GPtrArray *keys = g_ptr_array_sized_new(g_hash_table_size(table));
    GHashTableIter iter;
    void *key;
    g_hash_table_iter_init(&iter, table);
    while (g_hash_table_iter_next(&iter, &key, NULL))
        g_ptr_array_add(keys, key);
    g_ptr_array_sort(keys, sorted_compare_strings);
    return keys;
}

static void close_dir_pointer(DIR **dir)
{
    if (*dir)
        closedir(*dir);
}

GPtrArray *sorted_dir(const char *path, unsigned limit, GError **error)
{
    __attribute__((cleanup(close_dir_pointer))) DIR *dir = opendir(path);
    if (!dir) {
        bool absent = errno == ENOENT || errno == ENOTDIR;
        error_set_errno(error, absent ? ERROR_INPUT : ERROR_FAILED, errno,
                        "cannot read the folder %s", path);
        return NULL;
    }
    g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
    const struct dirent *entry;
    while ((errno = 0, entry = readdir(dir))) {
        if (g_str_equal(entry->d_name, ".") || g_str_equal(entry->d_name, ".."))
            continue;
        if (names->len >= limit) {
            error_set(error, ERROR_INPUT, SPAN_NONE, "the folder %s has more than %u entries", path,
                      limit);
            return NULL;
        }
        g_ptr_array_add(names, g_strdup(entry->d_name));
    }
    if (errno != 0) {
        error_set_errno(error, ERROR_FAILED, errno, "cannot read the folder %s", path);
        return NULL;
    }
    g_ptr_array_sort(names, sorted_compare_strings);
    return g_steal_pointer(&names);
}
