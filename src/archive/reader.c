#include "archive/reader.h"

#include "base/io.h"
#include "base/limits.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <unistd.h>

enum {
    CHUNK_BYTES = 256 * 1024,
};

struct ArchiveReader {
    struct archive *archive;
    char *name;
    ArchiveInput input;
    void *owned; /* input.data where the reader made it */
    GDestroyNotify free_owned;
    guint8 *chunk;
    GError *input_error; /* what the input's read failed with */
    guint64 entries;
    ArchiveEntry entry;
    char *path, *target;
    GPtrArray *xattrs; /* ArchiveXattr */
};

static void xattr_free(void *data)
{
    ArchiveXattr *xattr = data;
    g_free(xattr->name);
    g_bytes_unref(xattr->value);
    g_free(xattr);
}

static la_ssize_t read_input(struct archive *archive, void *data, const void **ret_buffer)
{
    ArchiveReader *reader = data;
    gssize n = reader->input.read(reader->input.data, reader->chunk, CHUNK_BYTES,
                                  reader->input_error ? NULL : &reader->input_error);
    if (n < 0)
        archive_set_error(archive, EIO, "read failed");
    *ret_buffer = reader->chunk;
    return n;
}

static la_int64_t skip_input(struct archive *archive, void *data, la_int64_t count)
{
    ArchiveReader *reader = data;
    (void)archive;
    return reader->input.skip ? reader->input.skip(reader->input.data, count) : 0;
}

static gboolean set_failed(const ArchiveReader *reader, GError **error)
{
    if (reader->input_error)
        return error_wrap(error, g_error_copy(reader->input_error), SPAN_NONE, "%s", reader->name);
    const char *reason = archive_error_string(reader->archive);
    return error_set(error, ERROR_INPUT, SPAN_NONE, "%s is damaged or no archive: %s", reader->name,
                     reason ? reason : "unknown format");
}

static void support_filters(struct archive *archive)
{
    archive_read_support_filter_gzip(archive);
    archive_read_support_filter_zstd(archive);
    archive_read_support_filter_xz(archive);
    archive_read_support_filter_bzip2(archive);
    archive_read_support_filter_none(archive);
}

static void support_archives(struct archive *archive)
{
    support_filters(archive);
    archive_read_support_format_tar(archive);
    archive_read_support_format_cpio(archive);
    archive_read_support_format_empty(archive);
}

static void support_streams(struct archive *archive)
{
    support_filters(archive);
    archive_read_support_format_raw(archive);
    archive_read_support_format_empty(archive);
}

static ArchiveReader *reader_new(const char *name, const ArchiveInput *input,
                                 void (*support_forms)(struct archive *), GError **error)
{
    g_autoptr(ArchiveReader) reader = g_new0(ArchiveReader, 1);
    reader->name = g_strdup(name);
    reader->input = *input;
    reader->chunk = g_malloc(CHUNK_BYTES);
    reader->xattrs = g_ptr_array_new_with_free_func(xattr_free);
    reader->archive = archive_read_new();
    support_forms(reader->archive);
    archive_read_set_read_callback(reader->archive, read_input);
    archive_read_set_skip_callback(reader->archive, skip_input);
    archive_read_set_callback_data(reader->archive, reader);
    if (archive_read_open1(reader->archive) != ARCHIVE_OK) {
        set_failed(reader, error);
        return NULL;
    }
    return g_steal_pointer(&reader);
}

ArchiveReader *archive_reader_new(const char *name, const ArchiveInput *input, GError **error)
{
    return reader_new(name, input, support_archives, error);
}

ArchiveReader *archive_reader_new_stream(const char *name, const ArchiveInput *input,
                                         GError **error)
{
    return reader_new(name, input, support_streams, error);
}

static gssize read_fd(void *data, void *buffer, size_t length, GError **error)
{
    return io_read(*(int *)data, buffer, length, error);
}

static gint64 skip_fd(void *data, gint64 count)
{
    int fd = *(int *)data;
    off_t here = lseek(fd, 0, SEEK_CUR);
    off_t end = here < 0 ? -1 : lseek(fd, 0, SEEK_END);
    if (here < 0 || end < 0)
        return 0;
    off_t to = MIN(here + count, end); /* beyond the end is a cut archive, seen by the next read */
    return lseek(fd, to, SEEK_SET) < 0 ? 0 : to - here;
}

/* The input's data lives as long as the reader, or dies at once when there is none. */
static ArchiveReader *own_input(ArchiveReader *reader, void *data, GDestroyNotify free_data)
{
    if (!reader) {
        free_data(data);
        return NULL;
    }
    reader->owned = data;
    reader->free_owned = free_data;
    return reader;
}

