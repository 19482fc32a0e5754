#include "image/base_image.h"

#include "archive/layer_format.h"
#include "archive/splice.h"
#include "base/auto.h"
#include "base/clock.h"
#include "base/digest.h"
#include "base/limits.h"
#include "base/sorted.h"
#include "image/reference.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/vfs.h>

enum {
    EPOCH_1980 = 315532800, /* as entries of wheels */
    RACY_SECONDS = 2,       /* a tree that has changed since is not remembered */
};

static const char KIND[] = "folder-layer";

typedef struct {
    EntryKind kind;
    char *path;   /* "" for the folder itself */
    char *target; /* of a link */
    unsigned mode;
    guint64 size;
} FolderEntry;

typedef struct {
    const char *dir;
    GPtrArray *entries; /* FolderEntry, parents first, names in byte order */
    GHashTable *inodes; /* "device inode" of files with several names → path of the first */
    Digest *state;
    gint64 newest;
} FolderWalk;

static void entry_free(void *data)
{
    FolderEntry *entry = data;
    g_free(entry->path);
    g_free(entry->target);
    g_free(entry);
}

static gboolean set_unreadable(const FolderWalk *walk, const char *path, GError **error)
{
    return error_set_errno(error, ERROR_FAILED, errno, "cannot read %s/%s", walk->dir, path);
}

/* What the tree looks like, so that a change is seen without reading the files. */
static void note_state(FolderWalk *walk, const FolderEntry *entry, const struct stat *st)
{
    g_autofree char *text = g_strdup_printf(
        "%d %o %" G_GUINT64_FORMAT " %" G_GUINT64_FORMAT " %" G_GINT64_FORMAT ".%09ld %s",
        entry->kind, entry->mode, entry->size, (guint64)st->st_ino, (gint64)st->st_mtim.tv_sec,
        st->st_mtim.tv_nsec, entry->path);
    digest_update(walk->state, text, strlen(text) + 1);
    if (entry->target)
        digest_update(walk->state, entry->target, strlen(entry->target) + 1);
    walk->newest = MAX(walk->newest, (gint64)st->st_mtim.tv_sec);
}

/* The first name of a file that has several; NULL: this is it. */
static const char *first_name(FolderWalk *walk, const char *path, const struct stat *st)
{
    if (st->st_nlink < 2)
        return NULL;
    char *key = g_strdup_printf("%" G_GUINT64_FORMAT " %" G_GUINT64_FORMAT, (guint64)st->st_dev,
                                (guint64)st->st_ino);
    const char *first = g_hash_table_lookup(walk->inodes, key);
    if (first)
        g_free(key);
    else
        g_hash_table_insert(walk->inodes, key, g_strdup(path));
    return first;
}

/* NULL for what layers leave out: sockets, devices, pipes. */
static FolderEntry *entry_of(FolderWalk *walk, const char *path, const char *full,
                             const struct stat *st)
{
    FolderEntry *entry = g_new0(FolderEntry, 1);
    entry->path = g_strdup(path);
    entry->mode = st->st_mode & 07777;
    if (S_ISDIR(st->st_mode)) {
        entry->kind = ENTRY_FOLDER;
    } else if (S_ISLNK(st->st_mode)) {
        entry->kind = ENTRY_SYMLINK;
        entry->target = g_file_read_link(full, NULL);
    } else if (S_ISREG(st->st_mode)) {
        entry->target = g_strdup(first_name(walk, path, st));
        entry->kind = entry->target ? ENTRY_HARDLINK : ENTRY_FILE;
        entry->size = entry->target ? 0 : (guint64)st->st_size;
    } else {
        g_clear_pointer(&entry, entry_free);
    }
    return entry;
}

/* Whether the kernel makes up what is there. */
static bool is_made_up(const char *full)
{
    struct statfs fs;
    return statfs(full, &fs) == 0 && (fs.f_type == PROC_SUPER_MAGIC || fs.f_type == SYSFS_MAGIC);
}

static gboolean walk_folder(FolderWalk *walk, const char *path, dev_t device, unsigned depth,
                            GError **error);

static gboolean walk_entry(FolderWalk *walk, const char *path, dev_t device, unsigned depth,
                           GError **error)
{
    struct stat st;
    g_autofree char *full = g_build_filename(walk->dir, path, NULL);
    if (lstat(full, &st) < 0)
        return set_unreadable(walk, path, error);
    FolderEntry *entry = entry_of(walk, path, full, &st);
    if (!entry)
        return TRUE;
    g_ptr_array_add(walk->entries, entry);
    if (entry->kind == ENTRY_SYMLINK && !entry->target)
        return set_unreadable(walk, path, error);
    if (walk->entries->len > LIMIT_IMAGE_ENTRIES || strlen(path) > LIMIT_PATH_BYTES ||
        depth > LIMIT_PATH_DEPTH)
        return error_set(error, ERROR_INPUT, SPAN_NONE, "%s/%s is one entry too many or too deep",
                         walk->dir, path);
    note_state(walk, entry, &st);
    if (entry->kind != ENTRY_FOLDER || (st.st_dev != device && is_made_up(full)))
        return TRUE;
    return walk_folder(walk, path, st.st_dev, depth, error);
}

