#include "store/cache_private.h"

#include "archive/inflate.h"
#include "base/auto.h"
#include "base/digest.h"
#include "base/io.h"
#include "base/limits.h"
#include "base/log.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

/* An entry's file: this header, the key, the content. Little endian is not fixed: a cache belongs
 * to one machine, and a header of another byte order is a damaged one. */
typedef struct {
    char magic[8];
    guint32 crc; /* of all that follows it */
    guint32 key_length;
    guint64 length;
} EntryHeader;

static const char MAGIC[8] = "RMKcach1";

struct Cache {
    char *dir;
    GMutex lock;      /* of what follows */
    GHashTable *made; /* folders that exist */
    char *problem;    /* why nothing can be written; NULL: nothing failed so far */
};

Cache *cache_new(const char *dir)
{
    Cache *cache = g_new0(Cache, 1);
    cache->dir = dir ? g_strdup(dir) : g_build_filename(g_get_user_cache_dir(), "ramekin", NULL);
    g_mutex_init(&cache->lock);
    cache->made = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    return cache;
}

void cache_free(Cache *cache)
{
    if (!cache)
        return;
    g_hash_table_unref(cache->made);
    g_mutex_clear(&cache->lock);
    g_free(cache->problem);
    g_free(cache->dir);
    g_free(cache);
}

const char *cache_problem(const Cache *cache)
{
    return cache->problem;
}

const char *cache_dir(const Cache *cache)
{
    return cache->dir;
}

/* BUCKET/AB/REST of the key's digest: keys may be URLs of any length. */
static char *entry_path(const Cache *cache, const char *bucket, const char *key)
{
    g_autofree char *digest = digest_sha256(key, strlen(key));
    return g_strdup_printf("%s/%s/%.2s/%s", cache->dir, bucket, digest, digest + 2);
}

static guint32 entry_crc(const char *entry, size_t length)
{
    size_t skip = G_STRUCT_OFFSET(EntryHeader, key_length);
    return crc32_update(0, entry + skip, length - skip);
}

/* Where the content begins in a sound entry of that key, or 0. */
static size_t check_entry(const char *entry, size_t length, const char *key)
{
    EntryHeader header;
    size_t key_length = strlen(key);
    if (length < sizeof header + key_length)
        return 0;
    memcpy(&header, entry, sizeof header);
    size_t start = sizeof header + key_length;
    bool sound = memcmp(header.magic, MAGIC, sizeof MAGIC) == 0 &&
                 header.key_length == key_length && header.length == length - start &&
                 header.crc == entry_crc(entry, length) &&
                 memcmp(entry + sizeof header, key, key_length) == 0;
    return sound ? start : 0;
}

/* Larger entries are mapped: most of an index page is never looked at. Files of the cache are
 * replaced, never written to, so that what was checked stays as it is. */
#define MAP_BYTES (32 * KIB)

typedef struct {
    void *at;
    size_t length;
} Mapping;

static void mapping_free(void *data)
{
    Mapping *mapping = data;
    munmap(mapping->at, mapping->length);
    g_free(mapping);
}

static GBytes *map_whole(int fd, size_t length)
{
    void *at = mmap(NULL, length, PROT_READ, MAP_PRIVATE | MAP_POPULATE, fd, 0);
    if (at == MAP_FAILED)
        return NULL;
    Mapping *mapping = g_new(Mapping, 1);
    *mapping = (Mapping){at, length};
    return g_bytes_new_with_free_func(at, length, mapping_free, mapping);
}

/* A whole regular file, or NULL. */
static GBytes *read_whole(const char *path)
{
    AUTO_FD int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    struct stat st;
    if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) ||
        (guint64)st.st_size > LIMIT_CACHE_ENTRY_BYTES)
        return NULL;
    if ((size_t)st.st_size >= MAP_BYTES)
        return map_whole(fd, (size_t)st.st_size);
    g_autofree char *entry = g_malloc((size_t)st.st_size + 1);
    gssize length = io_read_at(fd, entry, (size_t)st.st_size, 0, NULL);
    return length < 0 ? NULL : g_bytes_new_take(g_steal_pointer(&entry), (gsize)length);
}

