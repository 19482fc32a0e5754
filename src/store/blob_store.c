#include "base/auto.h"
#include "base/clock.h"
#include "base/digest.h"
#include "base/io.h"
#include "base/limits.h"
#include "base/log.h"
#include "store/blob_private.h"
#include "store/cache_private.h"
#include "store/new_file.h"

#include <errno.h>
#include <fcntl.h>

enum {
    BUFFER_BYTES = 256 * 1024,
    PLACE_TRIES = 8,
    /* A file that changes twice within the granularity of its times looks the same: one that is
     * younger than this is not remembered. */
    RACY_SECONDS = 2,
};

static const char NOTES[] = "blob-notes";
static const char NAMES[] = "blob-names";
static const char FILES[] = "files";

struct BlobWriter {
    BlobStore *store;
    NewFile file;
    char *buffer;
    size_t used;
};

BlobStore *blob_store_new(Cache *cache)
{
    BlobStore *store = g_new0(BlobStore, 1);
    store->cache = cache;
    store->dir = g_build_filename(cache_dir(cache), CACHE_BLOBS, NULL);
    g_mutex_init(&store->lock);
    return store;
}

void blob_store_free(BlobStore *store)
{
    if (!store)
        return;
    if (store->spare) {
        Cache *cache = store->spare->cache;
        io_remove_tree(cache_dir(cache), NULL);
        blob_store_free(store->spare);
        cache_free(cache);
    }
    g_mutex_clear(&store->lock);
    g_free(store->refused);
    g_free(store->dir);
    g_free(store);
}

char *blob_path(const BlobStore *store, const char *sha256)
{
    return g_strdup_printf("%s/%.2s/%s", store->dir, sha256, sha256 + 2);
}

/* The change time is not in it: a hard link to the blob moves it. */
static char *describe(const struct stat *st)
{
    return g_strdup_printf("%" G_GUINT64_FORMAT " %" G_GINT64_FORMAT ".%09ld %" G_GUINT64_FORMAT,
                           (guint64)st->st_size, (gint64)st->st_mtim.tv_sec, st->st_mtim.tv_nsec,
                           (guint64)st->st_ino);
}

static char *load_text(Cache *cache, const char *bucket, const char *key)
{
    g_autoptr(GBytes) bytes = cache_load(cache, bucket, key);
    gsize length;
    const char *text = bytes ? g_bytes_get_data(bytes, &length) : NULL;
    return bytes ? g_strndup(text ? text : "", length) : NULL;
}

void blob_note_save(BlobStore *store, const char *sha256, const struct stat *st)
{
    g_autofree char *text = describe(st);
    cache_save(store->cache, NOTES, sha256, text, strlen(text));
}

void blob_note_forget(BlobStore *store, const char *sha256)
{
    cache_remove(store->cache, NOTES, sha256);
    cache_remove(store->cache, NAMES, sha256);
}

bool blob_note_holds(BlobStore *store, const char *sha256, const struct stat *st)
{
    g_autofree char *noted = load_text(store->cache, NOTES, sha256), *found = describe(st);
    return g_strcmp0(noted, found) == 0;
}

int blob_open(const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NOATIME);
    return fd < 0 && errno == EPERM ? open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW) : fd;
}

char *blob_hash_fd(int fd, const char *path, GError **error)
{
    g_autofree char *buffer = g_malloc(MIB);
    g_autoptr(Digest) digest = digest_new("sha256");
    for (guint64 at = 0;;) {
        GError *cause = NULL;
        gssize n = io_read_at(fd, buffer, MIB, at, &cause);
        if (n < 0) {
            error_wrap(error, cause, SPAN_NONE, "cannot read %s", path);
            return NULL;
        }
        if (n == 0)
            return digest_finish(digest);
        digest_update(digest, buffer, (size_t)n);
        at += (guint64)n;
    }
}

/* Whether the file is the blob, by its note, else by its bytes. */
static bool is_sound(BlobStore *store, const char *sha256, const char *path, guint64 size)
{
    AUTO_FD int fd = blob_open(path);
    struct stat st;
    if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) ||
        (size > 0 && (guint64)st.st_size != size))
        return false;
    if (blob_note_holds(store, sha256, &st))
        return true;
    g_autofree char *found = blob_hash_fd(fd, path, NULL);
    if (g_strcmp0(found, sha256) != 0)
        return false;
    blob_note_save(store, sha256, &st);
    return true;
}

static void mark_used(const char *path)
{
    const struct timespec times[2] = {{.tv_nsec = UTIME_NOW}, {.tv_nsec = UTIME_OMIT}};
    utimensat(AT_FDCWD, path, times, 0);
}

static BlobStore *get_spare(BlobStore *store)
{
    g_mutex_lock(&store->lock);
    BlobStore *spare = store->spare;
    g_mutex_unlock(&store->lock);
    return spare;
}

