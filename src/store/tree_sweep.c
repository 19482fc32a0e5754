/* What is done with all trees at once, and how they are counted and removed. */
#include "base/auto.h"
#include "base/limits.h"
#include "base/sorted.h"
#include "store/new_file.h"
#include "store/tree_private.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

enum {
    FANOUT_CHARS = 2,
    /* Deeper trees are none of ours: their makers keep to LIMIT_PATH_DEPTH. */
    DEPTH = LIMIT_PATH_DEPTH + 8,
};

/* Walking: folder by folder through open ones, so that no path becomes too long for the system. */

typedef struct {
    bool remove;
    guint64 entries, bytes;
    const char *path; /* for messages */
} Walk;

static gboolean set_walk(const Walk *walk, const char *name, GError **error)
{
    return error_set_errno(error, ERROR_FAILED, errno, "cannot %s %s in %s",
                           walk->remove ? "remove" : "count", name, walk->path);
}

/* A folder that even its owner may not change is made so that he may. */
static int open_folder(const Walk *walk, int parent, const char *name)
{
    int flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW;
    int fd = openat(parent, name, flags);
    if (!walk->remove)
        return fd;
    if (fd < 0 && errno == EACCES && fchmodat(parent, name, 0700, 0) == 0)
        fd = openat(parent, name, flags);
    struct stat st;
    if (fd >= 0 && fstat(fd, &st) == 0 && (st.st_mode & 0700) != 0700)
        fchmod(fd, 0700);
    return fd;
}

static gboolean walk_folder(Walk *walk, int parent, const char *name, unsigned depth,
                            GError **error);

