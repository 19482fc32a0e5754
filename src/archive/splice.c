#include "archive/splice.h"

#include "archive/estargz.h"
#include "archive/hash_thread.h"
#include "archive/layer_pack.h"
#include "archive/tar_write.h"
#include "base/digest.h"
#include "base/limits.h"

#include <errno.h>
#include <unistd.h>

enum {
    READ_BYTES = 64 * 1024,    /* of a content at a time */
    WHOLE_BYTES = 1024 * 1024, /* a member of at most this is inflated at once, which is quicker */
    MTIME = 315532800,         /* of files that a format adds: 1980-01-01 */
    METHOD_STORED = 0,
    METHOD_DEFLATE = 8,
};

/* How a format is made. Members of a zip file of at most `encode_most` bytes go through the
 * encoder, with their neighbours, instead of being spliced. */
static const struct {
    LayerPack *(*pack_new)(DeflateSink sink, void *data);
    guint64 encode_most;
} formats[LAYER_FORMATS] = {
    [LAYER_GZIP] = {gzip_pack_new, 4096},     [LAYER_GZIP_SINGLE] = {gzip_single_pack_new, 4096},
    [LAYER_ESTARGZ] = {gzip_pack_new, 0},     [LAYER_ZSTD] = {zstd_pack_new, READ_BYTES},
    [LAYER_TAR] = {tar_pack_new, READ_BYTES},
};

static const guint8 zeros[TAR_END_BYTES];

struct LayerWriter {
    LayerFormat format;
    DeflateSink sink;
    void *sink_data;
    LayerPack *pack;
    EstargzToc *toc;    /* NULL for other formats */
    Inflater *inflater; /* of what the pack does not take over; made when it is needed */
    SmallInflater *small;
    Digest *tar, *blob; /* blob: NULL where it is the tar */
    HashThread *aside;  /* instead of both; NULL: none */
    guint64 tar_size, blob_size;
    guint64 chunk_left; /* of the chunk under way */
    guint8 room[READ_BYTES];
    guint8 *whole; /* WHOLE_BYTES, when they are needed */
};

enum {
    LANE_TAR,
    LANE_BLOB,
};

/* Every byte of the blob passes here. */
static gboolean take_blob(void *data, const void *bytes, size_t length, GError **error)
{
    LayerWriter *writer = data;
    if (writer->blob && writer->aside)
        hash_thread_update(writer->aside, LANE_BLOB, bytes, length);
    else if (writer->blob)
        digest_update(writer->blob, bytes, length);
    writer->blob_size += length;
    return !writer->sink || writer->sink(writer->sink_data, bytes, length, error);
}

LayerWriter *layer_writer_new(LayerFormat format, DeflateSink sink, void *data)
{
    LayerWriter *writer = g_new0(LayerWriter, 1);
    writer->format = format;
    writer->sink = sink;
    writer->sink_data = data;
    writer->pack = formats[format].pack_new(take_blob, writer);
    writer->toc = format == LAYER_ESTARGZ ? estargz_toc_new() : NULL;
    writer->small = small_inflater_new();
    writer->tar = digest_new("sha256");
    writer->blob = format == LAYER_TAR ? NULL : digest_new("sha256");
    return writer;
}

void layer_writer_hash_aside(LayerWriter *writer)
{
    g_return_if_fail(writer->tar_size == 0 && !writer->aside);
    writer->aside = hash_thread_new();
}

void layer_writer_free(LayerWriter *writer)
{
    if (!writer)
        return;
    writer->pack->type->free(writer->pack);
    estargz_toc_free(writer->toc);
    inflater_free(writer->inflater);
    small_inflater_free(writer->small);
    hash_thread_free(writer->aside);
    digest_free(writer->tar);
    digest_free(writer->blob);
    g_free(writer->whole);
    g_free(writer);
}

void layer_summary_clear(LayerSummary *summary)
{
    g_clear_pointer(&summary->diff_id, g_free);
    g_clear_pointer(&summary->digest, g_free);
    g_clear_pointer(&summary->toc_digest, g_free);
}

