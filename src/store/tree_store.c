#include "base/io.h"
#include "store/cache_private.h"
#include "store/new_file.h"
#include "store/tree_private.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    NOTE_BYTES = 4096,
    FANOUT_CHARS = 2,
    COMMIT_TRIES = 8,
};

static const char TREE[] = "tree";
static const char NOTE[] = "note";
static const char NOTE_HEAD[] = "tree 1";

TreeStore *tree_store_new(Cache *cache)
{
    TreeStore *store = g_new0(TreeStore, 1);
    store->dir = g_build_filename(cache_dir(cache), CACHE_TREES, NULL);
    return store;
}

void tree_store_free(TreeStore *store)
{
    if (!store)
        return;
    g_free(store->dir);
    g_free(store);
}

void cache_tree_free(CacheTree *tree)
{
    if (!tree)
        return;
    if (tree->lock >= 0)
        close(tree->lock);
    g_free(tree->path);
    g_free(tree);
}

char *tree_place(const TreeStore *store, const char *key)
{
    return g_strdup_printf("%s/%.2s/%s", store->dir, key, key + FANOUT_CHARS);
}

int tree_lock(const char *place, bool alone)
{
    struct stat held, named;
    int fd = open(place, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0)
        return -1;
    if (flock(fd, (alone ? LOCK_EX : LOCK_SH) | LOCK_NB) == 0 && fstat(fd, &held) == 0 &&
        lstat(place, &named) == 0 && held.st_ino == named.st_ino && held.st_dev == named.st_dev)
        return fd;
    close(fd);
    return -1;
}

/* Notes: a line of what it is, entries, bytes, start of the machine, name. */

void tree_note_clear(TreeNote *note)
{
    g_clear_pointer(&note->boot, g_free);
    g_clear_pointer(&note->name, g_free);
}

bool tree_note_load(const char *place, TreeNote *ret_note)
{
    g_autofree char *path = g_build_filename(place, NOTE, NULL), *text = NULL;
    if (!io_load(path, NOTE_BYTES, &text, NULL, NULL))
        return false;
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    TreeNote note = {0};
    if (g_strv_length(lines) != 6 || !g_str_equal(lines[0], NOTE_HEAD) ||
        !g_ascii_string_to_unsigned(lines[1], 10, 0, G_MAXUINT64, &note.entries, NULL) ||
        !g_ascii_string_to_unsigned(lines[2], 10, 0, G_MAXUINT64, &note.bytes, NULL) ||
        !g_utf8_validate(lines[4], -1, NULL))
        return false;
    note.boot = g_strdup(lines[3]);
    note.name = g_strdup(lines[4]);
    *ret_note = note;
    return true;
}

gboolean tree_note_save(const char *place, const TreeNote *note, GError **error)
{
    g_autofree char *path = g_build_filename(place, NOTE, NULL);
    g_autofree char *name = g_strdelimit(g_strndup(note->name, NOTE_BYTES / 4), "\n", ' ');
    g_autofree char *valid = g_utf8_make_valid(name, -1);
    g_autofree char *text =
        g_strdup_printf("%s\n%" G_GUINT64_FORMAT "\n%" G_GUINT64_FORMAT "\n%s\n%s\n", NOTE_HEAD,
                        note->entries, note->bytes, note->boot ? note->boot : "", valid);
    return io_save(path, text, strlen(text), error);
}

/* What tells one start of the machine from another; NULL where the kernel does not say. */
static char *read_boot(void)
{
    char *text = NULL;
    gsize length;
    if (!g_file_get_contents("/proc/sys/kernel/random/boot_id", &text, &length, NULL))
        return NULL;
    return g_strstrip(text);
}

/* Files that were not on the disk yet when the power failed are short now. */
static bool is_whole(const char *place)
{
    g_auto(TreeNote) note = {0};
    g_autofree char *boot = read_boot(), *path = g_build_filename(place, TREE, NULL);
    guint64 entries, bytes;
    if (!tree_note_load(place, &note))
        return false;
    if (boot && g_str_equal(boot, note.boot))
        return true;
    if (!tree_count(path, &entries, &bytes, NULL) || entries != note.entries || bytes != note.bytes)
        return false;
    g_free(note.boot);
    note.boot = g_steal_pointer(&boot);
    tree_note_save(place, &note, NULL);
    return true;
}

