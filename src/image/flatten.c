#include "image/flatten.h"

#include "archive/decompress.h"
#include "base/limits.h"
#include "base/sorted.h"
#include "image/flatten_tree.h"
#include "image/tar_output.h"

enum {
    COPY_BYTES = 256 * KIB,
};

typedef struct {
    const GPtrArray *layers;
    FlatTree *tree;
    char *buffer;
    TarOutput *out; /* while it is written */
} Flatten;

/* Reads a layer from its start. */
typedef gboolean (*LayerFunc)(Flatten *flatten, unsigned layer, ArchiveReader *reader,
                              GError **error);

static gboolean read_layer(Flatten *flatten, unsigned layer, LayerFunc each, GError **error)
{
    const ImageBlob *blob = flatten->layers->pdata[layer - 1];
    g_autofree char *name = g_strdup_printf("layer %s", blob->digest);
    g_autoptr(ImageBlobReader) bytes = image_blob_reader_new(blob, error);
    if (!bytes)
        return FALSE;
    ArchiveInput input = {image_blob_reader_read, NULL, bytes};
    g_autoptr(Decompressor) stream = decompressor_new(name, &input, error);
    if (!stream)
        return FALSE;
    ArchiveInput tar = {decompressor_read, NULL, stream};
    g_autoptr(ArchiveReader) reader = archive_reader_new(name, &tar, error);
    GError *cause = NULL;
    if (!reader)
        return FALSE;
    if (each(flatten, layer, reader, &cause))
        return TRUE;
    return error_wrap(error, cause, SPAN_NONE, "%s", name);
}

static gboolean read_layers(Flatten *flatten, LayerFunc each, GError **error)
{
    for (unsigned i = 1; i <= flatten->layers->len; i++) {
        if (!read_layer(flatten, i, each, error))
            return FALSE;
    }
    return TRUE;
}

static gboolean lay_over(Flatten *flatten, unsigned layer, ArchiveReader *reader, GError **error)
{
    (void)layer;
    return flat_tree_apply(flatten->tree, reader, error);
}

/* Writing */

static gboolean write_header(Flatten *flatten, const ArchiveEntry *entry, GError **error)
{
    ArchiveEntry written = *entry;
    written.mtime = MAX(entry->mtime, 0);
    if (entry->xattrs_left_out)
        return error_set(error, ERROR_INPUT, SPAN_NONE,
                         "the entry %s has more extended attributes than fit into a header",
                         entry->path);
    return tar_output_header(flatten->out, &written, error);
}

static gboolean write_folders(Flatten *flatten, const FlatNode *folder, GError **error)
{
    g_autoptr(GPtrArray) names = sorted_keys(folder->children);
    for (guint i = 0; i < names->len; i++) {
        const FlatNode *child = g_hash_table_lookup(folder->children, names->pdata[i]);
        if (!child->children)
            continue;
        g_autofree char *path = flat_node_path(child);
        ArchiveEntry entry = child->attributes;
        entry.path = path;
        if (!write_header(flatten, &entry, error) || !write_folders(flatten, child, error))
            return FALSE;
    }
    return TRUE;
}

static gboolean copy_content(Flatten *flatten, ArchiveReader *reader, guint64 size, GError **error)
{
    for (guint64 left = size; left > 0;) {
        gssize n = archive_reader_read(reader, flatten->buffer, COPY_BYTES, error);
        if (n < 0)
            return FALSE;
        if (n == 0 || (guint64)n > left)
            return error_set(error, ERROR_INPUT, SPAN_NONE,
                             "an entry has another size than it says");
        if (!tar_output_write(flatten->out, flatten->buffer, (size_t)n, error))
            return FALSE;
        left -= (guint64)n;
    }
    return tar_output_pad(flatten->out, size, error);
}

/* All names that are left of the content, the first with the content itself. */
static gboolean write_names(Flatten *flatten, ArchiveReader *reader, const ArchiveEntry *entry,
                            const FlatContent *content, GError **error)
{
    g_autofree char *first = NULL;
    ArchiveEntry written = *entry;
    for (guint i = 0; i < content->names->len; i++) {
        const FlatNode *node = content->names->pdata[i];
        if (node->gone)
            continue;
        g_autofree char *path = flat_node_path(node);
        written.path = path;
        if (first) {
            written.kind = ENTRY_HARDLINK;
            written.target = first;
        }
        if (!write_header(flatten, &written, error))
            return FALSE;
        if (!first && entry->kind == ENTRY_FILE &&
            !copy_content(flatten, reader, entry->size, error))
            return FALSE;
        first = first ? first : g_steal_pointer(&path);
    }
    return TRUE;
}

static gboolean write_layer(Flatten *flatten, unsigned layer, ArchiveReader *reader, GError **error)
{
    const GPtrArray *contents = flat_tree_contents(flatten->tree, layer);
    const ArchiveEntry *entry;
    guint at = 0;
    for (guint64 number = 0; at < contents->len; number++) {
        const FlatContent *content = contents->pdata[at];
        if (!archive_reader_next(reader, &entry, error))
            return FALSE;
        if (!entry)
            return error_set(error, ERROR_FAILED, SPAN_NONE, "it changed while it was read");
        if (number != content->number)
            continue;
        at++;
        if (entry->kind != content->kind)
            return error_set(error, ERROR_FAILED, SPAN_NONE, "it changed while it was read");
        if (entry->kind != ENTRY_DEVICE && !write_names(flatten, reader, entry, content, error))
            return FALSE;
    }
    return TRUE;
}

static gboolean write_image(TarOutput *out, void *data, GError **error)
{
    Flatten *flatten = data;
    flatten->out = out;
    return write_folders(flatten, flat_tree_top(flatten->tree), error) &&
           read_layers(flatten, write_layer, error);
}

gboolean image_flatten(const GPtrArray *layers, const char *path, GError **error)
{
    g_autoptr(FlatTree) tree = flat_tree_new();
    g_autofree char *buffer = g_malloc(COPY_BYTES);
    Flatten flatten = {layers, tree, buffer, NULL};
    return read_layers(&flatten, lay_over, error) &&
           tar_output_make(path, write_image, &flatten, error);
}
