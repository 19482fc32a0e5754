#include "archive/zip.h"

#include "archive/inflate.h"
#include "base/io.h"
#include "base/limits.h"

#include <errno.h>
#include <sys/stat.h>

/* APPNOTE.TXT 6.3: sizes and signatures of the records, which are little endian and unaligned. */
enum {
    END_SIGNATURE = 0x06054b50,
    END_BYTES = 22,
    END_COMMENT_BYTES = 65535,
    LOCATOR_SIGNATURE = 0x07064b50,
    LOCATOR_BYTES = 20,
    END64_SIGNATURE = 0x06064b50,
    END64_BYTES = 56,
    ENTRY_SIGNATURE = 0x02014b50,
    ENTRY_BYTES = 46,
    LOCAL_SIGNATURE = 0x04034b50,
    LOCAL_BYTES = ZIP_LOCAL_BYTES,
    EXTRA_ZIP64 = 0x0001,
    FLAG_ENCRYPTED = 1 << 0,
    /* Wheels end in their directory: a first read of that much finds nearly all of it. */
    TAIL_BYTES = 32 * 1024,
};

struct ZipDirectory {
    GBytes *records; /* while they are read */
    GStringChunk *names;
    GArray *members;       /* ZipMember */
    GHashTable *by_name;   /* name → index + 1 */
    guint64 start;         /* of the directory in the file: no member reaches beyond */
    const char *duplicate; /* a name with several entries, or NULL */
};

typedef struct {
    guint64 offset, size, entries;
} Extent;

static guint16 get16(const guint8 *at)
{
    return (guint16)(at[0] | at[1] << 8);
}

static guint32 get32(const guint8 *at)
{
    return get16(at) | (guint32)get16(at + 2) << 16;
}

static guint64 get64(const guint8 *at)
{
    return get32(at) | (guint64)get32(at + 4) << 32;
}

/* [offset, offset + length) as bytes of exactly that length. */
static const guint8 *read_exact(const ZipSource *source, guint64 offset, size_t length,
                                GBytes **ret_bytes, GError **error)
{
    if (offset > source->size || length > source->size - offset) {
        error_set(error, ERROR_INPUT, SPAN_NONE, "a record reaches past the end of the file");
        return NULL;
    }
    g_autoptr(GBytes) bytes = NULL;
    if (!source->read(source->data, offset, length, &bytes, error))
        return NULL;
    if (g_bytes_get_size(bytes) != length) {
        error_set(error, ERROR_INPUT, SPAN_NONE, "the file ends early");
        return NULL;
    }
    const guint8 *data = g_bytes_get_data(bytes, NULL);
    *ret_bytes = g_steal_pointer(&bytes);
    return data ? data : (const guint8 *)"";
}

/* The last end record in tail[0..length) whose comment fits, or NULL. */
static const guint8 *find_end(const guint8 *tail, size_t length)
{
    for (size_t at = length >= END_BYTES ? length - END_BYTES + 1 : 0; at-- > 0;) {
        if (tail[at] == 'P' && get32(tail + at) == END_SIGNATURE &&
            get16(tail + at + 20) <= length - at - END_BYTES)
            return tail + at;
    }
    return NULL;
}

static gboolean read_end64(const ZipSource *source, guint64 end_offset, Extent *extent,
                           GError **error)
{
    g_autoptr(GBytes) locator_bytes = NULL, bytes = NULL;
    if (end_offset < LOCATOR_BYTES)
        return TRUE;
    const guint8 *locator =
        read_exact(source, end_offset - LOCATOR_BYTES, LOCATOR_BYTES, &locator_bytes, error);
    if (!locator)
        return FALSE;
    if (get32(locator) != LOCATOR_SIGNATURE)
        return TRUE;
    const guint8 *end = read_exact(source, get64(locator + 8), END64_BYTES, &bytes, error);
    if (!end)
        return FALSE;
    if (get32(end) != END64_SIGNATURE)
        return error_set(error, ERROR_INPUT, SPAN_NONE,
                         "its zip64 end record is not where it "
                         "should be");
    *extent = (Extent){get64(end + 48), get64(end + 40), get64(end + 32)};
    return TRUE;
}

static gboolean check_extent(const Extent *extent, guint64 end_offset, GError **error)
{
    if (extent->size > LIMIT_ZIP_DIRECTORY_BYTES || extent->entries > LIMIT_ZIP_MEMBERS)
        return error_set(error, ERROR_INPUT, SPAN_NONE,
                         "its directory of %" G_GUINT64_FORMAT " entries is too large",
                         extent->entries);
    if (extent->offset > end_offset || extent->size > end_offset - extent->offset ||
        extent->entries > extent->size / ENTRY_BYTES)
        return error_set(error, ERROR_INPUT, SPAN_NONE,
                         "its directory does not lie inside the file");
    return TRUE;
}