static char *find_spare(BlobStore *store, const char *sha256, guint64 size)
{
    BlobStore *spare = get_spare(store);
    return spare ? blob_store_find(spare, sha256, size) : NULL;
}

char *blob_store_find(BlobStore *store, const char *sha256, guint64 size)
{
    if (!digest_is_sha256_hex(sha256))
        return NULL;
    g_autofree char *path = blob_path(store, sha256);
    struct stat st;
    if (lstat(path, &st) < 0)
        return find_spare(store, sha256, size);
    if (is_sound(store, sha256, path, size)) {
        mark_used(path);
        return g_steal_pointer(&path);
    }
    log_debug("the blob %s has changed since it was written and is removed", path);
    unlink(path);
    return NULL;
}

static gboolean wrap_folder(GError **error, GError *cause, const BlobStore *store)
{
    error_wrap(error, cause, SPAN_NONE, "the cache folder %s cannot be used",
               cache_dir(store->cache));
    if (error && *error && !error_hint(*error))
        error_set_hint(*error, "name another one with --cache-dir or XDG_CACHE_HOME");
    return FALSE;
}

/* Makes the spare store, because of `cause`, which it keeps in words. */
static BlobStore *need_spare(BlobStore *store, const GError *cause)
{
    g_mutex_lock(&store->lock);
    g_autofree char *dir = store->spare ? NULL : g_dir_make_tmp("ramekin-cache-XXXXXX", NULL);
    if (dir) {
        store->spare = blob_store_new(cache_new(dir));
        store->refused = g_strdup(cause->message);
    }
    g_mutex_unlock(&store->lock);
    return get_spare(store);
}

char *blob_store_refused(BlobStore *store)
{
    g_mutex_lock(&store->lock);
    char *refused = g_strdup(store->refused);
    g_mutex_unlock(&store->lock);
    return refused;
}

static BlobWriter *open_writer(BlobStore *store, GError **error)
{
    NewFile file = NEW_FILE_NONE;
    GError *cause = NULL;
    if (!io_make_dirs(store->dir, &cause) || !new_file_open(&file, store->dir, &cause)) {
        wrap_folder(error, cause, store);
        return NULL;
    }
    BlobWriter *writer = g_new0(BlobWriter, 1);
    writer->store = store;
    writer->file = file;
    return writer;
}

BlobWriter *blob_writer_new(BlobStore *store, GError **error)
{
    g_autoptr(GError) refused = NULL;
    BlobWriter *writer = open_writer(store, &refused);
    BlobStore *spare = writer ? NULL : need_spare(store, refused);
    if (spare)
        return open_writer(spare, error);
    if (!writer)
        g_propagate_error(error, g_steal_pointer(&refused));
    return writer;
}

static gboolean write_out(BlobWriter *writer, const void *bytes, size_t length, GError **error)
{
    GError *cause = NULL;
    if (io_write_all(writer->file.fd, bytes, length, &cause))
        return TRUE;
    return error_wrap(error, cause, SPAN_NONE, "cannot write to the cache folder %s",
                      cache_dir(writer->store->cache));
}

static gboolean flush(BlobWriter *writer, GError **error)
{
    size_t used = writer->used;
    writer->used = 0;
    return used == 0 || write_out(writer, writer->buffer, used, error);
}

gboolean blob_writer_write(void *data, const void *bytes, size_t length, GError **error)
{
    BlobWriter *writer = data;
    if (writer->used + length > BUFFER_BYTES && !flush(writer, error))
        return FALSE;
    if (length >= BUFFER_BYTES)
        return write_out(writer, bytes, length, error);
    if (!writer->buffer)
        writer->buffer = g_malloc(BUFFER_BYTES);
    memcpy(writer->buffer + writer->used, bytes, length);
    writer->used += length;
    return TRUE;
}

gboolean blob_writer_restart(BlobWriter *writer, GError **error)
{
    writer->used = 0;
    if (ftruncate(writer->file.fd, 0) == 0 && lseek(writer->file.fd, 0, SEEK_SET) == 0)
        return TRUE;
    return error_set_errno(error, ERROR_FAILED, errno, "cannot write to the cache folder %s",
                           cache_dir(writer->store->cache));
}

/* Gives the file the blob's name; somebody else may have been first. */
static gboolean place(BlobWriter *writer, const char *sha256, const char *path, guint64 size,
                      GError **error)
{
    g_autofree char *folder = g_path_get_dirname(path);
    for (unsigned i = 0; i < PLACE_TRIES; i++) {
        if (!io_make_dirs(folder, error))
            return FALSE;
        NewFileResult result = new_file_place(&writer->file, path, error);
        if (result != NEW_FILE_EXISTS)
            return result == NEW_FILE_PLACED;
        g_autofree char *found = blob_store_find(writer->store, sha256, size);
        if (found)
            return TRUE;
    }
    return new_file_replace(&writer->file, path, error);
}