static void hash_tar(LayerWriter *writer, const void *bytes, size_t length)
{
    if (writer->aside)
        hash_thread_update(writer->aside, LANE_TAR, bytes, length);
    else
        digest_update(writer->tar, bytes, length);
    writer->tar_size += length;
}

/* Bytes of the tar that are packed by us. */
static gboolean put(LayerWriter *writer, const void *bytes, size_t length, GError **error)
{
    if (length == 0)
        return TRUE;
    hash_tar(writer, bytes, length);
    return writer->pack->type->write(writer->pack, bytes, length, error);
}

static gboolean put_header(LayerWriter *writer, const ArchiveEntry *entry, GError **error)
{
    guint8 header[TAR_HEADER_BYTES];
    size_t length;
    if (entry->kind == ENTRY_FILE && entry->size > LIMIT_LAYER_BYTES - writer->tar_size)
        return error_set(error, ERROR_INPUT, SPAN_NONE, "%s makes the layer too large",
                         entry->path);
    return tar_header_write(entry, header, &length, error) && put(writer, header, length, error);
}

/* Whether the entry may come from outside. */
static gboolean check_name(const LayerWriter *writer, const ArchiveEntry *entry, GError **error)
{
    if (writer->toc && (g_str_equal(entry->path, ESTARGZ_TOC_NAME) ||
                        g_str_equal(entry->path, ESTARGZ_LANDMARK_NAME)))
        return error_set(error, ERROR_INPUT, SPAN_NONE,
                         "a layer of format eStargz cannot have a file %s of its own", entry->path);
    return TRUE;
}

static gboolean cut(LayerWriter *writer, GError **error)
{
    return writer->pack->type->cut(writer->pack, error);
}

/* The header of a file, and what a content begins with. */
static gboolean begin_file(LayerWriter *writer, const ArchiveEntry *entry, GError **error)
{
    if (!put_header(writer, entry, error))
        return FALSE;
    if (!writer->toc)
        return TRUE;
    if (entry->size == 0)
        return estargz_toc_add(writer->toc, entry, error);
    if (!estargz_toc_begin_file(writer->toc, entry, error) || !cut(writer, error))
        return FALSE;
    estargz_toc_begin_chunk(writer->toc, writer->blob_size);
    writer->chunk_left = entry->size > ESTARGZ_WHOLE_BYTES ? ESTARGZ_CHUNK_BYTES : entry->size;
    return TRUE;
}

static gboolean end_file(LayerWriter *writer, guint64 size, GError **error)
{
    if (writer->toc && size > 0)
        estargz_toc_end_file(writer->toc);
    return put(writer, zeros, tar_padding(size), error);
}

/* Content that is packed by us. */
static gboolean put_content(LayerWriter *writer, const void *bytes, size_t length, GError **error)
{
    const guint8 *at = bytes;
    while (writer->toc && length > 0) {
        if (writer->chunk_left == 0) {
            if (!cut(writer, error))
                return FALSE;
            estargz_toc_begin_chunk(writer->toc, writer->blob_size);
            writer->chunk_left = ESTARGZ_CHUNK_BYTES;
        }
        size_t piece = (size_t)MIN((guint64)length, writer->chunk_left);
        if (!put(writer, at, piece, error))
            return FALSE;
        estargz_toc_content(writer->toc, at, piece);
        writer->chunk_left -= piece;
        at += piece;
        length -= piece;
    }
    return put(writer, at, length, error);
}

static gboolean add_entry(LayerWriter *writer, const ArchiveEntry *entry, const void *content,
                          GError **error)
{
    if (entry->kind != ENTRY_FILE)
        return put_header(writer, entry, error) &&
               (!writer->toc || estargz_toc_add(writer->toc, entry, error));
    return begin_file(writer, entry, error) &&
           put_content(writer, content, (size_t)entry->size, error) &&
           end_file(writer, entry->size, error);
}

