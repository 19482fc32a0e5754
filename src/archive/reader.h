/* Reads the entries of a tar or cpio archive one after another, decompressing as needed (gzip with
 * any number of members, zstd, xz, bzip2): the only door to libarchive for input.
 *
 * An archive is a stream: it is read once, from front to back. Paths come out relative, without
 * "./", "//" and trailing "/"; an absolute path, "..", an empty name, a path longer than
 * LIMIT_PATH_BYTES or deeper than LIMIT_PATH_DEPTH is ERROR_INPUT naming the entry, and so is an
 * archive of more than LIMIT_IMAGE_ENTRIES entries or LIMIT_LAYER_BYTES bytes, or one that ends in
 * the middle. */
#pragma once

#include "base/error.h"

typedef struct {
    /* Fills `buffer`; returns the number of bytes, 0 at the end, -1 with an error. */
    gssize (*read)(void *data, void *buffer, size_t length, GError **error);
    /* Skips at most `count` bytes and returns how many were; NULL: they are read. */
    gint64 (*skip)(void *data, gint64 count);
    void *data;
} ArchiveInput;

typedef struct ArchiveReader ArchiveReader;

/* `name` is what errors call the archive. The input's data stays the caller's and outlives the
 * reader. */
ArchiveReader *archive_reader_new(const char *name, const ArchiveInput *input, GError **error);
/* A stream that is compressed with one of these and holds no archive: a single entry, "data". */
ArchiveReader *archive_reader_new_stream(const char *name, const ArchiveInput *input,
                                         GError **error);
/* Over an open file, from its start; the fd stays the caller's. */
ArchiveReader *archive_reader_new_fd(const char *name, int fd, GError **error);
ArchiveReader *archive_reader_new_bytes(const char *name, GBytes *bytes, GError **error);
void archive_reader_free(ArchiveReader *reader);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(ArchiveReader, archive_reader_free)

typedef enum {
    ENTRY_FILE,
    ENTRY_FOLDER,
    ENTRY_SYMLINK,
    ENTRY_HARDLINK,
    ENTRY_DEVICE, /* character or block device, fifo, socket */
} EntryKind;

/* An extended attribute, as pax archives hold them (SCHILY.xattr.NAME). */
typedef struct {
    char *name; /* "security.capability" */
    GBytes *value;
} ArchiveXattr;

typedef struct {
    EntryKind kind;
    const char *path;   /* "" for the root itself */
    const char *target; /* of a symlink as written; of a hard link as a path like `path` */
    guint64 size;       /* of a file */
    unsigned mode;      /* permission bits */
    guint64 uid, gid;
    gint64 mtime;
    const GPtrArray *xattrs; /* ArchiveXattr by name, of a file; NULL: none */
    bool xattrs_left_out;    /* there are more of them than LIMIT_XATTR_BYTES */
} ArchiveEntry;

/* *ret_entry is NULL at the end; it belongs to the reader until the next call. */
gboolean archive_reader_next(ArchiveReader *reader, const ArchiveEntry **ret_entry, GError **error);
/* Where the content of the current entry, of which nothing was read yet, begins in the archive; -1
 * when the archive is compressed. */
gint64 archive_reader_offset(const ArchiveReader *reader);
/* The content of the current entry: number of bytes, 0 at its end, -1 on error. */
gssize archive_reader_read(ArchiveReader *reader, void *buffer, size_t length, GError **error);
/* All of it; ERROR_INPUT when it has more than `limit` bytes. */
GBytes *archive_reader_read_all(ArchiveReader *reader, size_t limit, GError **error);
