#include "archive/tar_write.h"

#include "base/limits.h"

enum {
    NAME_BYTES = 100,
    PREFIX_BYTES = 155,
    OCTAL7 = 07777777, /* the largest number of 7 digits, of mode and owners */
};

#define OCTAL11 077777777777ull /* of size and time: 8 GiB less one */

/* The fields of a ustar header: name, where it begins, how long it is. */
enum {
    AT_NAME = 0,
    AT_MODE = 100,
    AT_UID = 108,
    AT_GID = 116,
    AT_SIZE = 124,
    AT_MTIME = 136,
    AT_CHECKSUM = 148,
    AT_TYPE = 156,
    AT_LINK = 157,
    AT_MAGIC = 257,
    AT_PREFIX = 345,
};

static void put_octal(guint8 *at, unsigned digits, guint64 value)
{
    for (unsigned i = digits; i-- > 0; value >>= 3)
        at[i] = (guint8)('0' + (value & 7));
    at[digits] = '\0';
}

/* What goes into one header block; what does not fit stands in a pax record before it. */
typedef struct {
    const char *name, *link;
    size_t name_length, link_length;
    size_t split; /* of name: how much is the prefix, without its slash; 0: none */
    char type;
    unsigned mode;
    guint64 uid, gid, size, mtime;
    const GPtrArray *xattrs;
} Header;

static void write_block(const Header *header, guint8 *out)
{
    memset(out, 0, TAR_BLOCK_BYTES);
    size_t start = header->split ? header->split + 1 : 0;
    memcpy(out + AT_PREFIX, header->name, header->split);
    memcpy(out + AT_NAME, header->name + start, MIN(header->name_length - start, NAME_BYTES));
    if (header->link)
        memcpy(out + AT_LINK, header->link, MIN(header->link_length, NAME_BYTES));
    put_octal(out + AT_MODE, 7, header->mode);
    put_octal(out + AT_UID, 7, header->uid <= OCTAL7 ? header->uid : 0);
    put_octal(out + AT_GID, 7, header->gid <= OCTAL7 ? header->gid : 0);
    put_octal(out + AT_SIZE, 11, header->size <= OCTAL11 ? header->size : 0);
    put_octal(out + AT_MTIME, 11, header->mtime);
    out[AT_TYPE] = (guint8)header->type;
    memcpy(out + AT_MAGIC,
           "ustar\0"
           "00",
           8);
    memset(out + AT_CHECKSUM, ' ', 8);
    unsigned sum = 0;
    for (unsigned i = 0; i < TAR_BLOCK_BYTES; i++)
        sum += out[i];
    put_octal(out + AT_CHECKSUM, 6, sum);
}

/* Finds where a long name is cut: the prefix as long as it may be. FALSE: nowhere. */
static bool split_name(Header *header)
{
    if (header->name_length <= NAME_BYTES)
        return true;
    size_t at = MIN(header->name_length - 1, (size_t)PREFIX_BYTES + 1);
    while (at-- > 1) {
        size_t rest = header->name_length - at - 1;
        if (header->name[at] != '/' || rest == 0)
            continue;
        if (rest > NAME_BYTES)
            return false;
        header->split = at;
        return true;
    }
    return false;
}

/* "length key=value\n", where the length counts its own digits. */
static void add_record(GString *out, const char *key, const char *value, size_t length)
{
    size_t rest = strlen(key) + length + 3, whole = rest + 1;
    for (;;) {
        char digits[24];
        size_t next = rest + (size_t)g_snprintf(digits, sizeof digits, "%zu", whole);
        if (next == whole)
            break;
        whole = next;
    }
    g_string_append_printf(out, "%zu %s=", whole, key);
    g_string_append_len(out, value, (gssize)length);
    g_string_append_c(out, '\n');
}

static void add_number(GString *out, const char *key, guint64 value)
{
    char digits[24];
    int length = g_snprintf(digits, sizeof digits, "%" G_GUINT64_FORMAT, value);
    add_record(out, key, digits, (size_t)length);
}