gboolean layer_writer_add(LayerWriter *writer, const ArchiveEntry *entry, const void *content,
                          GError **error)
{
    return check_name(writer, entry, error) && add_entry(writer, entry, content, error);
}

static gboolean put_input(LayerWriter *writer, guint64 size, const ArchiveInput *input,
                          GError **error)
{
    for (guint64 left = size;;) {
        /* one more, so that more content shows */
        size_t most = (size_t)MIN(left + 1, (guint64)READ_BYTES);
        gssize length = input->read(input->data, writer->room, most, error);
        if (length < 0)
            return FALSE;
        if ((guint64)length > left || (length == 0 && left > 0))
            return error_set(error, ERROR_FAILED, SPAN_NONE,
                             "it had %" G_GUINT64_FORMAT " bytes and has %s now", size,
                             length == 0 ? "fewer" : "more");
        if (length == 0)
            return TRUE;
        left -= (guint64)length;
        if (!put_content(writer, writer->room, (size_t)length, error))
            return FALSE;
    }
}

gboolean layer_writer_add_stream(LayerWriter *writer, const ArchiveEntry *entry,
                                 const ArchiveInput *input, GError **error)
{
    g_return_val_if_fail(entry->kind == ENTRY_FILE, FALSE);
    if (!check_name(writer, entry, error) || !begin_file(writer, entry, error))
        return FALSE;
    GError *cause = NULL;
    if (!put_input(writer, entry->size, input, &cause))
        return error_wrap(error, cause, SPAN_NONE, "content of %s", entry->path);
    return end_file(writer, entry->size, error);
}

static gssize read_fd(void *data, void *buffer, size_t length, GError **error)
{
    int fd = *(int *)data;
    ssize_t got;
    do
        got = read(fd, buffer, length);
    while (got < 0 && errno == EINTR);
    if (got < 0)
        error_set_errno(error, ERROR_FAILED, errno, "could not read it");
    return got;
}

gboolean layer_writer_add_fd(LayerWriter *writer, const ArchiveEntry *entry, int fd, GError **error)
{
    ArchiveInput input = {.read = read_fd, .data = &fd};
    return layer_writer_add_stream(writer, entry, &input, error);
}

/* A zip member on its way into the layer. */
typedef struct {
    LayerWriter *writer;
    const ZipMember *member;
    bool spliced; /* else its content is packed */
    guint32 crc;
    guint64 size;
} Passage;

/* Content, of which no more than promised is ever taken. */
static gboolean take_content(void *data, const void *bytes, size_t length, GError **error)
{
    Passage *passage = data;
    if (length > passage->member->size - passage->size)
        return error_set(error, ERROR_INPUT, SPAN_NONE,
                         "it holds more than the %" G_GUINT64_FORMAT " bytes promised",
                         passage->member->size);
    passage->size += length;
    passage->crc = crc32_update(passage->crc, bytes, length);
    if (!passage->spliced)
        return put_content(passage->writer, bytes, length, error);
    hash_tar(passage->writer, bytes, length);
    if (passage->writer->toc)
        estargz_toc_content(passage->writer->toc, bytes, length);
    return TRUE;
}

static gboolean check_passage(const Passage *passage, GError **error)
{
    if (passage->size != passage->member->size)
        return error_set(error, ERROR_INPUT, SPAN_NONE,
                         "it holds %" G_GUINT64_FORMAT " bytes instead of %" G_GUINT64_FORMAT,
                         passage->size, passage->member->size);
    if (passage->crc != passage->member->crc32)
        return error_set(error, ERROR_INPUT, SPAN_NONE, "its checksum is wrong");
    return TRUE;
}

static gboolean pass_piece(Passage *passage, const void *bytes, size_t length, GError **error)
{
    LayerWriter *writer = passage->writer;
    if (passage->member->method == METHOD_STORED)
        return take_content(passage, bytes, length, error);
    if (!passage->spliced)
        return inflater_feed(writer->inflater, bytes, length, take_content, passage, error);
    return writer->pack->type->payload(writer->pack, bytes, length, take_content, passage, error);
}