gboolean blob_writer_commit(BlobWriter *writer, const char *sha256, char **ret_path, GError **error)
{
    g_autofree char *path = blob_path(writer->store, sha256);
    GError *cause = NULL;
    struct stat st;
    if (!flush(writer, error))
        return FALSE;
    if (fstat(writer->file.fd, &st) < 0)
        return error_set_errno(error, ERROR_FAILED, errno, "cannot look at a new blob");
    /* Noted first: what would be found without a note had to be hashed. */
    blob_note_save(writer->store, sha256, &st);
    if (!place(writer, sha256, path, (guint64)st.st_size, &cause))
        return wrap_folder(error, cause, writer->store);
    *ret_path = g_steal_pointer(&path);
    return TRUE;
}

void blob_writer_free(BlobWriter *writer)
{
    if (!writer)
        return;
    new_file_clear(&writer->file);
    g_free(writer->buffer);
    g_free(writer);
}

/* A file of the user has no second names that we make before it is verified, so that its change
 * time counts: it shows what times that were set back would hide. */
static char *describe_file(const struct stat *st)
{
    g_autofree char *common = describe(st);
    return g_strdup_printf("%s %" G_GUINT64_FORMAT " %" G_GINT64_FORMAT ".%09ld", common,
                           (guint64)st->st_dev, (gint64)st->st_ctim.tv_sec, st->st_ctim.tv_nsec);
}

/* The digest that is remembered for a file that looks like `looks`, or NULL. */
static char *load_file_digest(BlobStore *store, const char *key, const char *looks)
{
    g_autofree char *text = load_text(store->cache, FILES, key);
    if (!text || strlen(text) <= DIGEST_SHA256_HEX || text[DIGEST_SHA256_HEX] != ' ' ||
        !g_str_equal(text + DIGEST_SHA256_HEX + 1, looks))
        return NULL;
    return g_strndup(text, DIGEST_SHA256_HEX);
}

static bool is_settled(const struct stat *st)
{
    gint64 latest = MAX((gint64)st->st_mtim.tv_sec, (gint64)st->st_ctim.tv_sec);
    return clock_now_seconds() - latest > RACY_SECONDS;
}

static char *file_digest(BlobStore *store, const char *path, GError **error)
{
    g_autofree char *key = g_canonicalize_filename(path, NULL);
    AUTO_FD int fd = open(path, O_RDONLY | O_CLOEXEC);
    struct stat before, after;
    if (fd < 0 || fstat(fd, &before) < 0) {
        error_set_errno(error, errno == ENOENT || errno == ENOTDIR ? ERROR_INPUT : ERROR_FAILED,
                        errno, "cannot read %s", path);
        return NULL;
    }
    if (!S_ISREG(before.st_mode)) {
        error_set(error, ERROR_INPUT, SPAN_NONE, "%s is not a regular file", path);
        return NULL;
    }
    g_autofree char *looks = describe_file(&before);
    g_autofree char *digest = load_file_digest(store, key, looks);
    if (digest)
        return g_steal_pointer(&digest);
    digest = blob_hash_fd(fd, path, error);
    if (!digest || !is_settled(&before) || fstat(fd, &after) < 0)
        return g_steal_pointer(&digest);
    g_autofree char *still = describe_file(&after);
    g_autofree char *text = g_strconcat(digest, " ", looks, NULL);
    if (g_str_equal(looks, still))
        cache_save(store->cache, FILES, key, text, strlen(text));
    return g_steal_pointer(&digest);
}

gboolean blob_store_verify_file(BlobStore *store, const char *path, const char *sha256,
                                bool *ret_same, char **ret_found, GError **error)
{
    g_autofree char *digest = file_digest(store, path, error);
    if (!digest)
        return FALSE;
    *ret_same = g_str_equal(digest, sha256);
    if (ret_found)
        *ret_found = g_steal_pointer(&digest);
    return TRUE;
}

void blob_store_set_name(BlobStore *store, const char *sha256, const char *name)
{
    cache_save(store->cache, NAMES, sha256, name, strlen(name));
}

char *blob_name(BlobStore *store, const char *sha256)
{
    g_autofree char *name = load_text(store->cache, NAMES, sha256);
    return name && g_utf8_validate(name, -1, NULL) ? g_steal_pointer(&name) : NULL;
}

char *blob_store_load_fact(BlobStore *store, const char *kind, const char *key)
{
    return load_text(store->cache, kind, key);
}

void blob_store_save_fact(BlobStore *store, const char *kind, const char *key, const char *text)
{
    cache_save(store->cache, kind, key, text, strlen(text));
}
