#include "sandbox/tree_unpack.h"

#include "base/auto.h"
#include "base/io.h"
#include "base/limits.h"
#include "sandbox/tree_folder.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>

enum {
    COPY_BYTES = 256 * KIB,
    NOBODY = 65534, /* whom ids belong to that no map has */
};

static const char WHITEOUT[] = ".wh.";
static const char OPAQUE[] = ".wh..wh..opq";
static const char RESERVED[] = ".wh..wh.";

/* Attributes of a folder, which it gets at the end: nothing could be put into it before. */
typedef struct {
    char *path;
    unsigned mode;
    gint64 mtime;
} FolderRow;

typedef struct {
    char *parent;
    char *name; /* NULL: the folder is opaque */
} WhiteoutRow;

struct TreeUnpack {
    TreeUnpackOptions options;
    ArchiveReader *reader; /* of the layer at hand */
    TreeFolder tree;
    GArray *folders;   /* FolderRow */
    GArray *whiteouts; /* WhiteoutRow: of an overlay, made at the end */
    bool alone;
    guint64 bytes; /* of the layer at hand */
    char *buffer;
};
typedef TreeUnpack Unpack;

static void folder_row_clear(void *data)
{
    g_free(((FolderRow *)data)->path);
}

static void whiteout_row_clear(void *data)
{
    g_free(((WhiteoutRow *)data)->parent);
    g_free(((WhiteoutRow *)data)->name);
}

static char *show(const char *path)
{
    g_autofree char *valid = g_utf8_make_valid(path, -1);
    return g_strescape(valid, NULL);
}

static gboolean set_hostile(const char *path, const char *what, GError **error)
{
    g_autofree char *shown = show(path);
    return error_set(error, ERROR_INPUT, SPAN_NONE, "the entry '%.200s' %s", shown, what);
}

/* The layer is to blame for some, the machine for the others. */
static gboolean set_failed(const char *path, int errnum, GError **error)
{
    static const int theirs[] = {ENAMETOOLONG, ELOOP, ENOTDIR, EMLINK, EILSEQ, EINVAL};
    ErrorCode code = ERROR_FAILED;
    for (size_t i = 0; i < G_N_ELEMENTS(theirs); i++)
        code = theirs[i] == errnum ? ERROR_INPUT : code;
    g_autofree char *shown = show(path);
    return error_set_errno(error, code, errnum, "cannot unpack the entry '%.200s'", shown);
}

static uid_t map_id(const Unpack *unpack, guint64 id)
{
    return (uid_t)(unpack->options.id_base + (gint64)(id < TREE_UNPACK_IDS ? id : (guint64)NOBODY));
}

static struct timespec time_of(const ArchiveEntry *entry)
{
    return (struct timespec){.tv_sec = MAX(entry->mtime, 0)};
}

static bool set_owner(const Unpack *unpack, int folder, const char *name, const ArchiveEntry *entry)
{
    return unpack->options.id_base < 0 ||
           fchownat(folder, name, map_id(unpack, entry->uid), map_id(unpack, entry->gid),
                    AT_SYMLINK_NOFOLLOW) == 0;
}

/* What has the entry's name goes. */
static bool make_room(Unpack *unpack, int folder, const char *name)
{
    if (unlinkat(folder, name, 0) == 0 || errno == ENOENT)
        return true;
    if (errno != EISDIR && errno != EPERM)
        return false;
    return tree_folder_remove(&unpack->tree, folder, name, false);
}