static GBytes *read_exactly(const ZipSource *source, guint64 offset, size_t length, GError **error)
{
    g_autoptr(GBytes) bytes = NULL;
    if (!source->read(source->data, offset, length, &bytes, error))
        return NULL;
    if (g_bytes_get_size(bytes) != length) {
        error_set(error, ERROR_INPUT, SPAN_NONE, "the file ends early");
        return NULL;
    }
    return g_steal_pointer(&bytes);
}

static gboolean pass_pieces(Passage *passage, const ZipSource *source, guint64 offset,
                            GError **error)
{
    guint64 left = passage->member->compressed_size;
    while (left > 0) {
        size_t piece = (size_t)MIN(left, (guint64)READ_BYTES);
        g_autoptr(GBytes) bytes = read_exactly(source, offset, piece, error);
        if (!bytes || !pass_piece(passage, g_bytes_get_data(bytes, NULL), piece, error))
            return FALSE;
        offset += piece;
        left -= piece;
    }
    return TRUE;
}

/* All at once, and packed. */
static gboolean pass_small(Passage *passage, const ZipSource *source, guint64 offset,
                           GError **error)
{
    const ZipMember *member = passage->member;
    size_t length = (size_t)member->compressed_size, size = (size_t)member->size;
    g_autoptr(GBytes) bytes = read_exactly(source, offset, length, error);
    return bytes &&
           small_inflate(passage->writer->small, g_bytes_get_data(bytes, NULL), length,
                         passage->writer->room, size, error) &&
           take_content(passage, passage->writer->room, size, error);
}

static gboolean pass_over(Passage *passage, const ZipSource *source, guint64 offset, GError **error)
{
    LayerPack *pack = passage->writer->pack;
    return pack->type->begin_payload(pack, error) && pass_pieces(passage, source, offset, error) &&
           pack->type->end_payload(pack, passage->crc, passage->size, error);
}

/* All at once; of what is damaged the pieces tell more. */
static gboolean pass_whole(Passage *passage, const ZipSource *source, guint64 offset,
                           GError **error)
{
    LayerWriter *writer = passage->writer;
    LayerPack *pack = writer->pack;
    const ZipMember *member = passage->member;
    size_t length = (size_t)member->compressed_size, size = (size_t)member->size;
    writer->whole = writer->whole ? writer->whole : g_malloc(WHOLE_BYTES);
    g_autoptr(GBytes) bytes = read_exactly(source, offset, length, error);
    if (!bytes)
        return FALSE;
    const void *deflated = g_bytes_get_data(bytes, NULL);
    if (!small_inflate(writer->small, deflated, length, writer->whole, size, NULL))
        return pass_over(passage, source, offset, error);
    return take_content(passage, writer->whole, size, error) &&
           pack->type->whole_payload(pack, deflated, length, passage->crc, size, error);
}

static gboolean pass_deflated(Passage *passage, const ZipSource *source, guint64 offset,
                              GError **error)
{
    LayerWriter *writer = passage->writer;
    const LayerPackType *type = writer->pack->type;
    if (!type->payload || (writer->toc && passage->member->size > ESTARGZ_WHOLE_BYTES)) {
        writer->inflater = writer->inflater ? writer->inflater : inflater_new();
        inflater_begin(writer->inflater);
        return pass_pieces(passage, source, offset, error) && inflater_end(writer->inflater, error);
    }
    passage->spliced = true;
    bool whole = type->whole_payload && passage->member->size <= WHOLE_BYTES &&
                 passage->member->compressed_size <= WHOLE_BYTES;
    return whole ? pass_whole(passage, source, offset, error)
                 : pass_over(passage, source, offset, error);
}

