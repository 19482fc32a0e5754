/* The files of an image layout: those of a folder, or the entries of a tar archive. An archive that
 * is not compressed is scanned once for where each entry lies; of a compressed one the small
 * entries, which are its documents, are kept while it is scanned, and a large one is found again by
 * reading from the front, or in the blob store after layout_files_extract(). */
#pragma once

#include "archive/reader.h"
#include "store/blob_store.h"

typedef struct LayoutFiles LayoutFiles;

/* `name` is what errors call the layout. Errors: ERROR_INPUT, ERROR_FAILED. */
LayoutFiles *layout_files_open(const char *path, bool archive, const char *name, GError **error);
void layout_files_free(LayoutFiles *files);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(LayoutFiles, layout_files_free)

/* What is done with a file while it is open. */
typedef gboolean (*LayoutFileFunc)(void *data, const ArchiveInput *input, guint64 size,
                                   GError **error);
/* Links between entries of an archive are followed. ERROR_INPUT when nothing is there. */
gboolean layout_files_use(LayoutFiles *files, const char *path, LayoutFileFunc use, void *data,
                          GError **error);

/* Where a file lies by itself on this machine. */
typedef struct {
    char *path; /* NULL: nowhere, it is inside a compressed archive */
    guint64 offset, size;
} FilePlace;
void file_place_clear(FilePlace *place);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(FilePlace, file_place_clear)
gboolean layout_files_find(LayoutFiles *files, const char *path, FilePlace *ret_place,
                           GError **error);

/* From now on the file is the one at `place`, which is in the blob store. */
gboolean layout_files_replace(LayoutFiles *files, const char *path, const char *place,
                              GError **error);
/* Puts those of the files that lie nowhere by themselves into the blob store, in one pass over the
 * archive. */
gboolean layout_files_extract(LayoutFiles *files, const GPtrArray *paths, BlobStore *blobs,
                              GError **error);

/* A part of a file as an input: the place is borrowed. */
typedef struct {
    int fd; /* -1: not open */
    guint64 at, left;
} PlaceReader;
gboolean place_reader_open(PlaceReader *reader, const FilePlace *place, GError **error);
ArchiveInput place_reader_input(PlaceReader *reader);
void place_reader_clear(PlaceReader *reader);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(PlaceReader, place_reader_clear)