/* In the order of the keys, which is part of the bytes. */
static void add_records(GString *out, Header *header)
{
    for (guint i = 0; header->xattrs && i < header->xattrs->len; i++) {
        const ArchiveXattr *xattr = header->xattrs->pdata[i];
        g_autofree char *key = g_strconcat("SCHILY.xattr.", xattr->name, NULL);
        gsize length;
        const char *value = g_bytes_get_data(xattr->value, &length);
        add_record(out, key, value, length);
    }
    if (header->gid > OCTAL7)
        add_number(out, "gid", header->gid);
    if (header->link && header->link_length > NAME_BYTES)
        add_record(out, "linkpath", header->link, header->link_length);
    if (!split_name(header))
        add_record(out, "path", header->name, header->name_length);
    if (header->size > OCTAL11)
        add_number(out, "size", header->size);
    if (header->uid > OCTAL7)
        add_number(out, "uid", header->uid);
}

static char type_of(EntryKind kind)
{
    static const char types[] = {
        [ENTRY_FILE] = '0', [ENTRY_HARDLINK] = '1', [ENTRY_SYMLINK] = '2', [ENTRY_FOLDER] = '5'};
    return kind == ENTRY_DEVICE ? '\0' : types[kind];
}

static gboolean check_entry(const ArchiveEntry *entry, GError **error)
{
    bool links = entry->kind == ENTRY_SYMLINK || entry->kind == ENTRY_HARDLINK;
    size_t length = strlen(entry->path), target = links ? strlen(entry->target) : 1;
    if (length == 0 || entry->path[0] == '/' || entry->path[length - 1] == '/')
        return error_set(error, ERROR_INPUT, SPAN_NONE, "\"%s\" is no path of an entry",
                         entry->path);
    if (length >= LIMIT_PATH_BYTES || target >= LIMIT_PATH_BYTES || target == 0)
        return error_set(error, ERROR_INPUT, SPAN_NONE,
                         "the entry %.100s has a path or target that is empty or too long",
                         entry->path);
    if (entry->kind == ENTRY_DEVICE || entry->mode > 07777 || entry->mtime < 0 ||
        (guint64)entry->mtime > OCTAL11)
        return error_set(error, ERROR_INPUT, SPAN_NONE,
                         "the entry %s has a kind, mode or time that no layer can hold",
                         entry->path);
    return TRUE;
}

/* A folder's name ends with a slash, as other writers have it. */
static size_t write_header(const ArchiveEntry *entry, const char *name, guint8 *out)
{
    g_autoptr(GString) records = g_string_new(NULL);
    bool links = entry->kind == ENTRY_SYMLINK || entry->kind == ENTRY_HARDLINK;
    Header header = {
        .name = name,
        .name_length = strlen(name),
        .link = links ? entry->target : NULL,
        .link_length = links ? strlen(entry->target) : 0,
        .type = type_of(entry->kind),
        .mode = entry->mode,
        .uid = entry->uid,
        .gid = entry->gid,
        .size = entry->kind == ENTRY_FILE ? entry->size : 0,
        .mtime = (guint64)entry->mtime,
        .xattrs = entry->kind == ENTRY_FILE ? entry->xattrs : NULL,
    };
    add_records(records, &header);
    size_t used = 0;
    if (records->len > 0) {
        static const char pax_name[] = "PaxHeader";
        Header pax = {.name = pax_name,
                      .name_length = sizeof pax_name - 1,
                      .type = 'x',
                      .mode = 0644,
                      .size = records->len};
        size_t padding = tar_padding(records->len);
        write_block(&pax, out);
        memcpy(out + TAR_BLOCK_BYTES, records->str, records->len);
        memset(out + TAR_BLOCK_BYTES + records->len, 0, padding);
        used = TAR_BLOCK_BYTES + records->len + padding;
    }
    write_block(&header, out + used);
    return used + TAR_BLOCK_BYTES;
}

gboolean tar_header_write(const ArchiveEntry *entry, guint8 out[TAR_HEADER_BYTES],
                          size_t *ret_length, GError **error)
{
    if (!check_entry(entry, error))
        return FALSE;
    char name[LIMIT_PATH_BYTES + 1];
    g_strlcpy(name, entry->path, sizeof name);
    if (entry->kind == ENTRY_FOLDER)
        g_strlcat(name, "/", sizeof name);
    *ret_length = write_header(entry, name, out);
    return TRUE;
}
