#include "text/decode.h"

#include "base/names.h"

enum {
    MISTAKES_KEPT = 200, /* a hostile file must not fill the memory with reports */
    KEYS_MAX = 128,      /* of one shape with its `more` */
};

void text_free(void *data)
{
    Text *text = data;
    if (text)
        g_free(text->text);
    g_free(text);
}

void pair_free(void *data)
{
    Pair *pair = data;
    if (pair) {
        g_free(pair->key);
        g_free(pair->value);
    }
    g_free(pair);
}

static GError *report(Decoder *decoder, const Node *node, bool warning, const char *format,
                      va_list args)
{
    unsigned kept = diags_errors(decoder->diags) + diags_warnings(decoder->diags);
    if (kept >= MISTAKES_KEPT)
        return NULL;
    g_autofree char *message = g_strdup_vprintf(format, args);
    GError *error = warning ? diags_warning(decoder->diags, node->at, "%s", message)
                            : diags_error(decoder->diags, node->at, "%s", message);
    bool new = diags_errors(decoder->diags) + diags_warnings(decoder->diags) > kept;
    if (!new)
        return NULL;
    if (span_is_set(node->origin))
        error_add_note(error, node->origin, "written here");
    return error;
}

GError *decoder_error(Decoder *decoder, const Node *node, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    GError *error = report(decoder, node, false, format, args);
    va_end(args);
    return error;
}

GError *decoder_warning(Decoder *decoder, const Node *node, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    GError *error = report(decoder, node, true, format, args);
    va_end(args);
    return error;
}

bool decoder_mismatch(Decoder *decoder, const Field *field, const Node *node, const char *wanted)
{
    decoder_error(decoder, node, "'%s' is %s, not %s", field->key, wanted, node_describe(node));
    return false;
}

const Node *decoder_expand(Decoder *decoder, const Node *node)
{
    return decoder->expand && !node->expanded ? decoder->expand(decoder, node) : node;
}

static const Node *expand_map(Decoder *decoder, const Node *node)
{
    g_autoptr(GArray) pairs = g_array_new(FALSE, FALSE, sizeof(NodePair));
    for (unsigned i = 0; i < node->count; i++) {
        NodePair pair = node->pairs[i];
        pair.value = decoder_expand_all(decoder, pair.value);
        g_array_append_val(pairs, pair);
    }
    return node_new_map(decoder->arena, node->at, pairs);
}

const Node *decoder_expand_all(Decoder *decoder, const Node *node)
{
    node = decoder_expand(decoder, node);
    if (node->kind == NODE_SCALAR || node->expanded)
        return node;
    if (node->kind == NODE_MAP)
        return expand_map(decoder, node);
    g_autoptr(GPtrArray) items = g_ptr_array_new();
    for (unsigned i = 0; i < node->count; i++)
        g_ptr_array_add(items, (void *)decoder_expand_all(decoder, node->items[i]));
    return node_new_list(decoder->arena, node->at, items);
}

const char *decoder_text(Decoder *decoder, const Field *field, const Node *node)
{
    if (!(field->flags & FIELD_VERBATIM))
        node = decoder_expand(decoder, node);
    if (node->broken)
        return NULL;
    if (node->kind != NODE_SCALAR) {
        decoder_mismatch(decoder, field, node, "a text");
        return NULL;
    }
    if (node->text[0] == '\0' && !(field->flags & FIELD_EMPTY_OK)) {
        decoder_error(decoder, node, "'%s' is empty", field->key);
        return NULL;
    }
    return node->text;
}

bool decoder_each_item(Decoder *decoder, const Field *field, const Node *node, ItemDecoder each,
                       void *data)
{
    if (node->kind != NODE_LIST)
        return each(decoder, field, node, data);
    bool ok = true;
    for (unsigned i = 0; i < node->count; i++) {
        const Node *item = node->items[i];
        if (node_is_absent(item)) {
            decoder_error(decoder, item, "an item of '%s' has no value", field->key);
            ok = false;
        } else {
            ok &= each(decoder, field, item, data);
        }
    }
    return ok;
}

/* All keys of the shape and what follows it in the same map. */
static size_t collect_keys(const Shape *shape, const char **keys)
{
    size_t count = 0;
    for (; shape; shape = shape->more)
        for (size_t i = 0; i < shape->count && count < KEYS_MAX; i++)
            keys[count++] = shape->fields[i].key;
    return count;
}

static const char *find_hint(const Shape *shape, const char *key)
{
    for (; shape; shape = shape->more)
        for (const KeyHint *hint = shape->hints; hint && hint->key; hint++)
            if (g_ascii_strcasecmp(hint->key, key) == 0)
                return hint->hint;
    return NULL;
}

static void report_unknown(Decoder *decoder, const Shape *shape, const Node *key)
{
    GError *error = decoder_error(decoder, key, "unknown key '%s' in %s", key->text, shape->title);
    const char *hint = find_hint(shape, key->text);
    if (hint) {
        error_set_hint(error, "%s", hint);
        return;
    }
    const char *keys[KEYS_MAX];
    size_t count = collect_keys(shape, keys);
    /* --no-deps and no-deps are no_deps */
    g_autofree char *spelled = g_ascii_strdown(key->text, -1);
    g_strdelimit(spelled, "-", '_');
    const char *bare = spelled + strspn(spelled, "_");
    decoder_suggest(error, bare, keys, count);
}