static gboolean own(Unpack *unpack, int folder, const char *name, const char *path, GError **error)
{
    struct stat st;
    if (!unpack->tree.mine)
        return TRUE;
    if (fstatat(folder, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
        return set_failed(path, errno, error);
    tree_folder_own(&unpack->tree, &st);
    return TRUE;
}

/* One function a kind */

static gboolean put_folder(Unpack *unpack, int folder, const char *name, const ArchiveEntry *entry,
                           GError **error)
{
    struct stat st;
    bool there = fstatat(folder, name, &st, AT_SYMLINK_NOFOLLOW) == 0;
    if (there && !S_ISDIR(st.st_mode)) {
        if (!make_room(unpack, folder, name))
            return set_failed(entry->path, errno, error);
        there = false;
    }
    if ((!there && mkdirat(folder, name, 0700) < 0) || !set_owner(unpack, folder, name, entry))
        return set_failed(entry->path, errno, error);
    /* Where everything is the caller's he has to be able to look into it. */
    unsigned least = unpack->options.id_base < 0 ? 0500 : 0;
    FolderRow row = {g_strdup(entry->path), (entry->mode & 07777) | least, entry->mtime};
    g_array_append_val(unpack->folders, row);
    return TRUE;
}

static gboolean copy_content(Unpack *unpack, int fd, const ArchiveEntry *entry, GError **error)
{
    for (guint64 left = entry->size; left > 0;) {
        gssize n = archive_reader_read(unpack->reader, unpack->buffer, COPY_BYTES, error);
        if (n < 0)
            return FALSE;
        if (n == 0 || (guint64)n > left)
            return set_hostile(entry->path, "has another size than it says", error);
        GError *cause = NULL;
        if (!io_write_all(fd, unpack->buffer, (size_t)n, &cause))
            return error_wrap(error, cause, SPAN_NONE, "cannot unpack a layer");
        left -= (guint64)n;
    }
    return TRUE;
}

static gboolean put_file(Unpack *unpack, int folder, const char *name, const ArchiveEntry *entry,
                         GError **error)
{
    unpack->bytes += entry->size;
    if (unpack->bytes > LIMIT_LAYER_BYTES)
        return set_hostile(entry->path, "makes the layer larger than any may be", error);
    if (!make_room(unpack, folder, name))
        return set_failed(entry->path, errno, error);
    AUTO_FD int fd =
        openat(folder, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        return set_failed(entry->path, errno, error);
    if (!copy_content(unpack, fd, entry, error))
        return FALSE;
    const struct timespec times[2] = {time_of(entry), time_of(entry)};
    if (!set_owner(unpack, folder, name, entry) || fchmod(fd, entry->mode & 07777) < 0 ||
        futimens(fd, times) < 0)
        return set_failed(entry->path, errno, error);
    return TRUE;
}

static gboolean put_symlink(Unpack *unpack, int folder, const char *name, const ArchiveEntry *entry,
                            GError **error)
{
    const struct timespec times[2] = {time_of(entry), time_of(entry)};
    if (!*entry->target)
        return set_hostile(entry->path, "is a symbolic link to nothing", error);
    if (!make_room(unpack, folder, name) || symlinkat(entry->target, folder, name) < 0 ||
        !set_owner(unpack, folder, name, entry) ||
        utimensat(folder, name, times, AT_SYMLINK_NOFOLLOW) < 0)
        return set_failed(entry->path, errno, error);
    return TRUE;
}

static char *parent_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    return g_strndup(path, slash ? (gsize)(slash - path) : 0);
}

static const char *name_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

/* The file that the hard link names: absent is no error in an overlay, whose lower layer has it. */
static gboolean find_target(Unpack *unpack, const ArchiveEntry *entry, int *ret_folder,
                            struct stat *ret_st, GError **error)
{
    g_autofree char *parent = parent_of(entry->target);
    TreeFolder tree = {.root = unpack->tree.root, .folder = -1, .id_base = -1};
    int found = tree_folder_open(&tree, parent, false);
    int folder = found >= 0 ? fcntl(found, F_DUPFD_CLOEXEC, 0) : -1;
    tree_folder_clear(&tree);
    if (folder >= 0 && fstatat(folder, name_of(entry->target), ret_st, AT_SYMLINK_NOFOLLOW) == 0) {
        *ret_folder = folder;
        return TRUE;
    }
    if (folder >= 0)
        close(folder);
    if (!unpack->options.overlay)
        return set_hostile(entry->path, "is a hard link to what is not there", error);
    unpack->alone = false;
    return TRUE;
}

static gboolean put_hardlink(Unpack *unpack, int folder, const char *name,
                             const ArchiveEntry *entry, GError **error)
{
    AUTO_FD int from = -1;
    struct stat target, st;
    if (!find_target(unpack, entry, &from, &target, error))
        return FALSE;
    if (from < 0)
        return TRUE;
    if (S_ISDIR(target.st_mode))
        return set_hostile(entry->path, "is a hard link to a folder", error);
    if (fstatat(folder, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && st.st_ino == target.st_ino)
        return TRUE;
    if (!make_room(unpack, folder, name) ||
        linkat(from, name_of(entry->target), folder, name, 0) < 0)
        return set_failed(entry->path, errno, error);
    return TRUE;
}

static gboolean skip_device(Unpack *unpack, int folder, const char *name, const ArchiveEntry *entry,
                            GError **error)
{
    if (!make_room(unpack, folder, name))
        return set_failed(entry->path, errno, error);
    return TRUE;
}

/* Whiteouts */

static gboolean put_whiteout(Unpack *unpack, const char *parent, const char *name,
                             const ArchiveEntry *entry, GError **error)
{
    bool opaque = g_str_equal(name, OPAQUE);
    const char *hidden = name + strlen(WHITEOUT);
    if (!opaque && g_str_has_prefix(name, RESERVED))
        return TRUE; /* marks of other file systems (aufs), which hide nothing */
    if (!*hidden || g_str_equal(hidden, ".") || g_str_equal(hidden, ".."))
        return set_hostile(entry->path, "hides no name", error);
    if (unpack->options.overlay) {
        WhiteoutRow row = {g_strdup(parent), opaque ? NULL : g_strdup(hidden)};
        g_array_append_val(unpack->whiteouts, row);
        return TRUE;
    }
    int folder = tree_folder_open(&unpack->tree, parent, false);
    if (folder < 0)
        return errno == ENOENT || errno == ENOTDIR || set_failed(entry->path, errno, error);
    bool ok = opaque ? tree_folder_clear_lower(&unpack->tree, folder)
                     : tree_folder_remove(&unpack->tree, folder, hidden, true);
    int errnum = errno;
    tree_folder_forget(&unpack->tree);
    return ok || set_failed(entry->path, errnum, error);
}

/* Where owners are kept root mounts the overlay, which then reads attributes that only root sets.
 */
static bool make_opaque(const Unpack *unpack, int folder, const char *name)
{
    AUTO_FD int fd = openat(folder, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    const char *attribute =
        unpack->options.id_base < 0 ? "user.overlay.opaque" : "trusted.overlay.opaque";
    return fd >= 0 && fsetxattr(fd, attribute, "y", 1, 0) == 0;
}

/* A name that the layer has itself is above what the whiteout hides. */
static bool make_whiteout(const Unpack *unpack, int folder, const WhiteoutRow *row)
{
    struct stat st;
    if (!row->name)
        return make_opaque(unpack, folder, ".");
    if (mknodat(folder, row->name, S_IFCHR, makedev(0, 0)) == 0)
        return true;
    if (errno != EEXIST || fstatat(folder, row->name, &st, AT_SYMLINK_NOFOLLOW) < 0)
        return false;
    return !S_ISDIR(st.st_mode) || make_opaque(unpack, folder, row->name);
}

static void make_whiteouts(Unpack *unpack)
{
    for (guint i = 0; unpack->alone && i < unpack->whiteouts->len; i++) {
        const WhiteoutRow *row = &g_array_index(unpack->whiteouts, WhiteoutRow, i);
        int folder = tree_folder_open(&unpack->tree, row->parent, true);
        unpack->alone = folder >= 0 && make_whiteout(unpack, folder, row);
    }
}

/* All of it */

typedef gboolean (*PutFunc)(Unpack *unpack, int folder, const char *name, const ArchiveEntry *entry,
                            GError **error);

static const PutFunc put[] = {
    [ENTRY_FILE] = put_file,         [ENTRY_FOLDER] = put_folder,  [ENTRY_SYMLINK] = put_symlink,
    [ENTRY_HARDLINK] = put_hardlink, [ENTRY_DEVICE] = skip_device,
};

static gboolean put_root(Unpack *unpack, const ArchiveEntry *entry, GError **error)
{
    return entry->kind != ENTRY_FOLDER || put_folder(unpack, unpack->tree.root, ".", entry, error);
}

static gboolean put_entry(Unpack *unpack, const ArchiveEntry *entry, GError **error)
{
    if (!*entry->path)
        return put_root(unpack, entry, error);
    g_autofree char *parent = parent_of(entry->path);
    const char *name = name_of(entry->path);
    if (g_str_has_prefix(name, WHITEOUT))
        return put_whiteout(unpack, parent, name, entry, error);
    int folder = tree_folder_open(&unpack->tree, parent, true);
    if (folder < 0)
        return set_failed(entry->path, errno, error);
    return put[entry->kind](unpack, folder, name, entry, error) &&
           (entry->kind == ENTRY_DEVICE || entry->kind == ENTRY_HARDLINK ||
            own(unpack, folder, name, entry->path, error));
}

static gboolean finish_folders(Unpack *unpack, GError **error)
{
    for (guint i = 0; i < unpack->folders->len; i++) {
        const FolderRow *row = &g_array_index(unpack->folders, FolderRow, i);
        const struct timespec times[2] = {{.tv_sec = MAX(row->mtime, 0)},
                                          {.tv_sec = MAX(row->mtime, 0)}};
        int fd = tree_folder_open(&unpack->tree, row->path, false);
        if (fd < 0 && (errno == ENOENT || errno == ENOTDIR))
            continue;
        if (fd < 0 || fchmod(fd, row->mode) < 0 || futimens(fd, times) < 0)
            return set_failed(row->path, errno, error);
    }
    return TRUE;
}

gboolean tree_unpack_layer(TreeUnpack *unpack, ArchiveReader *reader, GError **error)
{
    const ArchiveEntry *entry;
    unpack->reader = reader;
    unpack->bytes = 0;
    if (!unpack->options.overlay) {
        g_clear_pointer(&unpack->tree.mine, g_hash_table_unref);
        unpack->tree.mine = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
    }
    for (;;) {
        if (!archive_reader_next(reader, &entry, error))
            return FALSE;
        if (!entry)
            return TRUE;
        if (!put_entry(unpack, entry, error))
            return FALSE;
    }
}

gboolean tree_unpack_finish(TreeUnpack *unpack, bool *ret_alone, GError **error)
{
    make_whiteouts(unpack);
    if (!finish_folders(unpack, error))
        return FALSE;
    *ret_alone = unpack->alone && !unpack->tree.made;
    return TRUE;
}

TreeUnpack *tree_unpack_new(const char *folder, const TreeUnpackOptions *options, GError **error)
{
    int root = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (root < 0) {
        error_set_errno(error, ERROR_FAILED, errno, "cannot open %s", folder);
        return NULL;
    }
    TreeUnpack *unpack = g_new0(TreeUnpack, 1);
    unpack->options = *options;
    unpack->tree = (TreeFolder){.root = root, .folder = -1, .id_base = options->id_base};
    unpack->folders = g_array_new(FALSE, FALSE, sizeof(FolderRow));
    unpack->whiteouts = g_array_new(FALSE, FALSE, sizeof(WhiteoutRow));
    unpack->alone = true;
    unpack->buffer = g_malloc(COPY_BYTES);
    g_array_set_clear_func(unpack->folders, folder_row_clear);
    g_array_set_clear_func(unpack->whiteouts, whiteout_row_clear);
    return unpack;
}

void tree_unpack_free(TreeUnpack *unpack)
{
    if (!unpack)
        return;
    tree_folder_clear(&unpack->tree);
    close(unpack->tree.root);
    g_array_unref(unpack->folders);
    g_array_unref(unpack->whiteouts);
    g_free(unpack->buffer);
    g_free(unpack);
}