ArchiveReader *archive_reader_new_fd(const char *name, int fd, GError **error)
{
    if (lseek(fd, 0, SEEK_SET) < 0 && errno != ESPIPE) {
        error_set_errno(error, ERROR_FAILED, errno, "cannot read %s", name);
        return NULL;
    }
    int *kept = g_new(int, 1);
    *kept = fd;
    ArchiveInput input = {read_fd, skip_fd, kept};
    ArchiveReader *reader = archive_reader_new(name, &input, error);
    return own_input(reader, kept, g_free);
}

typedef struct {
    GBytes *bytes;
    size_t position;
} Memory;

static void memory_free(void *data)
{
    Memory *memory = data;
    g_bytes_unref(memory->bytes);
    g_free(memory);
}

static gssize read_memory(void *data, void *buffer, size_t length, GError **error)
{
    Memory *memory = data;
    size_t size;
    const char *bytes = g_bytes_get_data(memory->bytes, &size);
    size_t n = MIN(length, size - memory->position);
    (void)error;
    if (n > 0)
        memcpy(buffer, bytes + memory->position, n);
    memory->position += n;
    return (gssize)n;
}

ArchiveReader *archive_reader_new_bytes(const char *name, GBytes *bytes, GError **error)
{
    Memory *memory = g_new(Memory, 1);
    *memory = (Memory){g_bytes_ref(bytes), 0};
    ArchiveInput input = {read_memory, NULL, memory};
    ArchiveReader *reader = archive_reader_new(name, &input, error);
    return own_input(reader, memory, memory_free);
}

void archive_reader_free(ArchiveReader *reader)
{
    if (!reader)
        return;
    archive_read_free(reader->archive);
    g_clear_error(&reader->input_error);
    if (reader->free_owned)
        reader->free_owned(reader->owned);
    g_free(reader->chunk);
    g_free(reader->path);
    g_free(reader->target);
    g_ptr_array_unref(reader->xattrs);
    g_free(reader->name);
    g_free(reader);
}

/* "./a//b/" → "a/b". NULL for a path that would leave the tree or is too long. */
static char *normal_path(const char *path)
{
    if (path[0] == '/' || strlen(path) > LIMIT_PATH_BYTES)
        return NULL;
    GString *out = g_string_new(NULL);
    unsigned depth = 0;
    while (*path) {
        size_t n = strcspn(path, "/");
        bool up = n == 2 && path[0] == '.' && path[1] == '.';
        if (up || depth > LIMIT_PATH_DEPTH) {
            g_string_free(out, TRUE);
            return NULL;
        }
        if (n > 0 && !(n == 1 && path[0] == '.')) {
            if (out->len > 0)
                g_string_append_c(out, '/');
            g_string_append_len(out, path, (gssize)n);
            depth++;
        }
        path += n + (path[n] == '/');
    }
    return g_string_free(out, FALSE);
}

static gboolean set_hostile(const ArchiveReader *reader, const char *path, const char *what,
                            GError **error)
{
    g_autofree char *valid = g_utf8_make_valid(path ? path : "?", -1);
    g_autofree char *escaped = g_strescape(valid, NULL);
    return error_set(error, ERROR_INPUT, SPAN_NONE, "%s: the entry '%.200s' %s", reader->name,
                     escaped, what);
}

static EntryKind kind_of(struct archive_entry *entry)
{
    if (archive_entry_hardlink(entry))
        return ENTRY_HARDLINK;
    switch (archive_entry_filetype(entry)) {
    case AE_IFREG:
        return ENTRY_FILE;
    case AE_IFDIR:
        return ENTRY_FOLDER;
    case AE_IFLNK:
        return ENTRY_SYMLINK;
    default:
        return ENTRY_DEVICE;
    }
}

/* Images begin absolute hard link targets and paths at their root. */
static const char *from_root(const char *path)
{
    while (path && path[0] == '/')
        path++;
    return path;
}

static int compare_xattrs(const void *a, const void *b)
{
    return strcmp((*(ArchiveXattr *const *)a)->name, (*(ArchiveXattr *const *)b)->name);
}

/* FALSE: not all, since they are more than a header of ours holds. */
static bool take_xattrs(ArchiveReader *reader, struct archive_entry *from)
{
    const char *name;
    const void *value;
    size_t size, total = 0;
    g_ptr_array_set_size(reader->xattrs, 0);
    archive_entry_xattr_reset(from);
    while (archive_entry_xattr_next(from, &name, &value, &size) == ARCHIVE_OK) {
        if (!name || size > LIMIT_XATTR_BYTES || strlen(name) > LIMIT_XATTR_BYTES)
            return false;
        total += strlen(name) + size;
        if (total > LIMIT_XATTR_BYTES || !*name || strchr(name, '=') || strchr(name, '\n'))
            return false;
        ArchiveXattr *xattr = g_new(ArchiveXattr, 1);
        *xattr = (ArchiveXattr){g_strdup(name), g_bytes_new(value, size)};
        g_ptr_array_add(reader->xattrs, xattr);
    }
    g_ptr_array_sort(reader->xattrs, compare_xattrs);
    return true;
}