CacheTree *tree_store_find(TreeStore *store, const char *key)
{
    g_autofree char *place = tree_place(store, key);
    int lock = tree_lock(place, false);
    if (lock < 0)
        return NULL;
    if (!is_whole(place)) {
        if (flock(lock, LOCK_EX | LOCK_NB) == 0)
            tree_discard(store, place, NULL);
        close(lock);
        return NULL;
    }
    futimens(lock, NULL);
    CacheTree *tree = g_new0(CacheTree, 1);
    tree->path = g_build_filename(place, TREE, NULL);
    tree->lock = lock;
    return tree;
}

/* Writing */

struct TreeWriter {
    TreeStore *store;
    char *place; /* temporary; NULL: it has another name now */
    char *path;
    int lock;
};

static gboolean set_failed(GError **error, const TreeStore *store)
{
    error_set_errno(error, ERROR_FAILED, errno, "cannot make a folder in the cache folder %s",
                    store->dir);
    if (error)
        error_set_hint(*error, "name another one with --cache-dir or XDG_CACHE_HOME");
    return FALSE;
}

/* The lock tells those who sweep that the folder has a maker; it is taken before they can look, or
 * the folder is made again. */
static gboolean make_temporary(TreeWriter *writer, GError **error)
{
    for (unsigned i = 0; i < COMMIT_TRIES; i++) {
        g_autofree char *place =
            g_build_filename(writer->store->dir, NEW_FILE_PREFIX "XXXXXX", NULL);
        if (!g_mkdtemp(place))
            return set_failed(error, writer->store);
        writer->lock = tree_lock(place, true);
        if (writer->lock < 0)
            continue;
        writer->place = g_steal_pointer(&place);
        writer->path = g_build_filename(writer->place, TREE, NULL);
        return mkdir(writer->path, 0755) == 0 || set_failed(error, writer->store);
    }
    errno = EAGAIN;
    return set_failed(error, writer->store);
}

/* What is in the trees is for their owner alone: programs in them may have his rights. */
static gboolean make_store(const TreeStore *store, GError **error)
{
    g_autofree char *parent = g_path_get_dirname(store->dir);
    GError *cause = NULL;
    if (io_make_dirs(parent, &cause)) {
        if (mkdir(store->dir, 0700) == 0 || errno == EEXIST)
            return TRUE;
        return set_failed(error, store);
    }
    error_wrap(error, cause, SPAN_NONE, "the cache folder cannot be used");
    return FALSE;
}

TreeWriter *tree_writer_new(TreeStore *store, GError **error)
{
    if (!make_store(store, error))
        return NULL;
    tree_sweep_abandoned(store);
    g_autoptr(TreeWriter) writer = g_new0(TreeWriter, 1);
    writer->store = store;
    writer->lock = -1;
    return make_temporary(writer, error) ? g_steal_pointer(&writer) : NULL;
}

const char *tree_writer_path(const TreeWriter *writer)
{
    return writer->path;
}

static gboolean save_note(const TreeWriter *writer, const char *name, GError **error)
{
    g_auto(TreeNote) note = {.name = g_strdup(name), .boot = read_boot()};
    return tree_count(writer->path, &note.entries, &note.bytes, error) &&
           tree_note_save(writer->place, &note, error);
}

static gboolean make_fanout(const TreeStore *store, const char *key, GError **error)
{
    g_autofree char *folder = g_strdup_printf("%s/%.2s", store->dir, key);
    return mkdir(folder, 0700) == 0 || errno == EEXIST || set_failed(error, store);
}

CacheTree *tree_writer_commit(TreeWriter *writer, const char *key, const char *name, GError **error)
{
    if (!save_note(writer, name, error))
        return NULL;
    g_autofree char *place = tree_place(writer->store, key);
    for (unsigned i = 0; i < COMMIT_TRIES; i++) {
        if (!make_fanout(writer->store, key, error))
            return NULL;
        if (rename(writer->place, place) == 0) {
            g_clear_pointer(&writer->place, g_free);
            flock(writer->lock, LOCK_SH);
            CacheTree *tree = g_new0(CacheTree, 1);
            tree->path = g_build_filename(place, TREE, NULL);
            tree->lock = writer->lock;
            writer->lock = -1;
            return tree;
        }
        CacheTree *other = tree_store_find(writer->store, key);
        if (other)
            return other;
        if (errno != ENOENT && errno != EEXIST && errno != ENOTEMPTY)
            break;
    }
    error_set_errno(error, ERROR_FAILED, errno, "cannot rename %s", writer->place);
    return NULL;
}

void tree_writer_free(TreeWriter *writer)
{
    if (!writer)
        return;
    if (writer->place)
        tree_remove(writer->place, NULL);
    if (writer->lock >= 0)
        close(writer->lock);
    g_free(writer->place);
    g_free(writer->path);
    g_free(writer);
}
