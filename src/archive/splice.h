/* Writes a layer: a tar archive, compressed, from entries in order, in one pass and with a fixed
 * amount of memory (OCI image specification, "Image Layer Filesystem Changeset").
 *
 * The default format is gzip of many members. A member of a zip file is already a deflate stream,
 * so its bytes are copied as they are ("spliced") into a gzip member of their own; it is inflated
 * only to hash what it holds and to check everything the zip's directory says of it. Between the
 * payloads stand members made by our encoder with everything else: headers, padding, and files that
 * are small or come from elsewhere:
 *
 *     [header] [payload] [padding, header, small file, padding, header] [payload] … [padding, end]
 *
 * A small file is not spliced, because the frames around it and the window that its neighbours
 * could have shared cost more than the time that is saved. Which one is small is part of a format's
 * version.
 *
 * eStargz splices small files too, since the content of every file begins a member there, but not
 * those above ESTARGZ_WHOLE_BYTES, which are divided. It adds two files, one named as its table of
 * contents and a landmark; entries of these names are refused.
 *
 * The blob is a function of the entries, their bytes (compressed ones where spliced) and what
 * archive/layer_format.h tells of the format.
 *
 * What reaches the sink is good only when layer_writer_finish() has returned TRUE; after an error
 * the writer may only be freed and what was written must be thrown away. */
#pragma once

#include "archive/deflate_encode.h"
#include "archive/layer_format.h"
#include "archive/reader.h"
#include "archive/zip.h"

typedef struct {
    char *diff_id; /* hex sha256 of the tar */
    char *digest;  /* hex sha256 of the blob */
    guint64 size;  /* of the blob */
    guint64 tar_size;
    char *toc_digest; /* hex sha256 of the table of contents of eStargz; NULL: has none */
} LayerSummary;

void layer_summary_clear(LayerSummary *summary);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(LayerSummary, layer_summary_clear)

typedef struct LayerWriter LayerWriter;

/* `sink` gets the blob from front to back; `data` stays the caller's and outlives the writer. A
 * NULL sink only counts and hashes. */
LayerWriter *layer_writer_new(LayerFormat format, DeflateSink sink, void *data);
void layer_writer_free(LayerWriter *writer);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(LayerWriter, layer_writer_free)

/* Hashes in a thread of its own, before anything is added: less time for a large layer where a
 * processor is idle, and the same result. */
void layer_writer_hash_aside(LayerWriter *writer);

/* Adds an entry; `content` has entry->size bytes and counts for files only. The order of entries,
 * and that no path comes twice, is the caller's business. */
gboolean layer_writer_add(LayerWriter *writer, const ArchiveEntry *entry, const void *content,
                          GError **error);
/* Adds a file whose content is read from `input` in pieces; entry->size is what it must hold.
 * ERROR_FAILED when it holds less or more: it changed while it was read. */
gboolean layer_writer_add_stream(LayerWriter *writer, const ArchiveEntry *entry,
                                 const ArchiveInput *input, GError **error);
/* Adds a file with the content of an open one, from where it stands; the fd stays the caller's. */
gboolean layer_writer_add_fd(LayerWriter *writer, const ArchiveEntry *entry, int fd,
                             GError **error);
/* Adds a file whose content is a member of a zip file; entry->size is not looked at. A deflated
 * member is spliced, a stored one goes through our encoder. ERROR_INPUT naming the member when it
 * is compressed otherwise, has another size or checksum than the directory says, ends early, goes
 * on behind the end of its stream, or is no deflate stream. */
gboolean layer_writer_splice(LayerWriter *writer, const ArchiveEntry *entry,
                             const ZipSource *source, const ZipMember *member, GError **error);
/* Ends the archive. */
gboolean layer_writer_finish(LayerWriter *writer, LayerSummary *ret_summary, GError **error);
