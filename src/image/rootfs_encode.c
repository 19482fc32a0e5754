#include "image/rootfs_private.h"

#include "base/limits.h"
#include "base/sorted.h"

/* The form: MAGIC, the number of contents and the length of each, the nodes from the root down
 * (each with its children behind it, sorted), then the contents. Numbers are unsigned and little
 * endian in groups of seven bits, the last without the top bit.
 *
 *     node = kind, name, mode, uid, gid, rest
 *     rest = size, content (0: not held; else its place in the table, from 1)   of a file
 *          | target                                                             of a link
 *          | number of children, child …                                        of a folder
 *     name, target = length, bytes
 */
static const char MAGIC[8] = "RMKtree1";

enum {
    /* Every part of a path takes two bytes of it. */
    DEPTH = LIMIT_PATH_BYTES / 2 + 1,
    NODE_BYTES = 6, /* at least */
};

typedef struct {
    GByteArray *nodes;
    GPtrArray *contents; /* GBytes, borrowed */
    GHashTable *places;  /* of GBytes in `contents`, from 1 */
} Encoder;

static void put_number(GByteArray *out, guint64 number)
{
    guint8 bytes[10];
    guint length = 0;
    for (; number >= 0x80; number >>= 7)
        bytes[length++] = (guint8)(number | 0x80);
    bytes[length++] = (guint8)number;
    g_byte_array_append(out, bytes, length);
}

static void put_text(GByteArray *out, const char *text)
{
    size_t length = strlen(text);
    put_number(out, length);
    g_byte_array_append(out, (const guint8 *)text, (guint)length);
}

/* Contents that hard links share are there once. */
static guint content_place(Encoder *encoder, GBytes *content)
{
    if (!content)
        return 0;
    guint place = GPOINTER_TO_UINT(g_hash_table_lookup(encoder->places, content));
    if (place > 0)
        return place;
    g_ptr_array_add(encoder->contents, content);
    g_hash_table_insert(encoder->places, content, GUINT_TO_POINTER(encoder->contents->len));
    return encoder->contents->len;
}

static void encode_node(Encoder *encoder, const Node *node);

static void encode_children(Encoder *encoder, const Node *folder)
{
    g_autoptr(GPtrArray) names = sorted_keys(folder->children);
    put_number(encoder->nodes, names->len);
    for (guint i = 0; i < names->len; i++)
        encode_node(encoder, g_hash_table_lookup(folder->children, names->pdata[i]));
}

static void encode_node(Encoder *encoder, const Node *node)
{
    GByteArray *out = encoder->nodes;
    put_number(out, node->kind);
    put_text(out, node->name);
    put_number(out, node->attributes.mode);
    put_number(out, node->attributes.uid);
    put_number(out, node->attributes.gid);
    if (node->kind == PATH_FILE) {
        put_number(out, node->size);
        put_number(out, content_place(encoder, node->content));
    } else if (node->kind == PATH_LINK) {
        put_text(out, node->target);
    } else if (node->kind == PATH_FOLDER) {
        encode_children(encoder, node);
    }
}

static GBytes *join(const Encoder *encoder)
{
    GByteArray *out = g_byte_array_new();
    g_byte_array_append(out, (const guint8 *)MAGIC, sizeof MAGIC);
    put_number(out, encoder->contents->len);
    for (guint i = 0; i < encoder->contents->len; i++)
        put_number(out, g_bytes_get_size(encoder->contents->pdata[i]));
    g_byte_array_append(out, encoder->nodes->data, encoder->nodes->len);
    for (guint i = 0; i < encoder->contents->len; i++) {
        gsize length;
        const guint8 *bytes = g_bytes_get_data(encoder->contents->pdata[i], &length);
        g_byte_array_append(out, bytes, (guint)length);
    }
    return g_byte_array_free_to_bytes(out);
}

GBytes *image_root_encode(const ImageRoot *root)
{
    g_return_val_if_fail(root->top, NULL);
    g_autoptr(GByteArray) nodes = g_byte_array_new();
    g_autoptr(GPtrArray) contents = g_ptr_array_new();
    g_autoptr(GHashTable) places = g_hash_table_new(NULL, NULL);
    Encoder encoder = {nodes, contents, places};
    encode_node(&encoder, root->top);
    return join(&encoder);
}

/* What is left of the bytes, without the contents. A decoder that has met something wrong is
 * `broken` and yields zeros. */
typedef struct {
    const guint8 *at, *end;
    bool broken;
    GPtrArray *contents; /* GBytes */
    guint64 entries;
} Decoder;

static guint64 take_number(Decoder *decoder, guint64 most)
{
    guint64 number = 0;
    for (unsigned shift = 0; shift < 64 && decoder->at < decoder->end; shift += 7) {
        guint8 byte = *decoder->at++;
        if (shift == 63 && byte > 1)
            break;
        number |= (guint64)(byte & 0x7f) << shift;
        if (byte >= 0x80)
            continue;
        if (number > most)
            break;
        return number;
    }
    decoder->broken = true;
    return 0;
}

