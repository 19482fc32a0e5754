/* The directory of a zip file and single members of it, from any source that can be read by range:
 * a wheel's METADATA, RECORD and file list without the wheel.
 *
 * APPNOTE.TXT 6.3: end of central directory, zip64, extra fields. A later entry of the same name
 * wins, as in Python's zipfile; hostile directories (overlapping or escaping offsets, sizes past
 * the end, too many members, NUL or invalid UTF-8 in names) are ERROR_INPUT naming the entry. */
#pragma once

#include "base/error.h"

typedef struct {
    char *name;
    guint64 offset; /* of the local header */
    guint64 compressed_size;
    guint64 size;
    guint32 crc32;
    guint16 method; /* 0 stored, 8 deflate */
    guint16 flags;
    guint16 made_by; /* high byte: system, 3 = unix */
    guint32 external_attributes;
} ZipMember;

enum {
    ZIP_LOCAL_BYTES = 30, /* of a local header, without the name and what may follow it */
};

typedef struct ZipDirectory ZipDirectory;

/* Reads [offset, offset + length) of the file; FALSE with an error otherwise. */
typedef gboolean (*ZipReadFunc)(void *data, guint64 offset, size_t length, GBytes **ret_bytes,
                                GError **error);

typedef struct {
    guint64 size; /* of the whole file */
    ZipReadFunc read;
    void *data;
} ZipSource;

/* `name` is what errors call the file; NULL: the caller's errors say it. */
ZipDirectory *zip_directory_read(const char *name, const ZipSource *source, GError **error);
void zip_directory_free(ZipDirectory *directory);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(ZipDirectory, zip_directory_free)
/* In directory order; superseded duplicates are left out. */
const ZipMember *zip_directory_members(const ZipDirectory *directory, size_t *ret_count);
const ZipMember *zip_directory_find(const ZipDirectory *directory, const char *name);
/* A name that had more than one entry, or NULL. */
const char *zip_directory_duplicate(const ZipDirectory *directory);
/* Where the directory begins in the file: members end there. */
guint64 zip_directory_start(const ZipDirectory *directory);
/* The member's content: CRC and size are checked, `limit` before memory is taken. */
GBytes *zip_member_read(const ZipSource *source, const ZipMember *member, size_t limit,
                        GError **error);
/* Where the member's compressed bytes begin, all of which lie inside the file. The name in the
 * local header must be the directory's: tools that read the stream would see another file
 * otherwise. */
gboolean zip_member_data(const ZipSource *source, const ZipMember *member, guint64 *ret_offset,
                         GError **error);
/* A source over an open file. The fd stays the caller's. */
gboolean zip_source_from_fd(int fd, ZipSource *ret_source, GError **error);