static gboolean walk_entry(Walk *walk, int folder, const char *name, unsigned depth, GError **error)
{
    struct stat st;
    if (fstatat(folder, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
        return errno == ENOENT || set_walk(walk, name, error);
    walk->entries++;
    walk->bytes += S_ISREG(st.st_mode) ? (guint64)st.st_size : 0;
    if (S_ISDIR(st.st_mode))
        return walk_folder(walk, folder, name, depth + 1, error);
    return !walk->remove || unlinkat(folder, name, 0) == 0 || errno == ENOENT ||
           set_walk(walk, name, error);
}

static gboolean walk_folder(Walk *walk, int parent, const char *name, unsigned depth,
                            GError **error)
{
    AUTO_FD int fd = open_folder(walk, parent, name);
    if (fd < 0)
        return errno == ENOENT || set_walk(walk, name, error);
    if (depth > DEPTH) {
        errno = ELOOP;
        return set_walk(walk, name, error);
    }
    g_autofree char *path = g_strdup_printf("/proc/self/fd/%d", fd);
    g_autoptr(GPtrArray) names = sorted_dir(path, LIMIT_IMAGE_ENTRIES, error);
    for (guint i = 0; names && i < names->len; i++) {
        if (!walk_entry(walk, fd, names->pdata[i], depth, error))
            return FALSE;
    }
    if (!names)
        return FALSE;
    return !walk->remove || unlinkat(parent, name, AT_REMOVEDIR) == 0 || errno == ENOENT ||
           set_walk(walk, name, error);
}

gboolean tree_count(const char *path, guint64 *ret_entries, guint64 *ret_bytes, GError **error)
{
    Walk walk = {.path = path};
    if (!walk_folder(&walk, AT_FDCWD, path, 0, error))
        return FALSE;
    *ret_entries = walk.entries;
    *ret_bytes = walk.bytes;
    return TRUE;
}

gboolean tree_remove(const char *path, GError **error)
{
    Walk walk = {.remove = true, .path = path};
    return walk_folder(&walk, AT_FDCWD, path, 0, error);
}

gboolean tree_discard(const TreeStore *store, const char *place, GError **error)
{
    g_autofree char *doomed = g_build_filename(store->dir, NEW_FILE_PREFIX "XXXXXX", NULL);
    /* The folder of that name is empty, so that another takes its place. */
    if (!g_mkdtemp(doomed) || rename(place, doomed) < 0)
        return error_set_errno(error, ERROR_FAILED, errno, "cannot rename %s", place);
    return tree_remove(doomed, error);
}

void tree_sweep_abandoned(const TreeStore *store)
{
    g_autoptr(GPtrArray) names = sorted_dir(store->dir, LIMIT_FOLDER_NAMES, NULL);
    for (guint i = 0; names && i < names->len; i++) {
        g_autofree char *path = g_build_filename(store->dir, names->pdata[i], NULL);
        if (!g_str_has_prefix(names->pdata[i], NEW_FILE_PREFIX))
            continue;
        AUTO_FD int lock = tree_lock(path, true);
        if (lock >= 0)
            tree_remove(path, NULL);
    }
}

/* Listing */

void tree_info_free(TreeInfo *info)
{
    if (!info)
        return;
    g_free(info->key);
    g_free(info->name);
    g_free(info);
}

static void add_tree(GPtrArray *list, const char *folder, const char *first, const char *rest)
{
    g_autofree char *place = g_build_filename(folder, rest, NULL);
    g_auto(TreeNote) note = {0};
    struct stat st;
    if (lstat(place, &st) < 0 || !S_ISDIR(st.st_mode))
        return;
    bool noted = tree_note_load(place, &note);
    TreeInfo *info = g_new0(TreeInfo, 1);
    info->key = g_strconcat(first, rest, NULL);
    info->name = g_strdup(noted ? note.name : "");
    info->entries = note.entries;
    info->bytes = note.bytes;
    info->used = st.st_mtim.tv_sec;
    g_ptr_array_add(list, info);
}

GPtrArray *tree_store_list(TreeStore *store, GError **error)
{
    g_autoptr(GPtrArray) list = g_ptr_array_new_with_free_func((GDestroyNotify)tree_info_free);
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
            add_tree(list, folder, first, names->pdata[j]);
    }
    return folders ? g_steal_pointer(&list) : NULL;
}

/* Least recently used first; the order of equal ones is that of their keys. */
static int compare_use(const void *a, const void *b)
{
    const TreeInfo *left = *(const TreeInfo *const *)a, *right = *(const TreeInfo *const *)b;
    if (left->used != right->used)
        return left->used < right->used ? -1 : 1;
    return strcmp(left->key, right->key);
}

/* *ret_gone: false where somebody uses it. */
static gboolean remove_unused(const TreeStore *store, const TreeInfo *info, bool *ret_gone,
                              GError **error)
{
    g_autofree char *place = tree_place(store, info->key);
    AUTO_FD int lock = tree_lock(place, true);
    *ret_gone = lock >= 0;
    return lock < 0 || tree_discard(store, place, error);
}

gboolean tree_store_prune(TreeStore *store, gint64 before, guint64 keep_bytes,
                          guint64 *ret_removed_bytes, GError **error)
{
    g_autoptr(GPtrArray) list = tree_store_list(store, error);
    guint64 kept = 0, removed = 0;
    if (!list)
        return FALSE;
    tree_sweep_abandoned(store);
    g_ptr_array_sort(list, compare_use);
    for (guint i = 0; i < list->len; i++)
        kept += ((const TreeInfo *)list->pdata[i])->bytes;
    for (guint i = 0; i < list->len; i++) {
        const TreeInfo *info = list->pdata[i];
        bool gone = false;
        if (info->used >= before && kept <= keep_bytes)
            break;
        if (!remove_unused(store, info, &gone, error))
            return FALSE;
        kept -= gone ? info->bytes : 0;
        removed += gone ? info->bytes : 0;
    }
    *ret_removed_bytes = removed;
    return TRUE;
}

gboolean tree_store_check(TreeStore *store, GPtrArray **ret_damaged, GError **error)
{
    g_autoptr(GPtrArray) list = tree_store_list(store, error);
    g_autoptr(GPtrArray) damaged = g_ptr_array_new_with_free_func(g_free);
    for (guint i = 0; list && i < list->len; i++) {
        const TreeInfo *info = list->pdata[i];
        g_autofree char *place = tree_place(store, info->key);
        g_autofree char *path = g_build_filename(place, "tree", NULL);
        guint64 entries = 0, bytes = 0;
        bool gone;
        g_auto(TreeNote) note = {0};
        if (tree_note_load(place, &note) && tree_count(path, &entries, &bytes, NULL) &&
            entries == note.entries && bytes == note.bytes)
            continue;
        if (!remove_unused(store, info, &gone, error))
            return FALSE;
        g_ptr_array_add(damaged, g_strdup(info->key));
    }
    if (!list)
        return FALSE;
    *ret_damaged = g_steal_pointer(&damaged);
    return TRUE;
}