/* NULL when it is broken. */
static char *take_text(Decoder *decoder)
{
    size_t length = (size_t)take_number(decoder, LIMIT_PATH_BYTES);
    if (decoder->broken || length > (size_t)(decoder->end - decoder->at) ||
        memchr(decoder->at, '\0', length)) {
        decoder->broken = true;
        return NULL;
    }
    const char *text = (const char *)decoder->at;
    decoder->at += length;
    return g_strndup(text, length);
}

static bool is_file_name(const char *name)
{
    return *name && !strchr(name, '/') && !g_str_equal(name, ".") && !g_str_equal(name, "..");
}

static Node *decode_node(Decoder *decoder, unsigned depth);

static void decode_children(Decoder *decoder, Node *folder, unsigned depth)
{
    guint64 count = take_number(decoder, (guint64)(decoder->end - decoder->at) / NODE_BYTES);
    const char *last = "";
    if (depth == DEPTH)
        decoder->broken = decoder->broken || count > 0;
    for (guint64 i = 0; i < count && !decoder->broken; i++) {
        Node *child = decode_node(decoder, depth + 1);
        if (!child)
            return;
        /* sorted, hence each name once */
        if (!is_file_name(child->name) || strcmp(child->name, last) <= 0)
            decoder->broken = true;
        node_put(folder, child);
        last = child->name;
    }
}

static void decode_file(Decoder *decoder, Node *file)
{
    file->size = take_number(decoder, LIMIT_LAYER_BYTES);
    guint place = (guint)take_number(decoder, decoder->contents->len);
    if (place == 0)
        return;
    GBytes *content = decoder->contents->pdata[place - 1];
    file->content = g_bytes_ref(content);
    if (g_bytes_get_size(content) != file->size)
        decoder->broken = true;
}

static Node *decode_node(Decoder *decoder, unsigned depth)
{
    PathKind kind = (PathKind)take_number(decoder, PATH_OTHER);
    char *name = take_text(decoder);
    if (!name || kind == PATH_NONE || ++decoder->entries > LIMIT_IMAGE_ENTRIES) {
        g_free(name);
        decoder->broken = true;
        return NULL;
    }
    Node *node = node_new(name, kind, 0);
    node->attributes.mode = (unsigned)take_number(decoder, 07777);
    node->attributes.uid = take_number(decoder, G_MAXUINT64);
    node->attributes.gid = take_number(decoder, G_MAXUINT64);
    if (kind == PATH_FILE)
        decode_file(decoder, node);
    else if (kind == PATH_LINK)
        node->target = take_text(decoder);
    else if (kind == PATH_FOLDER)
        decode_children(decoder, node, depth);
    if (!decoder->broken)
        return node;
    node_free(node);
    return NULL;
}

/* The table of lengths, and the contents at the end that it speaks of. */
static void take_contents(Decoder *decoder, GBytes *bytes)
{
    guint64 count = take_number(decoder, (guint64)(decoder->end - decoder->at));
    g_autoptr(GArray) lengths = g_array_new(FALSE, FALSE, sizeof(guint64));
    guint64 sum = 0;
    for (guint64 i = 0; i < count && !decoder->broken; i++) {
        guint64 length = take_number(decoder, (guint64)(decoder->end - decoder->at));
        g_array_append_val(lengths, length);
        sum += length;
    }
    if (decoder->broken || sum > (guint64)(decoder->end - decoder->at)) {
        decoder->broken = true;
        return;
    }
    decoder->end -= sum;
    const guint8 *start = g_bytes_get_data(bytes, NULL);
    size_t offset = (size_t)(decoder->end - start);
    for (guint i = 0; i < lengths->len; i++) {
        size_t length = (size_t)g_array_index(lengths, guint64, i);
        g_ptr_array_add(decoder->contents, g_bytes_new_from_bytes(bytes, offset, length));
        offset += length;
    }
}

ImageRoot *image_root_decode(GBytes *bytes)
{
    gsize length;
    const guint8 *start = g_bytes_get_data(bytes, &length);
    if (length < sizeof MAGIC || memcmp(start, MAGIC, sizeof MAGIC) != 0)
        return NULL;
    g_autoptr(GPtrArray) contents = g_ptr_array_new_with_free_func((GDestroyNotify)g_bytes_unref);
    Decoder decoder = {start + sizeof MAGIC, start + length, false, contents, 0};
    take_contents(&decoder, bytes);
    Node *top = decoder.broken ? NULL : decode_node(&decoder, 0);
    if (!top)
        return NULL;
    if (top->kind != PATH_FOLDER || *top->name || decoder.at != decoder.end) {
        node_free(top);
        return NULL;
    }
    ImageRoot *root = image_root_new_image(NULL);
    node_free(root->top);
    root->top = top;
    root->entries = decoder.entries;
    root->kept_bytes = length;
    return root;
}