static gboolean take_entry(ArchiveReader *reader, struct archive_entry *from, GError **error)
{
    const char *path = archive_entry_pathname(from);
    if (!path)
        path = archive_entry_pathname_utf8(from);
    g_free(reader->path);
    reader->path = path ? normal_path(path) : NULL;
    if (!reader->path)
        return set_hostile(reader, path, "has an absolute, climbing or overlong path", error);
    EntryKind kind = kind_of(from);
    g_clear_pointer(&reader->target, g_free);
    if (kind == ENTRY_HARDLINK) {
        reader->target = normal_path(from_root(archive_entry_hardlink(from)));
        if (!reader->target)
            return set_hostile(reader, path, "is a hard link out of the tree", error);
    } else if (kind == ENTRY_SYMLINK) {
        const char *target = archive_entry_symlink(from);
        if (!target || strlen(target) > LIMIT_PATH_BYTES)
            return set_hostile(reader, path, "is a symbolic link with an overlong target", error);
        reader->target = g_strdup(target);
    }
    gint64 size = kind == ENTRY_FILE ? archive_entry_size(from) : 0;
    if (size < 0 || (guint64)size > LIMIT_LAYER_BYTES)
        return set_hostile(reader, path, "claims an impossible size", error);
    reader->entry = (ArchiveEntry){kind,
                                   reader->path,
                                   reader->target,
                                   (guint64)size,
                                   archive_entry_perm(from),
                                   (guint64)archive_entry_uid(from),
                                   (guint64)archive_entry_gid(from),
                                   archive_entry_mtime(from),
                                   NULL,
                                   false};
    if (kind == ENTRY_FILE) {
        reader->entry.xattrs_left_out = !take_xattrs(reader, from);
        reader->entry.xattrs = reader->xattrs->len > 0 ? reader->xattrs : NULL;
    }
    return TRUE;
}

gboolean archive_reader_next(ArchiveReader *reader, const ArchiveEntry **ret_entry, GError **error)
{
    struct archive_entry *entry;
    int status = archive_read_next_header(reader->archive, &entry);
    if (status == ARCHIVE_EOF) {
        *ret_entry = NULL;
        return TRUE;
    }
    if (status != ARCHIVE_OK && status != ARCHIVE_WARN)
        return set_failed(reader, error);
    if (++reader->entries > LIMIT_IMAGE_ENTRIES)
        return error_set(error, ERROR_INPUT, SPAN_NONE, "%s has more than %u entries", reader->name,
                         LIMIT_IMAGE_ENTRIES);
    if ((guint64)archive_filter_bytes(reader->archive, 0) > LIMIT_LAYER_BYTES)
        return error_set(error, ERROR_INPUT, SPAN_NONE, "%s has more than %llu bytes", reader->name,
                         (unsigned long long)LIMIT_LAYER_BYTES);
    if (!take_entry(reader, entry, error))
        return FALSE;
    *ret_entry = &reader->entry;
    return TRUE;
}

gint64 archive_reader_offset(const ArchiveReader *reader)
{
    return archive_filter_code(reader->archive, 0) == ARCHIVE_FILTER_NONE
               ? archive_filter_bytes(reader->archive, 0)
               : -1;
}

gssize archive_reader_read(ArchiveReader *reader, void *buffer, size_t length, GError **error)
{
    la_ssize_t n = archive_read_data(reader->archive, buffer, length);
    if (n >= 0)
        return n;
    set_failed(reader, error);
    return -1;
}

GBytes *archive_reader_read_all(ArchiveReader *reader, size_t limit, GError **error)
{
    if (reader->entry.size > limit) {
        set_hostile(reader, reader->path, "is larger than any such file may be", error);
        return NULL;
    }
    size_t size = (size_t)reader->entry.size, done = 0;
    g_autofree char *data = g_malloc(size + 1);
    while (done < size) {
        gssize n = archive_reader_read(reader, data + done, size - done, error);
        if (n < 0)
            return NULL;
        if (n == 0) {
            set_hostile(reader, reader->path, "is shorter than it says", error);
            return NULL;
        }
        done += (size_t)n;
    }
    data[size] = '\0'; /* beyond the size, for those who want text */
    return g_bytes_new_take(g_steal_pointer(&data), size);
}
