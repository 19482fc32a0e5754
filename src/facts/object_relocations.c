/* Which undefined symbols the dynamic loader looks up: those that a relocation names. Linkers leave
 * others in the table, which nobody misses. */
#include "base/limits.h"
#include "facts/object_layout.h"

enum {
    HEAD_BYTES = 64 * 1024,
};

typedef struct {
    guint64 offset, count; /* Elf64_Rela */
} RelocationTable;

static bool want_relocations(ObjectLayout *layout, guint64 address, guint64 size,
                             RelocationTable *ret_table)
{
    guint64 left;
    *ret_table = (RelocationTable){0, size / sizeof(Elf64_Rela)};
    return !address || size == 0 ||
           (object_layout_place(layout, address, &ret_table->offset, &left) && size <= left &&
            object_bytes_want(layout->bytes, ret_table->offset, size));
}

/* Symbols by number: the place of the first relocation that names it, from 1; 0: there is none. */
static void mark_symbols(const ObjectLayout *layout, const RelocationTable *table, GArray *used,
                         guint *place)
{
    for (guint64 i = 0; table->offset && i < table->count; i++) {
        Elf64_Rela entry;
        object_layout_copy(layout, table->offset + i * sizeof entry, &entry, sizeof entry);
        guint number = (guint)ELF64_R_SYM(entry.r_info);
        if (number == 0 || number >= LIMIT_OBJECT_SYMBOLS)
            continue;
        if (number >= used->len)
            g_array_set_size(used, number + 1);
        guint *first = &g_array_index(used, guint, number);
        if (*first == 0)
            *first = ++*place;
    }
}

/* The symbols that are marked, and the names of all. */
static bool bring_names(ObjectLayout *layout, const GArray *used, guint64 *ret_symbols,
                        const char **ret_names, GError **error)
{
    const ObjectDynamic *d = &layout->dynamic;
    guint64 names, left, length = used->len * sizeof(Elf64_Sym);
    if (used->len == 0)
        return true;
    if (!object_layout_place(layout, d->symbols, ret_symbols, &left) || length > left ||
        !object_bytes_want(layout->bytes, *ret_symbols, length) || d->strings_size == 0 ||
        !object_layout_place(layout, d->strings, &names, &left) || d->strings_size > left ||
        !object_bytes_want(layout->bytes, names, d->strings_size))
        return object_damaged(error, "its symbols");
    if (!object_bytes_collect(layout->bytes, error))
        return false;
    *ret_names = (const char *)object_bytes_at(layout->bytes, names, d->strings_size);
    return (*ret_names)[d->strings_size - 1] == '\0' ||
           object_damaged(error, "its names have no end");
}

static GHashTable *collect_names(ObjectLayout *layout, const GArray *used, GError **error)
{
    guint64 symbols = 0;
    const char *names = NULL;
    if (!bring_names(layout, used, &symbols, &names, error))
        return NULL;
    GHashTable *bound = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    for (guint i = 0; i < used->len; i++) {
        Elf64_Sym symbol;
        guint place = g_array_index(used, guint, i);
        if (place == 0)
            continue;
        object_layout_copy(layout, symbols + i * sizeof symbol, &symbol, sizeof symbol);
        if (symbol.st_shndx == SHN_UNDEF && symbol.st_name < layout->dynamic.strings_size)
            g_hash_table_insert(bound, g_strdup(names + symbol.st_name), GUINT_TO_POINTER(place));
    }
    return bound;
}

static GHashTable *read_bound(ObjectLayout *layout, bool lazy, GError **error)
{
    bool dynamic;
    RelocationTable tables[2];
    const ObjectDynamic *d = &layout->dynamic;
    if (!object_layout_read(layout, HEAD_BYTES, &dynamic, error))
        return NULL;
    if (!dynamic || !want_relocations(layout, d->relocations, d->relocations_size, &tables[0]) ||
        !want_relocations(layout, d->calls, d->calls_size, &tables[1])) {
        object_damaged(error, "its relocations lie outside the file");
        return NULL;
    }
    if (!object_bytes_collect(layout->bytes, error))
        return NULL;
    g_autoptr(GArray) used = g_array_new(FALSE, TRUE, sizeof(guint));
    guint place = 0;
    mark_symbols(layout, &tables[0], used, &place);
    if (!lazy || d->now)
        mark_symbols(layout, &tables[1], used, &place);
    return collect_names(layout, used, error);
}

GHashTable *shared_object_bound(const ObjectStream *stream, bool lazy, GError **error)
{
    ObjectLayout layout;
    object_layout_init(&layout, stream);
    GHashTable *bound = read_bound(&layout, lazy, error);
    object_layout_clear(&layout);
    return bound;
}
