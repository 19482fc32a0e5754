/* A blob: bytes that a digest names, and where they lie. An image is a list of these; outputs copy,
 * link or write them, and never look inside. */
#pragma once

#include "archive/deflate_encode.h"

typedef struct {
    char *digest;     /* "sha256:…" of the bytes */
    guint64 size;     /* bytes */
    char *media_type; /* as a manifest names it */
    GBytes *bytes;    /* a small blob in memory; NULL: `path` has it */
    char *path;       /* file that holds it; NULL with no bytes: nowhere yet (a dry run) */
    guint64 offset;   /* where in that file it begins; 0: it may be linked instead of copied */
} ImageBlob;

/* Takes the bytes and computes digest and size. */
ImageBlob *image_blob_new_bytes(const char *media_type, GBytes *take_bytes);
/* `digest` is believed. */
ImageBlob *image_blob_new_file(const char *media_type, const char *digest, guint64 size,
                               const char *path, guint64 offset);
ImageBlob *image_blob_copy(const ImageBlob *blob);
void image_blob_free(ImageBlob *blob);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(ImageBlob, image_blob_free)
/* Where an OCI layout has the blob: "blobs/sha256/…". The digest is valid. */
char *image_blob_layout_path(const char *digest);
/* Gives all of its bytes to the sink. Errors: the sink's; ERROR_FAILED, also for a blob that is
 * nowhere yet and for a file that has become shorter. */
gboolean image_blob_write(const ImageBlob *blob, DeflateSink sink, void *data, GError **error);
/* Its bytes as input; those of a file that has become shorter end early. NULL: it is nowhere. */
typedef struct ImageBlobReader ImageBlobReader;
ImageBlobReader *image_blob_reader_new(const ImageBlob *blob, GError **error);
void image_blob_reader_free(ImageBlobReader *reader);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(ImageBlobReader, image_blob_reader_free)
/* The read of an ArchiveInput, whose data is the reader. */
gssize image_blob_reader_read(void *reader, void *buffer, size_t length, GError **error);