bool cache_entry_is_sound(const char *path)
{
    g_autoptr(GBytes) entry = read_whole(path);
    gsize length = 0;
    const char *bytes = entry ? g_bytes_get_data(entry, &length) : NULL;
    EntryHeader header;
    if (length < sizeof header)
        return false;
    memcpy(&header, bytes, sizeof header);
    if (header.key_length > length - sizeof header)
        return false;
    g_autofree char *key = g_strndup(bytes + sizeof header, header.key_length);
    g_autofree char *digest = digest_sha256(key, strlen(key));
    g_autofree char *place = g_strdup_printf("/%.2s/%s", digest, digest + 2);
    return strlen(key) == header.key_length && g_str_has_suffix(path, place) &&
           check_entry(bytes, length, key) > 0;
}

GBytes *cache_load(Cache *cache, const char *bucket, const char *key)
{
    g_autofree char *path = entry_path(cache, bucket, key);
    g_autoptr(GBytes) entry = read_whole(path);
    if (!entry)
        return NULL;
    gsize length;
    const char *bytes = g_bytes_get_data(entry, &length);
    size_t start = check_entry(bytes, length, key);
    if (start > 0)
        return g_bytes_new_from_bytes(entry, start, length - start);
    log_debug("the cache entry %s is damaged and is removed", path);
    unlink(path);
    return NULL;
}

/* The system's own words: what is behind the places that the message names. */
static char *reason_of(const GError *error)
{
    const char *colon = g_strrstr(error->message, ": ");
    return g_strdup(colon ? colon + 2 : error->message);
}

static gboolean make_parent(Cache *cache, const char *path, GError **error)
{
    g_autofree char *parent = g_path_get_dirname(path);
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&cache->lock);
    if (g_hash_table_contains(cache->made, parent))
        return TRUE;
    if (!io_make_dirs(parent, error))
        return FALSE;
    g_hash_table_add(cache->made, g_steal_pointer(&parent));
    return TRUE;
}

static void forget_parents(Cache *cache)
{
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&cache->lock);
    g_hash_table_remove_all(cache->made);
}

static void set_problem(Cache *cache, const GError *error)
{
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&cache->lock);
    if (!cache->problem)
        cache->problem = reason_of(error);
}

static void save_entry(Cache *cache, const char *path, const GString *entry)
{
    g_autoptr(GError) error = NULL;
    if (make_parent(cache, path, NULL) && io_save(path, entry->str, entry->len, NULL))
        return;
    forget_parents(cache); /* somebody may have removed one */
    if (make_parent(cache, path, &error) && io_save(path, entry->str, entry->len, &error))
        return;
    set_problem(cache, error);
}

void cache_save(Cache *cache, const char *bucket, const char *key, const void *data, size_t length)
{
    EntryHeader header = {.key_length = (guint32)strlen(key), .length = length};
    if (length > LIMIT_CACHE_ENTRY_BYTES / 2)
        return;
    memcpy(header.magic, MAGIC, sizeof MAGIC);
    g_autoptr(GString) entry = g_string_sized_new(sizeof header + header.key_length + length + 1);
    g_string_append_len(entry, (const char *)&header, sizeof header);
    g_string_append(entry, key);
    g_string_append_len(entry, data, (gssize)length);
    header.crc = entry_crc(entry->str, entry->len);
    memcpy(entry->str, &header, sizeof header);
    g_autofree char *path = entry_path(cache, bucket, key);
    save_entry(cache, path, entry);
}

void cache_remove(Cache *cache, const char *bucket, const char *key)
{
    g_autofree char *path = entry_path(cache, bucket, key);
    unlink(path);
}