static gboolean read_extent(const ZipSource *source, Extent *ret_extent, GError **error)
{
    static const size_t lengths[] = {TAIL_BYTES, END_BYTES + END_COMMENT_BYTES};
    for (size_t i = 0; i < G_N_ELEMENTS(lengths); i++) {
        g_autoptr(GBytes) bytes = NULL;
        size_t length = (size_t)MIN(source->size, lengths[i]);
        const guint8 *tail = read_exact(source, source->size - length, length, &bytes, error);
        if (!tail)
            return FALSE;
        const guint8 *end = find_end(tail, length);
        if (!end)
            continue;
        guint64 end_offset = source->size - length + (guint64)(end - tail);
        Extent extent = {get32(end + 16), get32(end + 12), get16(end + 10)};
        if (!read_end64(source, end_offset, &extent, error) ||
            !check_extent(&extent, end_offset, error))
            return FALSE;
        *ret_extent = extent;
        return TRUE;
    }
    return error_set(error, ERROR_INPUT, SPAN_NONE, "it is no zip file: it has no end record");
}

/* Replaces what is all ones in the record by the values of the zip64 extra field, which holds only
 * those, in this order. */
static bool read_extra64(ZipMember *member, const guint8 *extra, size_t length)
{
    guint64 *fields[] = {&member->size, &member->compressed_size, &member->offset};
    while (length >= 4) {
        size_t size = get16(extra + 2);
        if (size > length - 4)
            return true; /* padding and garbage there is common and harmless */
        if (get16(extra) == EXTRA_ZIP64) {
            const guint8 *at = extra + 4;
            for (size_t i = 0; i < G_N_ELEMENTS(fields); i++) {
                if (*fields[i] != G_MAXUINT32)
                    continue;
                if (size < 8)
                    return false;
                *fields[i] = get64(at);
                at += 8;
                size -= 8;
            }
            return true;
        }
        extra += 4 + size;
        length -= 4 + size;
    }
    return true;
}

static gboolean check_member(const ZipDirectory *directory, const ZipMember *member, GError **error)
{
    if (member->offset > directory->start || directory->start - member->offset < LOCAL_BYTES ||
        member->compressed_size > directory->start - member->offset - LOCAL_BYTES)
        return error_set(error, ERROR_INPUT, SPAN_NONE,
                         "its member %s does not lie inside the file", member->name);
    if (member->flags & FLAG_ENCRYPTED)
        return error_set(error, ERROR_INPUT, SPAN_NONE, "its member %s is encrypted", member->name);
    if (member->method == 0 && member->size != member->compressed_size)
        return error_set(error, ERROR_INPUT, SPAN_NONE,
                         "its member %s is stored, but has two sizes", member->name);
    return TRUE;
}

/* Reads the record at *at and steps behind it. */
static gboolean read_record(ZipDirectory *directory, const guint8 **at, size_t *left,
                            GError **error)
{
    const guint8 *record = *at;
    if (*left < ENTRY_BYTES || get32(record) != ENTRY_SIGNATURE)
        return error_set(error, ERROR_INPUT, SPAN_NONE, "its directory is broken");
    size_t name_length = get16(record + 28), extra_length = get16(record + 30);
    size_t whole = ENTRY_BYTES + name_length + extra_length + get16(record + 32);
    if (*left < whole)
        return error_set(error, ERROR_INPUT, SPAN_NONE, "its directory is broken");
    const char *name = (const char *)record + ENTRY_BYTES;
    if (name_length == 0 || memchr(name, '\0', name_length) ||
        !g_utf8_validate(name, (gssize)name_length, NULL))
        return error_set(error, ERROR_INPUT, SPAN_NONE,
                         "the name of its member %u is empty, not UTF-8 or holds a NUL",
                         directory->members->len + 1);
    ZipMember member = {
        .name = g_string_chunk_insert_len(directory->names, name, (gssize)name_length),
        .offset = get32(record + 42),
        .compressed_size = get32(record + 20),
        .size = get32(record + 24),
        .crc32 = get32(record + 16),
        .method = get16(record + 10),
        .flags = get16(record + 8),
        .made_by = get16(record + 4),
        .external_attributes = get32(record + 38),
    };
    if (!read_extra64(&member, record + ENTRY_BYTES + name_length, extra_length))
        return error_set(error, ERROR_INPUT, SPAN_NONE, "its member %s has a broken zip64 field",
                         member.name);
    if (!check_member(directory, &member, error))
        return FALSE;
    g_array_append_val(directory->members, member);
    *at += whole;
    *left -= whole;
    return TRUE;
}

