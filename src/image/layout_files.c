#include "image/layout_files.h"

#include "base/auto.h"
#include "base/digest.h"
#include "base/io.h"
#include "base/limits.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

enum {
    LINKS = 8, /* symbolic links between the entries of an archive */
    CHUNK_BYTES = 256 * 1024,
};

#define KEPT_ENTRY_BYTES (256 * KIB)
#define KEPT_BYTES (16 * MIB)

typedef struct {
    char *path;
    char *target;    /* of a link: the entry it leads to; NULL for a file */
    guint64 size;    /* of a file */
    gint64 offset;   /* in the archive; -1: it is compressed */
    GBytes *content; /* of a small file in a compressed archive, or NULL */
    char *blob;      /* where it was extracted to, or NULL */
} Entry;

struct LayoutFiles {
    char *path; /* folder, or archive */
    char *name;
    bool archive;
    GHashTable *entries; /* path → Entry; NULL: not scanned yet */
    guint64 kept;
};

static void entry_free(void *data)
{
    Entry *entry = data;
    if (!entry)
        return;
    g_free(entry->path);
    g_free(entry->target);
    if (entry->content)
        g_bytes_unref(entry->content);
    g_free(entry->blob);
    g_free(entry);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Entry, entry_free)

LayoutFiles *layout_files_open(const char *path, bool archive, const char *name, GError **error)
{
    struct stat st;
    if (stat(path, &st) < 0) {
        error_set_errno(error, errno == ENOENT || errno == ENOTDIR ? ERROR_INPUT : ERROR_FAILED,
                        errno, "cannot read %s", name);
        return NULL;
    }
    if (archive ? !S_ISREG(st.st_mode) : !S_ISDIR(st.st_mode)) {
        error_set(error, ERROR_INPUT, SPAN_NONE, "%s is not a %s", name,
                  archive ? "file" : "folder");
        return NULL;
    }
    LayoutFiles *files = g_new0(LayoutFiles, 1);
    files->path = g_strdup(path);
    files->name = g_strdup(name);
    files->archive = archive;
    return files;
}

void layout_files_free(LayoutFiles *files)
{
    if (!files)
        return;
    if (files->entries)
        g_hash_table_unref(files->entries);
    g_free(files->path);
    g_free(files->name);
    g_free(files);
}

void file_place_clear(FilePlace *place)
{
    g_clear_pointer(&place->path, g_free);
}

static gboolean set_absent(const LayoutFiles *files, const char *path, GError **error)
{
    return error_set(error, ERROR_INPUT, SPAN_NONE, "%s has no file '%s'", files->name, path);
}

static gboolean set_no_file(const LayoutFiles *files, const char *path, GError **error)
{
    return error_set(error, ERROR_INPUT, SPAN_NONE, "%s: '%s' is not a file", files->name, path);
}

/* Part of a file */

