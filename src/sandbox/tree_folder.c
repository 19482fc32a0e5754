#include "sandbox/tree_folder.h"

#include "base/auto.h"
#include "base/limits.h"
#include "base/sorted.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/syscall.h>

enum {
    FOLDER_FLAGS = O_RDONLY | O_DIRECTORY | O_CLOEXEC,
    OPEN_TRIES = 1000,
};

void tree_folder_forget(TreeFolder *tree)
{
    if (tree->parent && tree->folder >= 0)
        close(tree->folder);
    g_clear_pointer(&tree->parent, g_free);
    tree->folder = -1;
}

void tree_folder_clear(TreeFolder *tree)
{
    tree_folder_forget(tree);
    g_clear_pointer(&tree->mine, g_hash_table_unref);
}

static int open_inside(int root, const char *path, guint64 resolve)
{
    struct open_how how = {.flags = FOLDER_FLAGS, .resolve = resolve | RESOLVE_NO_MAGICLINKS};
    long fd = -1;
    /* EAGAIN: ".." can't be told to be safe while somebody renames or mounts anywhere. */
    for (unsigned i = 0; i < OPEN_TRIES; i++) {
        fd = syscall(SYS_openat2, root, *path ? path : ".", &how, sizeof how);
        if (fd >= 0 || errno != EAGAIN)
            break;
    }
    return (int)fd;
}

/* Links can lead deeper with every layer; what lies too deep could not be removed again. */
static bool is_too_deep(const TreeFolder *tree, int fd)
{
    g_autofree char *link = g_strdup_printf("/proc/self/fd/%d", fd);
    g_autofree char *top_link = g_strdup_printf("/proc/self/fd/%d", tree->root);
    g_autofree char *path = g_file_read_link(link, NULL), *top = g_file_read_link(top_link, NULL);
    if (!path || !top || !g_str_has_prefix(path, top))
        return true;
    unsigned depth = 0;
    for (const char *at = path + strlen(top); *at; at++)
        depth += *at == '/';
    return depth >= LIMIT_PATH_DEPTH;
}

static int check_depth(const TreeFolder *tree, int fd)
{
    if (fd < 0 || !is_too_deep(tree, fd))
        return fd;
    close(fd);
    errno = ENAMETOOLONG;
    return -1;
}

static int open_existing(const TreeFolder *tree, const char *path)
{
    int fd = open_inside(tree->root, path, RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS);
    if (fd >= 0 || errno != ELOOP)
        return fd;
    return check_depth(tree, open_inside(tree->root, path, RESOLVE_IN_ROOT));
}

/* A number of a file in the folder's file system. */
void tree_folder_own(TreeFolder *tree, const struct stat *st)
{
    guint64 number = st->st_ino;
    if (tree->mine && !g_hash_table_contains(tree->mine, &number))
        g_hash_table_add(tree->mine, g_memdup2(&number, sizeof number));
}

static bool is_mine(const TreeFolder *tree, const struct stat *st)
{
    guint64 number = st->st_ino;
    return tree->mine && g_hash_table_contains(tree->mine, &number);
}

static bool make_folder(TreeFolder *tree, int parent, const char *name)
{
    struct stat st;
    if (mkdirat(parent, name, 0755) < 0)
        return false;
    tree->made = true;
    if (fstatat(parent, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
        return false;
    tree_folder_own(tree, &st);
    return tree->id_base < 0 || fchownat(parent, name, (uid_t)tree->id_base, (gid_t)tree->id_base,
                                         AT_SYMLINK_NOFOLLOW) == 0;
}

static int open_made(TreeFolder *tree, const char *path);

/* The folder at `path`, whose parent is made where it is missing too. What is in its place and is
 * no folder goes, as it does for an entry that is one. */
static int make_path(TreeFolder *tree, const char *path)
{
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
    g_autofree char *above = g_strndup(path, slash ? (gsize)(slash - path) : 0);
    AUTO_FD int parent = open_made(tree, above);
    struct stat st;
    if (parent < 0)
        return -1;
    if (fstatat(parent, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && !S_ISDIR(st.st_mode) &&
        unlinkat(parent, name, 0) < 0)
        return -1;
    if (!make_folder(tree, parent, name))
        return -1;
    return check_depth(tree, openat(parent, name, FOLDER_FLAGS | O_NOFOLLOW));
}

/* The depth of the recursion is that of the path, which its reader limits. */
static int open_made(TreeFolder *tree, const char *path)
{
    int fd = open_existing(tree, path);
    return fd >= 0 || !*path || (errno != ENOENT && errno != ENOTDIR) ? fd : make_path(tree, path);
}

int tree_folder_open(TreeFolder *tree, const char *path, bool make)
{
    if (tree->parent && g_str_equal(tree->parent, path))
        return tree->folder;
    tree_folder_forget(tree);
    int fd = make ? open_made(tree, path) : open_existing(tree, path);
    if (fd < 0)
        return -1;
    tree->parent = g_strdup(path);
    tree->folder = fd;
    return fd;
}

/* Removing */

static bool remove_children(TreeFolder *tree, int folder, bool lower)
{
    g_autofree char *path = g_strdup_printf("/proc/self/fd/%d", folder);
    g_autoptr(GPtrArray) names = sorted_dir(path, LIMIT_IMAGE_ENTRIES, NULL);
    for (guint i = 0; names && i < names->len; i++) {
        if (!tree_folder_remove(tree, folder, names->pdata[i], lower))
            return false;
    }
    return names != NULL;
}

bool tree_folder_clear_lower(TreeFolder *tree, int folder)
{
    return remove_children(tree, folder, true);
}

/* Folders are at most LIMIT_PATH_DEPTH deep, and so is the recursion. */
bool tree_folder_remove(TreeFolder *tree, int folder, const char *name, bool lower)
{
    struct stat st;
    if (fstatat(folder, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
        return errno == ENOENT;
    bool stays = lower && is_mine(tree, &st);
    if (!S_ISDIR(st.st_mode))
        return stays || unlinkat(folder, name, 0) == 0;
    AUTO_FD int fd = openat(folder, name, FOLDER_FLAGS | O_NOFOLLOW);
    if (fd < 0 || !remove_children(tree, fd, lower))
        return false;
    return stays || unlinkat(folder, name, AT_REMOVEDIR) == 0 ||
           (lower && (errno == ENOTEMPTY || errno == EEXIST));
}
