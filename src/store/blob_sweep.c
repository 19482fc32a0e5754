/* What `ramekin cache` does with all blobs at once. */
#include "base/auto.h"
#include "base/clock.h"
#include "base/digest.h"
#include "base/limits.h"
#include "base/sorted.h"
#include "store/blob_private.h"
#include "store/new_file.h"

#include <errno.h>

enum {
    FANOUT_CHARS = 2,
    ABANDONED_SECONDS = 24 * 3600, /* nobody still writes to a temporary file that old */
};

void blob_info_free(BlobInfo *info)
{
    if (!info)
        return;
    g_free(info->sha256);
    g_free(info->name);
    g_free(info);
}

static void add_blob(BlobStore *store, GPtrArray *list, const char *folder, const char *first,
                     const char *rest)
{
    g_autofree char *path = g_build_filename(folder, rest, NULL);
    g_autofree char *sha256 = g_strconcat(first, rest, NULL);
    struct stat st;
    if (!digest_is_sha256_hex(sha256) || lstat(path, &st) < 0 || !S_ISREG(st.st_mode))
        return;
    BlobInfo *info = g_new0(BlobInfo, 1);
    info->name = blob_name(store, sha256);
    info->sha256 = g_steal_pointer(&sha256);
    info->size = (guint64)st.st_size;
    info->used = st.st_atim.tv_sec;
    g_ptr_array_add(list, info);
}

GPtrArray *blob_store_list(BlobStore *store, GError **error)
{
    g_autoptr(GPtrArray) list = g_ptr_array_new_with_free_func((GDestroyNotify)blob_info_free);
    if (!g_file_test(store->dir, G_FILE_TEST_IS_DIR))
        return g_steal_pointer(&list);
    g_autoptr(GPtrArray) folders = sorted_dir(store->dir, LIMIT_FOLDER_NAMES, error);
    for (guint i = 0; folders && i < folders->len; i++) {
        const char *first = folders->pdata[i];
        g_autofree char *folder = g_build_filename(store->dir, first, NULL);
        if (strlen(first) != FANOUT_CHARS || !g_file_test(folder, G_FILE_TEST_IS_DIR))
            continue;
        g_autoptr(GPtrArray) names = sorted_dir(folder, LIMIT_FOLDER_NAMES, error);
        if (!names)
            return NULL;
        for (guint j = 0; j < names->len; j++)
            add_blob(store, list, folder, first, names->pdata[j]);
    }
    return folders ? g_steal_pointer(&list) : NULL;
}

gboolean blob_store_remove(BlobStore *store, const char *sha256, GError **error)
{
    if (!digest_is_sha256_hex(sha256))
        return error_set(error, ERROR_INPUT, SPAN_NONE, "\"%s\" is no sha256", sha256);
    g_autofree char *path = blob_path(store, sha256);
    if (unlink(path) < 0 && errno != ENOENT)
        return error_set_errno(error, ERROR_FAILED, errno, "cannot remove %s", path);
    blob_note_forget(store, sha256);
    return TRUE;
}

/* What a process left behind that was killed where unnamed files can't be had. */
static void remove_abandoned(const BlobStore *store)
{
    g_autoptr(GPtrArray) names = sorted_dir(store->dir, LIMIT_FOLDER_NAMES, NULL);
    for (guint i = 0; names && i < names->len; i++) {
        g_autofree char *path = g_build_filename(store->dir, names->pdata[i], NULL);
        struct stat st;
        if (g_str_has_prefix(names->pdata[i], NEW_FILE_PREFIX) && lstat(path, &st) == 0 &&
            clock_now_seconds() - st.st_mtim.tv_sec > ABANDONED_SECONDS)
            unlink(path);
    }
}

/* *ret_sound is whether the bytes have that digest; one that vanished meanwhile is none of ours. */
static gboolean check_blob(BlobStore *store, const char *sha256, bool *ret_sound, GError **error)
{
    g_autofree char *path = blob_path(store, sha256);
    AUTO_FD int fd = blob_open(path);
    struct stat st;
    *ret_sound = true;
    if (fd < 0 && errno == ENOENT)
        return TRUE;
    if (fd < 0 || fstat(fd, &st) < 0)
        return error_set_errno(error, ERROR_FAILED, errno, "cannot read %s", path);
    g_autofree char *found = blob_hash_fd(fd, path, error);
    if (!found)
        return FALSE;
    *ret_sound = g_str_equal(found, sha256);
    if (*ret_sound && !blob_note_holds(store, sha256, &st))
        blob_note_save(store, sha256, &st);
    return TRUE;
}

gboolean blob_store_check(BlobStore *store, GPtrArray **ret_damaged, GError **error)
{
    g_autoptr(GPtrArray) list = blob_store_list(store, error);
    g_autoptr(GPtrArray) damaged = g_ptr_array_new_with_free_func(g_free);
    if (!list)
        return FALSE;
    for (guint i = 0; i < list->len; i++) {
        const BlobInfo *info = list->pdata[i];
        bool sound = false;
        if (!check_blob(store, info->sha256, &sound, error))
            return FALSE;
        if (sound)
            continue;
        if (!blob_store_remove(store, info->sha256, error))
            return FALSE;
        g_ptr_array_add(damaged, g_strdup(info->sha256));
    }
    *ret_damaged = g_steal_pointer(&damaged);
    return TRUE;
}

/* Least recently used first; the order of equal ones is that of their digests. */
static int compare_use(const void *a, const void *b)
{
    const BlobInfo *left = *(const BlobInfo *const *)a, *right = *(const BlobInfo *const *)b;
    if (left->used != right->used)
        return left->used < right->used ? -1 : 1;
    return strcmp(left->sha256, right->sha256);
}

gboolean blob_store_prune(BlobStore *store, gint64 before, guint64 keep_bytes,
                          guint64 *ret_removed_bytes, GError **error)
{
    g_autoptr(GPtrArray) list = blob_store_list(store, error);
    guint64 kept = 0, removed = 0;
    if (!list)
        return FALSE;
    remove_abandoned(store);
    g_ptr_array_sort(list, compare_use);
    for (guint i = 0; i < list->len; i++)
        kept += ((const BlobInfo *)list->pdata[i])->size;
    for (guint i = 0; i < list->len; i++) {
        const BlobInfo *info = list->pdata[i];
        if (info->used >= before && kept <= keep_bytes)
            break;
        if (!blob_store_remove(store, info->sha256, error))
            return FALSE;
        kept -= info->size;
        removed += info->size;
    }
    *ret_removed_bytes = removed;
    return TRUE;
}