static gboolean walk_folder(FolderWalk *walk, const char *path, dev_t device, unsigned depth,
                            GError **error)
{
    g_autofree char *full = g_build_filename(walk->dir, path, NULL);
    g_autoptr(GPtrArray) names = sorted_dir(full, LIMIT_IMAGE_ENTRIES, error);
    for (guint i = 0; names && i < names->len; i++) {
        const char *name = names->pdata[i];
        g_autofree char *child = *path ? g_strconcat(path, "/", name, NULL) : g_strdup(name);
        if (!walk_entry(walk, child, device, depth + 1, error))
            return FALSE;
    }
    return names != NULL;
}

static gboolean add_file(LayerWriter *writer, const FolderWalk *walk, const ArchiveEntry *entry,
                         GError **error)
{
    g_autofree char *full = g_build_filename(walk->dir, entry->path, NULL);
    AUTO_FD int fd = open(full, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0)
        return set_unreadable(walk, entry->path, error);
    return layer_writer_add_fd(writer, entry, fd, error);
}

static gboolean write_entries(LayerWriter *writer, const FolderWalk *walk, GError **error)
{
    for (guint i = 0; i < walk->entries->len; i++) {
        const FolderEntry *from = walk->entries->pdata[i];
        ArchiveEntry entry = {.kind = from->kind,
                              .path = from->path,
                              .target = from->target,
                              .size = from->size,
                              .mode = from->mode,
                              .mtime = EPOCH_1980};
        gboolean ok = from->kind == ENTRY_FILE ? add_file(writer, walk, &entry, error)
                                               : layer_writer_add(writer, &entry, NULL, error);
        if (!ok)
            return FALSE;
    }
    return TRUE;
}

/* The layer of the tree, which is then in the blob store. */
static ImageBlob *write_layer(const FolderWalk *walk, BlobStore *blobs, char **ret_diff_id,
                              GError **error)
{
    g_autoptr(BlobWriter) blob = blob_writer_new(blobs, error);
    g_autoptr(LayerWriter) writer =
        blob ? layer_writer_new(LAYER_GZIP, blob_writer_write, blob) : NULL;
    g_auto(LayerSummary) summary = {0};
    g_autofree char *path = NULL;
    if (!writer || !write_entries(writer, walk, error) ||
        !layer_writer_finish(writer, &summary, error) ||
        !blob_writer_commit(blob, summary.digest, &path, error))
        return NULL;
    g_autofree char *digest = g_strconcat("sha256:", summary.digest, NULL);
    *ret_diff_id = g_strconcat("sha256:", summary.diff_id, NULL);
    return image_blob_new_file(MEDIA_TYPE_LAYER_GZIP, digest, summary.size, path, 0);
}

/* The layer that was made of the same tree before, or NULL. */
static ImageBlob *load_layer(BlobStore *blobs, const char *state, char **ret_diff_id)
{
    g_autofree char *text = blob_store_load_fact(blobs, KIND, state);
    g_auto(GStrv) words = g_strsplit(text ? text : "", " ", 4);
    guint64 size;
    if (g_strv_length(words) != 3 || !image_digest_is_valid(words[0]) ||
        !image_digest_is_valid(words[1]) ||
        !g_ascii_string_to_unsigned(words[2], 10, 1, G_MAXINT64, &size, NULL))
        return NULL;
    g_autofree char *path = blob_store_find(blobs, strchr(words[0], ':') + 1, size);
    if (!path)
        return NULL;
    *ret_diff_id = g_strdup(words[1]);
    return image_blob_new_file(MEDIA_TYPE_LAYER_GZIP, words[0], size, path, 0);
}

static void save_layer(BlobStore *blobs, const FolderWalk *walk, const char *state,
                       const ImageBlob *layer, const char *diff_id)
{
    g_autofree char *text =
        g_strdup_printf("%s %s %" G_GUINT64_FORMAT, layer->digest, diff_id, layer->size);
    if (clock_now_seconds() - walk->newest > RACY_SECONDS)
        blob_store_save_fact(blobs, KIND, state, text);
}

static gboolean add_folder(BaseImage *image, FolderWalk *walk, BlobStore *blobs, GError **error)
{
    g_autofree char *diff_id = NULL;
    g_autofree char *hex = digest_finish(walk->state);
    g_autofree char *state =
        g_strdup_printf("%s %u %s", walk->dir, layer_format_version(LAYER_GZIP), hex);
    ImageBlob *layer = load_layer(blobs, state, &diff_id);
    if (!layer) {
        layer = write_layer(walk, blobs, &diff_id, error);
        if (!layer)
            return FALSE;
        save_layer(blobs, walk, state, layer, diff_id);
    }
    base_image_add_layer(image, layer, diff_id, NULL);
    return TRUE;
}

BaseImage *base_image_open_folder(const char *path, const Platform *platform, BlobStore *blobs,
                                  GError **error)
{
    struct stat st;
    g_autofree char *dir = g_canonicalize_filename(path, NULL);
    if (stat(dir, &st) < 0 || !S_ISDIR(st.st_mode)) {
        error_set_errno(error, ERROR_INPUT, errno ? errno : ENOTDIR, "cannot read the folder %s",
                        path);
        return NULL;
    }
    g_autoptr(GPtrArray) entries = g_ptr_array_new_with_free_func(entry_free);
    g_autoptr(GHashTable) inodes = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    g_autoptr(Digest) state = digest_new("sha256");
    FolderWalk walk = {dir, entries, inodes, state, 0};
    g_autoptr(BaseImage) image = base_image_new_scratch(platform);
    if (!walk_folder(&walk, "", st.st_dev, 0, error) || !add_folder(image, &walk, blobs, error))
        return NULL;
    return g_steal_pointer(&image);
}