/* Keeps the last entry of each name, in the order of the directory. */
static void drop_superseded(ZipDirectory *directory)
{
    GArray *members = directory->members;
    for (unsigned i = 0; i < members->len; i++)
        g_hash_table_replace(directory->by_name, g_array_index(members, ZipMember, i).name,
                             GUINT_TO_POINTER(i + 1));
    if (g_hash_table_size(directory->by_name) == members->len)
        return;
    unsigned kept = 0;
    for (unsigned i = 0; i < members->len; i++) {
        ZipMember member = g_array_index(members, ZipMember, i);
        if (GPOINTER_TO_UINT(g_hash_table_lookup(directory->by_name, member.name)) != i + 1) {
            directory->duplicate = member.name;
            continue;
        }
        g_array_index(members, ZipMember, kept++) = member;
        g_hash_table_replace(directory->by_name, member.name, GUINT_TO_POINTER(kept));
    }
    g_array_set_size(members, kept);
}

static int compare_offsets(const void *a, const void *b)
{
    const ZipMember *left = *(const ZipMember *const *)a, *right = *(const ZipMember *const *)b;
    return (left->offset > right->offset) - (left->offset < right->offset);
}

/* Members that share bytes make bombs of small files; no honest writer makes them. */
static gboolean check_overlaps(const ZipDirectory *directory, GError **error)
{
    g_autoptr(GPtrArray) order = g_ptr_array_sized_new(directory->members->len);
    bool sorted = true;
    for (unsigned i = 0; i < directory->members->len; i++) {
        g_ptr_array_add(order, &g_array_index(directory->members, ZipMember, i));
        sorted = sorted && (i == 0 || compare_offsets(&order->pdata[i - 1], &order->pdata[i]) <= 0);
    }
    if (!sorted)
        g_ptr_array_sort(order, compare_offsets);
    for (unsigned i = 1; i < order->len; i++) {
        const ZipMember *left = order->pdata[i - 1], *right = order->pdata[i];
        if (left->offset + LOCAL_BYTES + left->compressed_size > right->offset)
            return error_set(error, ERROR_INPUT, SPAN_NONE, "its members %s and %s overlap",
                             left->name, right->name);
    }
    return TRUE;
}

static gboolean read_records(ZipDirectory *directory, const ZipSource *source, GError **error)
{
    Extent extent = {0};
    if (!read_extent(source, &extent, error))
        return FALSE;
    directory->start = extent.offset;
    const guint8 *at =
        read_exact(source, extent.offset, (size_t)extent.size, &directory->records, error);
    if (!at)
        return FALSE;
    size_t left = (size_t)extent.size;
    for (guint64 i = 0; i < extent.entries; i++) {
        if (!read_record(directory, &at, &left, error))
            return FALSE;
    }
    if (left >= 4 && get32(at) == ENTRY_SIGNATURE)
        return error_set(error, ERROR_INPUT, SPAN_NONE,
                         "its directory has more entries than it says");
    g_clear_pointer(&directory->records, g_bytes_unref);
    if (!check_overlaps(directory, error))
        return FALSE;
    drop_superseded(directory);
    return TRUE;
}

ZipDirectory *zip_directory_read(const char *name, const ZipSource *source, GError **error)
{
    g_autoptr(ZipDirectory) directory = g_new0(ZipDirectory, 1);
    directory->names = g_string_chunk_new(16 * 1024);
    directory->members = g_array_new(FALSE, FALSE, sizeof(ZipMember));
    directory->by_name = g_hash_table_new(g_str_hash, g_str_equal);
    g_autoptr(GError) cause = NULL;
    if (read_records(directory, source, &cause))
        return g_steal_pointer(&directory);
    if (name)
        error_wrap(error, g_steal_pointer(&cause), SPAN_NONE, "%s", name);
    else
        g_propagate_error(error, g_steal_pointer(&cause));
    return NULL;
}

void zip_directory_free(ZipDirectory *directory)
{
    if (!directory)
        return;
    g_clear_pointer(&directory->records, g_bytes_unref);
    g_string_chunk_free(directory->names);
    g_array_unref(directory->members);
    g_hash_table_unref(directory->by_name);
    g_free(directory);
}

