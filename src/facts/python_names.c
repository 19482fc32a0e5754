/* Names of one tree, each kept once; keywords are names that lie there from the start. */
#include "facts/python_private.h"

static const struct {
    const char *text;
    TokenKind kind;
} keywords[] = {
    {"and", TOKEN_AND},
    {"as", TOKEN_AS},
    {"assert", TOKEN_ASSERT},
    {"async", TOKEN_ASYNC},
    {"await", TOKEN_AWAIT},
    {"break", TOKEN_BREAK},
    {"class", TOKEN_CLASS},
    {"def", TOKEN_DEF},
    {"continue", TOKEN_CONTINUE},
    {"del", TOKEN_DEL},
    {"elif", TOKEN_ELIF},
    {"else", TOKEN_ELSE},
    {"except", TOKEN_EXCEPT},
    {"False", TOKEN_FALSE},
    {"finally", TOKEN_FINALLY},
    {"for", TOKEN_FOR},
    {"from", TOKEN_FROM},
    {"global", TOKEN_GLOBAL},
    {"if", TOKEN_IF},
    {"import", TOKEN_IMPORT},
    {"in", TOKEN_IN},
    {"is", TOKEN_IS},
    {"lambda", TOKEN_LAMBDA},
    {"None", TOKEN_NONE},
    {"nonlocal", TOKEN_NONLOCAL},
    {"not", TOKEN_NOT},
    {"or", TOKEN_OR},
    {"pass", TOKEN_PASS},
    {"raise", TOKEN_RAISE},
    {"return", TOKEN_RETURN},
    {"True", TOKEN_TRUE},
    {"try", TOKEN_TRY},
    {"while", TOKEN_WHILE},
    {"with", TOKEN_WITH},
    {"yield", TOKEN_YIELD},
};

/* Eight bytes at a time. The seed keeps sources from being made of names that collide. */
static guint32 hash_text(const PyParser *p, const char *text, size_t length)
{
    guint64 hash = p->name_seed + length;
    while (length >= 8) {
        guint64 word;
        memcpy(&word, text, 8);
        hash = (hash ^ word) * G_GUINT64_CONSTANT(0x9E3779B97F4A7C15);
        hash ^= hash >> 32;
        text += 8, length -= 8;
    }
    guint64 word = 0;
    for (size_t i = 0; i < length; i++)
        word |= (guint64)(guchar)text[i] << (8 * i);
    hash = (hash ^ word) * G_GUINT64_CONSTANT(0x9E3779B97F4A7C15);
    return (guint32)(hash >> 32);
}

static PyNameSlot *slot_find(PyParser *p, const char *text, size_t length, guint32 hash)
{
    for (unsigned i = hash & p->name_mask;; i = (i + 1) & p->name_mask) {
        PyNameSlot *slot = &p->names[i];
        if (!slot->text ||
            (slot->hash == hash && slot->length == length && memcmp(slot->text, text, length) == 0))
            return slot;
    }
}

static void names_grow(PyParser *p)
{
    PyNameSlot *old = p->names;
    unsigned count = p->name_mask + 1;
    p->name_mask = count * 2 - 1;
    p->names = g_new0(PyNameSlot, (size_t)count * 2);
    for (unsigned i = 0; i < count; i++)
        if (old[i].text)
            *slot_find(p, old[i].text, old[i].length, old[i].hash) = old[i];
    g_free(old);
}

static PyNameSlot *slot_fill(PyParser *p, PyNameSlot *slot, const char *text, size_t length,
                             guint32 hash, TokenKind kind)
{
    *slot = (PyNameSlot){.hash = hash, .length = (guint32)length, .kind = kind, .text = text};
    if (++p->name_count * 2 <= p->name_mask)
        return slot;
    names_grow(p);
    return slot_find(p, text, length, hash);
}

const PyNameSlot *py_name_slot(PyParser *p, const char *text, size_t length)
{
    guint32 hash = hash_text(p, text, length);
    PyNameSlot *slot = slot_find(p, text, length, hash);
    if (slot->text)
        return slot;
    char *copy = py_arena_take(p->tree->names, length + 1);
    memcpy(copy, text, length);
    return slot_fill(p, slot, copy, length, hash, TOKEN_NAME);
}

const char *py_intern(PyParser *p, const char *text, size_t length)
{
    return py_name_slot(p, text, length)->text;
}

void py_names_init(PyParser *p, size_t source_length)
{
    p->name_seed = (guint64)(guintptr)p * G_GUINT64_CONSTANT(0x9E3779B97F4A7C15);
    unsigned count = 256;
    while (count < source_length / 64 && count < 65536)
        count *= 2;
    p->names = g_new0(PyNameSlot, count);
    p->name_mask = count - 1;
    for (size_t i = 0; i < G_N_ELEMENTS(keywords); i++) {
        const char *text = keywords[i].text;
        guint32 hash = hash_text(p, text, strlen(text));
        slot_fill(p, slot_find(p, text, strlen(text), hash), text, strlen(text), hash,
                  keywords[i].kind);
    }
    p->name_match = py_intern(p, "match", 5);
    p->name_case = py_intern(p, "case", 4);
    p->name_type = py_intern(p, "type", 4);
    p->name_underscore = py_intern(p, "_", 1);
    p->name_debug = py_intern(p, "__debug__", 9);
    p->name_setattr = py_intern(p, "setattr", 7);
}