gboolean place_reader_open(PlaceReader *reader, const FilePlace *place, GError **error)
{
    int fd = open(place->path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return error_set_errno(error, ERROR_FAILED, errno, "cannot read %s", place->path);
    *reader = (PlaceReader){fd, place->offset, place->size};
    return TRUE;
}

static gssize read_place(void *data, void *buffer, size_t length, GError **error)
{
    PlaceReader *reader = data;
    gssize n = io_read_at(reader->fd, buffer, (size_t)MIN(reader->left, length), reader->at, error);
    if (n > 0) {
        reader->at += (guint64)n;
        reader->left -= (guint64)n;
    }
    return n;
}

ArchiveInput place_reader_input(PlaceReader *reader)
{
    return (ArchiveInput){read_place, NULL, reader};
}

void place_reader_clear(PlaceReader *reader)
{
    if (reader->fd >= 0)
        close(reader->fd);
    reader->fd = -1;
}

/* Archives */

/* "a/layer.tar" and "../b/layer.tar" → "b/layer.tar"; NULL for an absolute one. */
static char *join_link(const char *path, const char *target)
{
    g_autofree char *folder = g_path_get_dirname(path);
    g_autofree char *joined = g_build_filename("/", folder, target, NULL);
    g_autofree char *canonical = g_canonicalize_filename(joined, "/");
    return g_path_is_absolute(target) ? NULL : g_strdup(canonical + 1);
}

static gboolean keep_small(LayoutFiles *files, ArchiveReader *reader, Entry *entry, GError **error)
{
    if (entry->offset >= 0 || entry->size > KEPT_ENTRY_BYTES ||
        files->kept + entry->size > KEPT_BYTES)
        return TRUE;
    files->kept += entry->size;
    entry->content = archive_reader_read_all(reader, KEPT_ENTRY_BYTES, error);
    return entry->content != NULL;
}

static gboolean add_entry(LayoutFiles *files, ArchiveReader *reader, const ArchiveEntry *from,
                          GError **error)
{
    g_autoptr(Entry) entry = g_new0(Entry, 1);
    entry->path = g_strdup(from->path);
    if (from->kind == ENTRY_FILE) {
        entry->size = from->size;
        entry->offset = archive_reader_offset(reader);
        if (!keep_small(files, reader, entry, error))
            return FALSE;
    } else if (from->kind == ENTRY_SYMLINK) {
        entry->target = join_link(from->path, from->target);
    } else if (from->kind == ENTRY_HARDLINK) {
        entry->target = g_strdup(from->target);
    }
    if (from->kind != ENTRY_FILE && !entry->target)
        return TRUE; /* a folder or device, or a link that leads out: no file */
    if (g_hash_table_contains(files->entries, entry->path))
        return error_set(error, ERROR_INPUT, SPAN_NONE, "%s: the entry '%s' is there twice",
                         files->name, entry->path);
    char *key = entry->path;
    g_hash_table_insert(files->entries, key, g_steal_pointer(&entry));
    return TRUE;
}

static gboolean scan(LayoutFiles *files, GError **error)
{
    AUTO_FD int fd = open(files->path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return error_set_errno(error, ERROR_FAILED, errno, "cannot read %s", files->name);
    g_autoptr(ArchiveReader) reader = archive_reader_new_fd(files->name, fd, error);
    if (!reader)
        return FALSE;
    files->entries = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, entry_free);
    for (;;) {
        const ArchiveEntry *entry;
        if (!archive_reader_next(reader, &entry, error))
            return FALSE;
        if (!entry)
            return TRUE;
        if (!add_entry(files, reader, entry, error))
            return FALSE;
    }
}

/* The file behind `path`, links followed. */
static Entry *find_entry(LayoutFiles *files, const char *path, GError **error)
{
    if (!files->entries && !scan(files, error)) {
        g_clear_pointer(&files->entries, g_hash_table_unref);
        return NULL;
    }
    Entry *entry = g_hash_table_lookup(files->entries, path);
    if (!entry) {
        set_absent(files, path, error);
        return NULL;
    }
    for (unsigned links = 0; entry && entry->target; links++)
        entry = links < LINKS ? g_hash_table_lookup(files->entries, entry->target) : NULL;
    if (!entry)
        set_no_file(files, path, error);
    return entry;
}

/* One file of a folder; followed as the system does. */
static gboolean find_in_folder(const LayoutFiles *files, const char *path, FilePlace *ret_place,
                               GError **error)
{
    g_autofree char *full = g_build_filename(files->path, path, NULL);
    struct stat st;
    if (stat(full, &st) < 0)
        return errno == ENOENT
                   ? set_absent(files, path, error)
                   : error_set_errno(error, ERROR_FAILED, errno, "cannot read %s", full);
    if (!S_ISREG(st.st_mode))
        return set_no_file(files, path, error);
    *ret_place = (FilePlace){g_steal_pointer(&full), 0, (guint64)st.st_size};
    return TRUE;
}

gboolean layout_files_find(LayoutFiles *files, const char *path, FilePlace *ret_place,
                           GError **error)
{
    if (!files->archive)
        return find_in_folder(files, path, ret_place, error);
    const Entry *entry = find_entry(files, path, error);
    if (!entry)
        return FALSE;
    *ret_place = (FilePlace){NULL, 0, entry->size};
    if (entry->blob) {
        ret_place->path = g_strdup(entry->blob);
    } else if (entry->offset >= 0) {
        ret_place->path = g_strdup(files->path);
        ret_place->offset = (guint64)entry->offset;
    }
    return TRUE;
}

static gssize read_memory(void *data, void *buffer, size_t length, GError **error)
{
    GBytes **rest = data;
    gsize size;
    const char *bytes = g_bytes_get_data(*rest, &size);
    size_t n = MIN(length, size);
    (void)error;
    if (n == 0)
        return 0;
    memcpy(buffer, bytes, n);
    GBytes *left = g_bytes_new_from_bytes(*rest, n, size - n);
    g_bytes_unref(*rest);
    *rest = left;
    return (gssize)n;
}

static gboolean use_content(const Entry *entry, LayoutFileFunc use, void *data, GError **error)
{
    GBytes *rest = g_bytes_ref(entry->content);
    ArchiveInput input = {read_memory, NULL, &rest};
    gboolean ok = use(data, &input, entry->size, error);
    g_bytes_unref(rest);
    return ok;
}

static gssize read_entry(void *data, void *buffer, size_t length, GError **error)
{
    return archive_reader_read(data, buffer, length, error);
}

/* Finds the entry by reading a compressed archive from the front. */
static gboolean use_streamed(const LayoutFiles *files, const char *path, LayoutFileFunc use,
                             void *data, GError **error)
{
    AUTO_FD int fd = open(files->path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return error_set_errno(error, ERROR_FAILED, errno, "cannot read %s", files->name);
    g_autoptr(ArchiveReader) reader = archive_reader_new_fd(files->name, fd, error);
    const ArchiveEntry *entry;
    while (reader) {
        if (!archive_reader_next(reader, &entry, error))
            return FALSE;
        if (!entry)
            return set_absent(files, path, error);
        if (entry->kind != ENTRY_FILE || !g_str_equal(entry->path, path))
            continue;
        ArchiveInput input = {read_entry, NULL, reader};
        return use(data, &input, entry->size, error);
    }
    return FALSE;
}

gboolean layout_files_use(LayoutFiles *files, const char *path, LayoutFileFunc use, void *data,
                          GError **error)
{
    g_auto(FilePlace) place = {0};
    if (!layout_files_find(files, path, &place, error))
        return FALSE;
    if (!place.path) {
        const Entry *entry = find_entry(files, path, error);
        return entry->content ? use_content(entry, use, data, error)
                              : use_streamed(files, entry->path, use, data, error);
    }
    g_auto(PlaceReader) reader = {.fd = -1};
    if (!place_reader_open(&reader, &place, error))
        return FALSE;
    ArchiveInput input = place_reader_input(&reader);
    return use(data, &input, place.size, error);
}

/* Extraction */

gboolean layout_files_replace(LayoutFiles *files, const char *path, const char *place,
                              GError **error)
{
    Entry *entry = files->archive ? find_entry(files, path, error) : NULL;
    if (!entry)
        return !files->archive;
    g_free(entry->blob);
    entry->blob = g_strdup(place);
    return TRUE;
}

static gboolean extract_entry(ArchiveReader *reader, Entry *entry, BlobStore *blobs, GError **error)
{
    g_autoptr(BlobWriter) writer = blob_writer_new(blobs, error);
    g_autoptr(Digest) digest = digest_new("sha256");
    g_autofree char *buffer = g_malloc(CHUNK_BYTES);
    guint64 size = 0;
    if (!writer)
        return FALSE;
    for (;;) {
        gssize n = archive_reader_read(reader, buffer, CHUNK_BYTES, error);
        if (n < 0)
            return FALSE;
        if (n == 0)
            break;
        digest_update(digest, buffer, (size_t)n);
        size += (guint64)n;
        if (!blob_writer_write(writer, buffer, (size_t)n, error))
            return FALSE;
    }
    entry->size = size;
    g_autofree char *sha256 = digest_finish(digest);
    return blob_writer_commit(writer, sha256, &entry->blob, error);
}

/* Those of `paths` that are to be extracted: path → Entry, borrowed. */
static GHashTable *wanted_entries(LayoutFiles *files, const GPtrArray *paths, GError **error)
{
    g_autoptr(GHashTable) wanted = g_hash_table_new(g_str_hash, g_str_equal);
    for (guint i = 0; i < paths->len; i++) {
        Entry *entry = find_entry(files, paths->pdata[i], error);
        if (!entry)
            return NULL;
        if (!entry->blob && entry->offset < 0)
            g_hash_table_insert(wanted, entry->path, entry);
    }
    return g_steal_pointer(&wanted);
}

gboolean layout_files_extract(LayoutFiles *files, const GPtrArray *paths, BlobStore *blobs,
                              GError **error)
{
    if (!files->archive)
        return TRUE;
    g_autoptr(GHashTable) wanted = wanted_entries(files, paths, error);
    if (!wanted || g_hash_table_size(wanted) == 0)
        return wanted != NULL;
    AUTO_FD int fd = open(files->path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return error_set_errno(error, ERROR_FAILED, errno, "cannot read %s", files->name);
    g_autoptr(ArchiveReader) reader = archive_reader_new_fd(files->name, fd, error);
    if (!reader)
        return FALSE;
    for (;;) {
        const ArchiveEntry *entry;
        if (!archive_reader_next(reader, &entry, error))
            return FALSE;
        if (!entry)
            return TRUE;
        Entry *found = g_hash_table_lookup(wanted, entry->path);
        if (found && entry->kind == ENTRY_FILE && !extract_entry(reader, found, blobs, error))
            return FALSE;
    }
}
