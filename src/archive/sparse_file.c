#include "archive/sparse_file.h"

#include <string.h>

/* Native byte order: a cache belongs to one machine, and bytes of another order have no magic. */
typedef struct {
    char magic[8];
    guint64 size;
    guint64 count;
} Header;

/* In the table behind the header; contents follow it in the same order, without gaps. */
typedef struct {
    guint64 offset, length;
    guint64 place; /* of the content in the bytes */
} Part;

static const char MAGIC[8] = "RMKpart1";

struct SparseFile {
    GBytes *bytes;
    guint64 size;
    Part *parts; /* by offset */
    size_t count;
};

typedef struct {
    guint64 offset;
    GBytes *bytes;
} Piece;

struct SparseBuilder {
    guint64 size;
    GArray *pieces; /* Piece */
};

static void clear_piece(void *data)
{
    g_bytes_unref(((Piece *)data)->bytes);
}

SparseBuilder *sparse_builder_new(guint64 size)
{
    SparseBuilder *builder = g_new(SparseBuilder, 1);
    builder->size = size;
    builder->pieces = g_array_new(FALSE, FALSE, sizeof(Piece));
    g_array_set_clear_func(builder->pieces, clear_piece);
    return builder;
}

void sparse_builder_free(SparseBuilder *builder)
{
    if (!builder)
        return;
    g_array_unref(builder->pieces);
    g_free(builder);
}

void sparse_builder_add(SparseBuilder *builder, guint64 offset, GBytes *bytes)
{
    gsize length = g_bytes_get_size(bytes);
    if (offset >= builder->size || length == 0)
        return;
    length = (gsize)MIN(length, builder->size - offset);
    Piece piece = {offset, g_bytes_new_from_bytes(bytes, 0, length)};
    g_array_append_val(builder->pieces, piece);
}

static int compare_pieces(const void *a, const void *b)
{
    guint64 left = ((const Piece *)a)->offset, right = ((const Piece *)b)->offset;
    if (left != right)
        return left > right ? 1 : -1;
    gsize one = g_bytes_get_size(((const Piece *)a)->bytes);
    gsize other = g_bytes_get_size(((const Piece *)b)->bytes);
    return (one < other) - (one > other);
}

/* What an earlier piece holds as well is left out. `pieces` are in order. */
static void drop_repeated(GArray *pieces)
{
    guint kept = 0;
    guint64 end = 0;
    for (guint i = 0; i < pieces->len; i++) {
        Piece *piece = &g_array_index(pieces, Piece, i);
        guint64 last = piece->offset + g_bytes_get_size(piece->bytes);
        if (i > 0 && last <= end) {
            g_clear_pointer(&piece->bytes, g_bytes_unref);
            continue;
        }
        end = last;
        Piece moved = *piece;
        piece->bytes = NULL;
        g_array_index(pieces, Piece, kept++) = moved;
    }
    g_array_set_size(pieces, kept);
}

/* The table: pieces of which one begins where the other ends are one part. */
static GArray *join_pieces(const GArray *pieces)
{
    GArray *parts = g_array_new(FALSE, TRUE, sizeof(Part));
    Part *last = NULL;
    for (guint i = 0; i < pieces->len; i++) {
        const Piece *piece = &g_array_index(pieces, Piece, i);
        gsize length = g_bytes_get_size(piece->bytes);
        if (last && last->offset + last->length == piece->offset) {
            last->length += length;
            continue;
        }
        Part part = {.offset = piece->offset, .length = length};
        g_array_append_val(parts, part);
        last = &g_array_index(parts, Part, parts->len - 1);
    }
    return parts;
}

static void set_places(GArray *parts)
{
    guint64 place = sizeof(Header) + parts->len * sizeof(Part);
    for (guint i = 0; i < parts->len; i++) {
        Part *part = &g_array_index(parts, Part, i);
        part->place = place;
        place += part->length;
    }
}

GBytes *sparse_builder_encode(SparseBuilder *builder)
{
    g_array_sort(builder->pieces, compare_pieces);
    drop_repeated(builder->pieces);
    g_autoptr(GArray) parts = join_pieces(builder->pieces);
    Header header = {.size = builder->size, .count = parts->len};
    set_places(parts);
    memcpy(header.magic, MAGIC, sizeof MAGIC);
    GByteArray *out = g_byte_array_new();
    g_byte_array_append(out, (const guint8 *)&header, sizeof header);
    g_byte_array_append(out, (const guint8 *)parts->data, (guint)(parts->len * sizeof(Part)));
    for (guint i = 0; i < builder->pieces->len; i++) {
        gsize length;
        const void *data =
            g_bytes_get_data(g_array_index(builder->pieces, Piece, i).bytes, &length);
        g_byte_array_append(out, data, (guint)length);
    }
    return g_byte_array_free_to_bytes(out);
}

/* Inside the file, behind the part before, and its content where it should be. */
static bool part_is_sound(const SparseFile *file, size_t index, gsize length)
{
    const Part *part = &file->parts[index], *before = index > 0 ? part - 1 : NULL;
    guint64 place = before ? before->place + before->length
                           : sizeof(Header) + (guint64)file->count * sizeof(Part);
    return part->place == place && place <= length && part->length <= length - place &&
           part->offset <= file->size && part->length <= file->size - part->offset &&
           (!before || part->offset >= before->offset);
}

SparseFile *sparse_file_decode(GBytes *bytes)
{
    Header header;
    gsize length;
    const char *data = g_bytes_get_data(bytes, &length);
    if (length < sizeof header)
        return NULL;
    memcpy(&header, data, sizeof header);
    if (memcmp(header.magic, MAGIC, sizeof MAGIC) != 0 ||
        header.count > (length - sizeof header) / sizeof(Part))
        return NULL;
    g_autoptr(SparseFile) file = g_new0(SparseFile, 1);
    file->bytes = g_bytes_ref(bytes);
    file->size = header.size;
    file->count = (size_t)header.count;
    file->parts = g_new(Part, file->count);
    if (file->count > 0)
        memcpy(file->parts, data + sizeof header, file->count * sizeof(Part));
    for (size_t i = 0; i < file->count; i++) {
        if (!part_is_sound(file, i, length))
            return NULL;
    }
    return g_steal_pointer(&file);
}

void sparse_file_free(SparseFile *file)
{
    if (!file)
        return;
    g_bytes_unref(file->bytes);
    g_free(file->parts);
    g_free(file);
}

guint64 sparse_file_size(const SparseFile *file)
{
    return file->size;
}

/* The last part that begins at or before `offset`, or NULL. */
static const Part *find_part(const SparseFile *file, guint64 offset)
{
    size_t low = 0, high = file->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (file->parts[middle].offset <= offset)
            low = middle + 1;
        else
            high = middle;
    }
    return low > 0 ? &file->parts[low - 1] : NULL;
}

GBytes *sparse_file_read(const SparseFile *file, guint64 offset, size_t length)
{
    const Part *part = find_part(file, offset);
    guint64 skip = part ? offset - part->offset : 0;
    if (!part || skip > part->length || length > part->length - skip)
        return NULL;
    return g_bytes_new_from_bytes(file->bytes, (gsize)(part->place + skip), length);
}

void sparse_file_copy(const SparseFile *file, SparseBuilder *builder)
{
    for (size_t i = 0; i < file->count; i++) {
        const Part *part = &file->parts[i];
        g_autoptr(GBytes) bytes =
            g_bytes_new_from_bytes(file->bytes, (gsize)part->place, (gsize)part->length);
        sparse_builder_add(builder, part->offset, bytes);
    }
}