const ZipMember *zip_directory_members(const ZipDirectory *directory, size_t *ret_count)
{
    *ret_count = directory->members->len;
    return (const ZipMember *)(const void *)directory->members->data;
}

guint64 zip_directory_start(const ZipDirectory *directory)
{
    return directory->start;
}

const char *zip_directory_duplicate(const ZipDirectory *directory)
{
    return directory->duplicate;
}

const ZipMember *zip_directory_find(const ZipDirectory *directory, const char *name)
{
    unsigned place = GPOINTER_TO_UINT(g_hash_table_lookup(directory->by_name, name));
    return place > 0 ? &g_array_index(directory->members, ZipMember, place - 1) : NULL;
}

gboolean zip_member_data(const ZipSource *source, const ZipMember *member, guint64 *ret_offset,
                         GError **error)
{
    g_autoptr(GBytes) bytes = NULL;
    size_t name_length = strlen(member->name);
    const guint8 *local =
        read_exact(source, member->offset, LOCAL_BYTES + name_length, &bytes, error);
    if (!local)
        return FALSE;
    if (get32(local) != LOCAL_SIGNATURE || get16(local + 26) != name_length ||
        memcmp(local + LOCAL_BYTES, member->name, name_length) != 0)
        return error_set(error, ERROR_INPUT, SPAN_NONE, "its local header is not the directory's");
    guint64 offset = member->offset + LOCAL_BYTES + name_length + get16(local + 28);
    if (offset > source->size || member->compressed_size > source->size - offset)
        return error_set(error, ERROR_INPUT, SPAN_NONE, "it reaches past the end of the file");
    *ret_offset = offset;
    return TRUE;
}

static GBytes *unpack(const ZipMember *member, GBytes *packed, GError **error)
{
    gsize length;
    const void *data = g_bytes_get_data(packed, &length);
    if (member->method == 0)
        return g_bytes_ref(packed);
    if (member->method != 8) {
        error_set(error, ERROR_INPUT, SPAN_NONE, "compression method %u is not supported",
                  member->method);
        return NULL;
    }
    char *out = inflate_exact(data, length, (size_t)member->size, error);
    return out ? g_bytes_new_take(out, (gsize)member->size) : NULL;
}

static GBytes *read_member(const ZipSource *source, const ZipMember *member, size_t limit,
                           GError **error)
{
    if (member->size > limit || member->compressed_size > limit + KIB) {
        error_set(error, ERROR_INPUT, SPAN_NONE,
                  "it has %" G_GUINT64_FORMAT " bytes, the limit is %zu", member->size, limit);
        return NULL;
    }
    guint64 offset;
    g_autoptr(GBytes) packed = NULL;
    if (!zip_member_data(source, member, &offset, error) ||
        !read_exact(source, offset, (size_t)member->compressed_size, &packed, error))
        return NULL;
    g_autoptr(GBytes) content = unpack(member, packed, error);
    if (!content)
        return NULL;
    gsize length;
    const void *data = g_bytes_get_data(content, &length);
    if (crc32_update(0, data, length) != member->crc32) {
        error_set(error, ERROR_INPUT, SPAN_NONE, "its checksum is wrong");
        return NULL;
    }
    return g_steal_pointer(&content);
}

GBytes *zip_member_read(const ZipSource *source, const ZipMember *member, size_t limit,
                        GError **error)
{
    g_autoptr(GError) cause = NULL;
    GBytes *content = read_member(source, member, limit, &cause);
    if (!content)
        error_wrap(error, g_steal_pointer(&cause), SPAN_NONE, "member %s", member->name);
    return content;
}

static gboolean read_from_fd(void *data, guint64 offset, size_t length, GBytes **ret_bytes,
                             GError **error)
{
    g_autofree char *buffer = g_malloc(length);
    gssize n = io_read_at(GPOINTER_TO_INT(data), buffer, length, offset, error);
    if (n < 0)
        return FALSE;
    *ret_bytes = g_bytes_new_take(g_steal_pointer(&buffer), (gsize)n);
    return TRUE;
}

gboolean zip_source_from_fd(int fd, ZipSource *ret_source, GError **error)
{
    struct stat st;
    if (fstat(fd, &st) < 0)
        return error_set_errno(error, ERROR_FAILED, errno, "cannot look at a file");
    *ret_source = (ZipSource){(guint64)st.st_size, read_from_fd, GINT_TO_POINTER(fd)};
    return TRUE;
}
