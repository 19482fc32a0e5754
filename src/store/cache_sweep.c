/* What `ramekin cache` does with all entries at once. */
#include "base/clock.h"
#include "base/limits.h"
#include "base/sorted.h"
#include "store/cache_private.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    FANOUT_CHARS = 2,
    ABANDONED_SECONDS = 24 * 3600, /* nobody still writes to a temporary file that old */
};

/* One file of a bucket; FALSE with an error ends the walk. */
typedef gboolean (*EntryVisitor)(void *data, const char *path, const struct stat *st,
                                 GError **error);

static bool is_folder(const char *path)
{
    return g_file_test(path, G_FILE_TEST_IS_DIR) && !g_file_test(path, G_FILE_TEST_IS_SYMLINK);
}

static gboolean visit_folder(const char *folder, EntryVisitor visit, void *data, GError **error)
{
    g_autoptr(GPtrArray) names = sorted_dir(folder, LIMIT_FOLDER_NAMES, error);
    if (!names)
        return FALSE;
    for (guint i = 0; i < names->len; i++) {
        g_autofree char *path = g_build_filename(folder, names->pdata[i], NULL);
        struct stat st;
        if (lstat(path, &st) < 0 || !S_ISREG(st.st_mode))
            continue;
        if (!visit(data, path, &st, error))
            return FALSE;
    }
    return TRUE;
}

static gboolean visit_bucket(const char *bucket, EntryVisitor visit, void *data, GError **error)
{
    g_autoptr(GPtrArray) names = sorted_dir(bucket, LIMIT_FOLDER_NAMES, error);
    if (!names)
        return FALSE;
    for (guint i = 0; i < names->len; i++) {
        g_autofree char *folder = g_build_filename(bucket, names->pdata[i], NULL);
        if (strlen(names->pdata[i]) == FANOUT_CHARS && is_folder(folder) &&
            !visit_folder(folder, visit, data, error))
            return FALSE;
    }
    return TRUE;
}

/* Paths of the buckets, by name. */
static GPtrArray *find_buckets(const Cache *cache, GError **error)
{
    g_autoptr(GPtrArray) buckets = g_ptr_array_new_with_free_func(g_free);
    if (!is_folder(cache_dir(cache)))
        return g_steal_pointer(&buckets);
    g_autoptr(GPtrArray) names = sorted_dir(cache_dir(cache), LIMIT_FOLDER_NAMES, error);
    if (!names)
        return NULL;
    for (guint i = 0; i < names->len; i++) {
        g_autofree char *path = g_build_filename(cache_dir(cache), names->pdata[i], NULL);
        if (!g_str_equal(names->pdata[i], CACHE_BLOBS) &&
            !g_str_equal(names->pdata[i], CACHE_TREES) && is_folder(path))
            g_ptr_array_add(buckets, g_steal_pointer(&path));
    }
    return g_steal_pointer(&buckets);
}

static gboolean visit_all(const Cache *cache, EntryVisitor visit, void *data, GError **error)
{
    g_autoptr(GPtrArray) buckets = find_buckets(cache, error);
    for (guint i = 0; buckets && i < buckets->len; i++) {
        if (!visit_bucket(buckets->pdata[i], visit, data, error))
            return FALSE;
    }
    return buckets != NULL;
}

void cache_bucket_free(CacheBucket *bucket)
{
    if (!bucket)
        return;
    g_free(bucket->name);
    g_free(bucket);
}

static gboolean count_entry(void *data, const char *path G_GNUC_UNUSED, const struct stat *st,
                            GError **error G_GNUC_UNUSED)
{
    CacheBucket *bucket = data;
    bucket->entries++;
    bucket->bytes += (guint64)st->st_size;
    return TRUE;
}

GPtrArray *cache_list(const Cache *cache, GError **error)
{
    g_autoptr(GPtrArray) list = g_ptr_array_new_with_free_func((GDestroyNotify)cache_bucket_free);
    g_autoptr(GPtrArray) buckets = find_buckets(cache, error);
    if (!buckets)
        return NULL;
    for (guint i = 0; i < buckets->len; i++) {
        CacheBucket *bucket = g_new0(CacheBucket, 1);
        bucket->name = g_path_get_basename(buckets->pdata[i]);
        g_ptr_array_add(list, bucket);
        if (!visit_bucket(buckets->pdata[i], count_entry, bucket, error))
            return NULL;
    }
    return g_steal_pointer(&list);
}

static gboolean remove_entry(const char *path, GError **error)
{
    if (unlink(path) == 0 || errno == ENOENT)
        return TRUE;
    return error_set_errno(error, ERROR_FAILED, errno, "cannot remove %s", path);
}

typedef struct {
    guint64 checked, damaged;
} Checked;

static gboolean check_entry(void *data, const char *path, const struct stat *st, GError **error)
{
    Checked *checked = data;
    if (strchr(strrchr(path, '/'), '.')) /* a temporary file */
        return clock_now_seconds() - st->st_mtim.tv_sec <= ABANDONED_SECONDS ||
               remove_entry(path, error);
    checked->checked++;
    if (cache_entry_is_sound(path))
        return TRUE;
    checked->damaged++;
    return remove_entry(path, error);
}

gboolean cache_check(const Cache *cache, guint64 *ret_checked, guint64 *ret_damaged, GError **error)
{
    Checked checked = {0};
    if (!visit_all(cache, check_entry, &checked, error))
        return FALSE;
    *ret_checked = checked.checked;
    *ret_damaged = checked.damaged;
    return TRUE;
}

typedef struct {
    gint64 before;
    guint64 removed;
} Pruned;

/* File systems note at least once a day that a file was read, or never. */
static gboolean prune_entry(void *data, const char *path, const struct stat *st, GError **error)
{
    Pruned *pruned = data;
    if (MAX(st->st_atim.tv_sec, st->st_mtim.tv_sec) >= pruned->before)
        return TRUE;
    pruned->removed += (guint64)st->st_size;
    return remove_entry(path, error);
}

gboolean cache_prune(const Cache *cache, gint64 before, guint64 *ret_removed_bytes, GError **error)
{
    Pruned pruned = {.before = before};
    if (!visit_all(cache, prune_entry, &pruned, error))
        return FALSE;
    *ret_removed_bytes = pruned.removed;
    return TRUE;
}