void decoder_suggest(GError *error, const char *text, const char *const *names, size_t count)
{
    const char *nearest = strlen(text) > 1 ? names_nearest(text, names, count) : NULL;
    if (nearest)
        error_set_hint(error, "did you mean '%s'?", nearest);
}

static const Field *find_field(const Shape *shape, void *target, const char *key, void **ret_target)
{
    for (; shape; shape = shape->more) {
        for (size_t i = 0; i < shape->count; i++) {
            if (!g_str_equal(shape->fields[i].key, key))
                continue;
            *ret_target = target;
            return &shape->fields[i];
        }
        if (shape->more)
            target = *(void **)((char *)target + shape->more_offset);
    }
    return NULL;
}

static bool decode_field(Decoder *decoder, const Field *field, const Node *node, void *target)
{
    if (node_is_absent(node)) {
        if (field->flags & FIELD_EMPTY_OK)
            return true;
        decoder_error(decoder, node, "'%s' has no value", field->key);
        return false;
    }
    if (!(field->flags & FIELD_VERBATIM))
        node = decoder_expand(decoder, node);
    if (node->broken)
        return false;
    void *slot = field->flags & FIELD_NO_SLOT ? NULL : (char *)target + field->offset;
    return field->type->decode(decoder, field, node, slot);
}

static bool check_required(Decoder *decoder, const Shape *shape, const Node *node)
{
    bool ok = true;
    for (const Shape *part = shape; part; part = part->more)
        for (size_t i = 0; i < part->count; i++) {
            const Field *field = &part->fields[i];
            if (!(field->flags & FIELD_REQUIRED) || node_find(node, field->key))
                continue;
            decoder_error(decoder, node, "%s needs the key '%s'", shape->title, field->key);
            ok = false;
        }
    return ok;
}

static bool decode_map(Decoder *decoder, const Shape *shape, const Node *node, void *target)
{
    bool ok = true;
    for (unsigned i = 0; i < node->count; i++) {
        const NodePair *pair = &node->pairs[i];
        void *owner = NULL;
        const Field *field = find_field(shape, target, pair->key->text, &owner);
        if (field)
            ok &= decode_field(decoder, field, pair->value, owner);
        else
            report_unknown(decoder, shape, pair->key), ok = false;
    }
    return check_required(decoder, shape, node) && ok;
}

/* A list or a scalar where the map could be: the shape's main key. */
static bool decode_short(Decoder *decoder, const Shape *shape, const Node *node, void *target)
{
    if (!shape->short_key) {
        decoder_error(decoder, node, "%s needs a map of keys, not %s", shape->title,
                      node_describe(node));
        return false;
    }
    void *owner = NULL;
    const Field *field = find_field(shape, target, shape->short_key, &owner);
    return decode_field(decoder, field, node, owner);
}

/* Before anything is read: defaults, and the structs that `more` keys go to. */
static void start_shape(const Shape *shape, void *target)
{
    for (; shape; shape = shape->more) {
        for (size_t i = 0; i < shape->count; i++)
            if (shape->fields[i].flags & FIELD_DEFAULT_ON)
                *(bool *)((char *)target + shape->fields[i].offset) = true;
        if (shape->start)
            shape->start(target);
        if (!shape->more)
            break;
        void **slot = (void **)((char *)target + shape->more_offset);
        *slot = g_malloc0(shape->more->size);
        target = *slot;
    }
}

/* An absent FIELD_LIST, and one whose key could not be read, is an empty array. */
static void fill_lists(const Shape *shape, void *target)
{
    for (; shape; shape = shape->more) {
        for (size_t i = 0; i < shape->count; i++) {
            GPtrArray **slot = (GPtrArray **)((char *)target + shape->fields[i].offset);
            if ((shape->fields[i].flags & FIELD_LIST) && !*slot)
                *slot = g_ptr_array_new();
        }
        if (shape->more)
            target = *(void **)((char *)target + shape->more_offset);
    }
}

static void finish_shape(Decoder *decoder, const Shape *shape, const Node *node, void *target)
{
    for (; shape; shape = shape->more) {
        if (shape->finish)
            shape->finish(decoder, node, target);
        if (shape->more)
            target = *(void **)((char *)target + shape->more_offset);
    }
}

bool shape_decode(Decoder *decoder, const Shape *shape, const Node *node, void *target)
{
    start_shape(shape, target);
    if (shape->at_offset)
        *(Span *)((char *)target + shape->at_offset) = node->at;
    unsigned before = diags_errors(decoder->diags);
    bool ok = node->kind == NODE_MAP ? decode_map(decoder, shape, node, target)
                                     : decode_short(decoder, shape, node, target);
    fill_lists(shape, target);
    if (ok)
        finish_shape(decoder, shape, node, target);
    return ok && diags_errors(decoder->diags) == before;
}

void shape_clear(const Shape *shape, void *target)
{
    for (size_t i = 0; i < shape->count; i++) {
        const Field *field = &shape->fields[i];
        if (!(field->flags & FIELD_NO_SLOT) && field->type->clear)
            field->type->clear(field, (char *)target + field->offset);
    }
    if (!shape->more)
        return;
    void **slot = (void **)((char *)target + shape->more_offset);
    shape_free(shape->more, *slot);
    *slot = NULL;
}

void *shape_decode_new(Decoder *decoder, const Shape *shape, const Node *node)
{
    void *target = g_malloc0(shape->size);
    shape_decode(decoder, shape, node, target);
    return target;
}

void shape_free(const Shape *shape, void *target)
{
    if (!target)
        return;
    shape_clear(shape, target);
    g_free(target);
}
