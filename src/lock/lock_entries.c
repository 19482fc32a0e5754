#include "lock/lock_entries.h"

LockDistribution *lock_distribution_copy(const LockDistribution *from)
{
    LockDistribution *copy = lock_distribution_new(from->name, from->version);
    copy->stage = g_strdup(from->stage);
    copy->file = from->file;
    copy->requires = g_strdupv(from->requires);
    copy->ghost = from->ghost;
    return copy;
}

char *lock_entry_text(const LockDistribution *entry)
{
    return g_strdup_printf("%s %s%s", entry->name, entry->version, entry->ghost ? " ghost" : "");
}

static char *full_text(const LockDistribution *entry)
{
    g_autofree char *name = lock_entry_text(entry);
    g_autofree char *requires = entry->requires ? g_strjoinv("\n", entry->requires) : NULL;
    return g_strdup_printf("%s\n%s\n%s\n%s", name, entry->stage ? entry->stage : "",
                           entry->file ? entry->file->id : "", requires ? requires : "");
}

static int compare_entries(const void *a, const void *b)
{
    const LockDistribution *left = *(LockDistribution *const *)a;
    const LockDistribution *right = *(LockDistribution *const *)b;
    int order = strcmp(left->name, right->name);
    if (order == 0)
        order = (int)left->ghost - (int)right->ghost;
    return order != 0 ? order : strcmp(left->version, right->version);
}

static void count_up(GHashTable *counts, char *key)
{
    gsize count = GPOINTER_TO_SIZE(g_hash_table_lookup(counts, key));
    g_hash_table_insert(counts, key, GSIZE_TO_POINTER(count + 1));
}

/* Whether the key was counted; takes one off. */
static bool count_down(GHashTable *counts, const char *key)
{
    gsize count = GPOINTER_TO_SIZE(g_hash_table_lookup(counts, key));
    if (count == 0)
        return false;
    g_hash_table_insert(counts, g_strdup(key), GSIZE_TO_POINTER(count - 1));
    return true;
}

static GHashTable *count_entries(const GPtrArray *entries)
{
    GHashTable *counts = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    for (guint i = 0; i < entries->len; i++)
        count_up(counts, full_text(entries->pdata[i]));
    return counts;
}

GPtrArray *lock_entries_without(const GPtrArray *entries, const GPtrArray *others)
{
    g_autoptr(GHashTable) counts = count_entries(others);
    GPtrArray *rest = g_ptr_array_new();
    for (guint i = 0; i < entries->len; i++) {
        g_autofree char *text = full_text(entries->pdata[i]);
        if (!count_down(counts, text))
            g_ptr_array_add(rest, entries->pdata[i]);
    }
    return rest;
}

GPtrArray *lock_entries_drop(const GPtrArray *entries, const GPtrArray *gone)
{
    g_autoptr(GHashTable) counts = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    for (guint i = 0; i < gone->len; i++)
        count_up(counts, g_strdup(gone->pdata[i]));
    GPtrArray *rest = g_ptr_array_new_with_free_func((GDestroyNotify)lock_distribution_free);
    for (guint i = 0; i < entries->len; i++) {
        g_autofree char *text = lock_entry_text(entries->pdata[i]);
        if (!count_down(counts, text))
            g_ptr_array_add(rest, lock_distribution_copy(entries->pdata[i]));
    }
    return rest;
}

void lock_entries_sort(GPtrArray *entries)
{
    g_ptr_array_sort(entries, compare_entries);
}