static gboolean pass_member(Passage *passage, const ZipSource *source, GError **error)
{
    const ZipMember *member = passage->member;
    guint64 offset;
    if (member->method != METHOD_DEFLATE && member->method != METHOD_STORED)
        return error_set(error, ERROR_INPUT, SPAN_NONE, "compression method %u is not supported",
                         member->method);
    bool small = member->size <= formats[passage->writer->format].encode_most &&
                 member->compressed_size <= READ_BYTES;
    return zip_member_data(source, member, &offset, error) &&
           (member->method == METHOD_STORED ? pass_pieces(passage, source, offset, error)
            : small                         ? pass_small(passage, source, offset, error)
                                            : pass_deflated(passage, source, offset, error)) &&
           check_passage(passage, error);
}

gboolean layer_writer_splice(LayerWriter *writer, const ArchiveEntry *entry,
                             const ZipSource *source, const ZipMember *member, GError **error)
{
    ArchiveEntry sized = *entry;
    sized.kind = ENTRY_FILE;
    sized.size = member->size;
    if (!check_name(writer, &sized, error) || !begin_file(writer, &sized, error))
        return FALSE;
    Passage passage = {.writer = writer, .member = member};
    GError *cause = NULL;
    if (!pass_member(&passage, source, &cause))
        return error_wrap(error, cause, SPAN_NONE, "member %s", member->name);
    return end_file(writer, member->size, error);
}

/* The landmark, and the table of contents in the last entry, which begins a member. */
static gboolean put_toc(LayerWriter *writer, char **ret_digest, guint64 *ret_offset, GError **error)
{
    static const guint8 landmark = ESTARGZ_LANDMARK;
    ArchiveEntry entry = {.path = ESTARGZ_LANDMARK_NAME, .size = 1, .mode = 0644, .mtime = MTIME};
    if (!add_entry(writer, &entry, &landmark, error) || !cut(writer, error))
        return FALSE;
    size_t length;
    g_autofree char *json = estargz_toc_finish(writer->toc, &length);
    *ret_digest = digest_sha256(json, length);
    *ret_offset = writer->blob_size;
    entry.path = ESTARGZ_TOC_NAME;
    entry.size = length;
    return put_header(writer, &entry, error) && put(writer, json, length, error) &&
           put(writer, zeros, tar_padding(length), error);
}

static gboolean put_end(LayerWriter *writer, GError **error)
{
    return put(writer, zeros, sizeof zeros, error) &&
           writer->pack->type->finish(writer->pack, error);
}

static gboolean put_estargz_end(LayerWriter *writer, char **ret_digest, GError **error)
{
    guint8 footer[ESTARGZ_FOOTER_BYTES];
    guint64 offset;
    if (!put_toc(writer, ret_digest, &offset, error) || !put_end(writer, error))
        return FALSE;
    estargz_footer(offset, footer);
    return take_blob(writer, footer, sizeof footer, error);
}

static void finish_digests(LayerWriter *writer, LayerSummary *summary)
{
    char *digests[HASH_LANES] = {NULL};
    if (writer->aside) {
        hash_thread_finish(writer->aside, digests);
    } else {
        digests[LANE_TAR] = digest_finish(writer->tar);
        digests[LANE_BLOB] = writer->blob ? digest_finish(writer->blob) : NULL;
    }
    if (!writer->blob) {
        g_free(digests[LANE_BLOB]);
        digests[LANE_BLOB] = g_strdup(digests[LANE_TAR]);
    }
    summary->diff_id = digests[LANE_TAR];
    summary->digest = digests[LANE_BLOB];
}

gboolean layer_writer_finish(LayerWriter *writer, LayerSummary *ret_summary, GError **error)
{
    g_autofree char *toc_digest = NULL;
    if (writer->toc ? !put_estargz_end(writer, &toc_digest, error) : !put_end(writer, error))
        return FALSE;
    *ret_summary = (LayerSummary){
        .size = writer->blob_size,
        .tar_size = writer->tar_size,
        .toc_digest = g_steal_pointer(&toc_digest),
    };
    finish_digests(writer, ret_summary);
    return TRUE;
}
