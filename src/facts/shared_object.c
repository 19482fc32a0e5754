#include "facts/shared_object.h"

#include "base/limits.h"
#include "facts/object_layout.h"

G_STATIC_ASSERT(G_BYTE_ORDER == G_LITTLE_ENDIAN); /* structures are copied as they lie */

/* One object that is being read. */
typedef struct {
    ObjectLayout layout;
    guint64 symbol_count;
    const char *strings; /* of the strings_size in `dynamic`; the last byte is NUL */
    /* By version index: offsets of names, and whether one is there. */
    guint32 *version_names;
    guint version_count;
} Reader;

enum {
    SECTIONS = 100000,
    VERSION_BYTES = 256 * 1024,     /* of a version section, whose size nothing in memory tells */
    TABLE_BYTES = 32 * 1024 * 1024, /* wanted of a table whose length is not known yet */
    LAST_BYTES = 4 * 1024 * 1024,   /* of the one behind which no other lies */
    VERSIONS = 32768,               /* VERSYM_VERSION is 15 bits */
};

static const struct {
    unsigned machine;
    const char *name; /* as platform.machine() has it */
} machines[] = {
    {EM_X86_64, "x86_64"},
    {EM_AARCH64, "aarch64"},
    {EM_PPC64, "ppc64le"},
    {EM_RISCV, "riscv64"},
};

/* Brings `length` bytes at an address. */
static gboolean bring(Reader *reader, guint64 address, guint64 length, guint64 *ret_offset,
                      GError **error)
{
    guint64 offset, left;
    if (!object_layout_place(&reader->layout, address, &offset, &left) || length > left ||
        !object_bytes_want(reader->layout.bytes, offset, length))
        return object_damaged(error, "a table lies outside the file");
    *ret_offset = offset;
    return object_bytes_collect(reader->layout.bytes, error);
}

static gboolean count_by_hash(Reader *reader, GError **error)
{
    guint64 offset;
    guint32 counts[2]; /* nbucket, nchain */
    if (!bring(reader, reader->layout.dynamic.hash, sizeof counts, &offset, error))
        return FALSE;
    object_layout_copy(&reader->layout, offset, counts, sizeof counts);
    reader->symbol_count = counts[1];
    return TRUE;
}

/* The section that is the dynamic symbol table says how long it is; 0: there is none. */
static gboolean count_by_sections(Reader *reader, guint64 *ret_count, GError **error)
{
    const Elf64_Ehdr *header = &reader->layout.header;
    guint64 symbols, left;
    *ret_count = 0;
    if (header->e_shentsize != sizeof(Elf64_Shdr) || header->e_shnum == 0 ||
        !object_layout_place(&reader->layout, reader->layout.dynamic.symbols, &symbols, &left) ||
        !object_bytes_want(reader->layout.bytes, header->e_shoff,
                           (guint64)header->e_shnum * sizeof(Elf64_Shdr)))
        return TRUE;
    if (!object_bytes_collect(reader->layout.bytes, error))
        return FALSE;
    for (guint i = 0; i < header->e_shnum; i++) {
        Elf64_Shdr section;
        if (object_layout_copy(&reader->layout, header->e_shoff + i * sizeof section, &section,
                               sizeof section) &&
            section.sh_type == SHT_DYNSYM && section.sh_offset == symbols)
            *ret_count = section.sh_size / sizeof(Elf64_Sym);
    }
    return TRUE;
}

/* The last symbol of the fullest bucket ends the table: its chain entry has the lowest bit set. */
static gboolean count_chain(Reader *reader, guint64 chains, guint32 first, guint32 last,
                            GError **error)
{
    guint64 offset, left;
    if (last < first || !object_layout_place(&reader->layout, chains, &offset, &left))
        return object_damaged(error, "its hash table");
    for (guint64 at = last - first;; at++) {
        guint32 hash = 0;
        if (at * sizeof hash + sizeof hash > left || at > LIMIT_OBJECT_SYMBOLS)
            return object_damaged(error, "its hash table has no end");
        if (!object_bytes_at(reader->layout.bytes, offset + at * sizeof hash, sizeof hash) &&
            (!object_bytes_want(reader->layout.bytes, offset + at * sizeof hash,
                                MIN(left - at * sizeof hash, 4096)) ||
             !object_bytes_collect(reader->layout.bytes, error)))
            return *error ? FALSE : object_damaged(error, "its hash table");
        object_layout_copy(&reader->layout, offset + at * sizeof hash, &hash, sizeof hash);
        if (hash & 1) {
            reader->symbol_count = first + at + 1;
            return TRUE;
        }
    }
}

static gboolean count_by_gnu_hash(Reader *reader, GError **error)
{
    struct {
        guint32 buckets, first, bloom, shift;
    } head;
    guint64 offset, address = reader->layout.dynamic.gnu_hash;
    if (!bring(reader, address, sizeof head, &offset, error))
        return FALSE;
    object_layout_copy(&reader->layout, offset, &head, sizeof head);
    address += sizeof head + 8 * (guint64)head.bloom;
    guint64 length = sizeof(guint32) * (guint64)head.buckets;
    if (!bring(reader, address, length, &offset, error))
        return FALSE;
    guint32 last = 0;
    for (guint32 i = 0; i < head.buckets; i++) {
        guint32 bucket = 0;
        object_layout_copy(&reader->layout, offset + i * sizeof bucket, &bucket, sizeof bucket);
        last = MAX(last, bucket);
    }
    if (last > 0)
        return count_chain(reader, address + length, head.first, last, error);
    /* Nothing is defined, and the linkers differ in what the first hashed symbol is then. */
    guint64 count;
    if (!count_by_sections(reader, &count, error))
        return FALSE;
    reader->symbol_count = MAX(count, head.first);
    return TRUE;
}

/* The lengths of most tables are told by others. So that they come in one pass, each is wanted up
 * to where the next one begins; what turns out to be longer is wanted again. */
static void want_tables(Reader *reader)
{
    const ObjectDynamic *d = &reader->layout.dynamic;
    const guint64 tables[] = {d->strings, d->symbols, d->hash,  d->gnu_hash,
                              d->versym,  d->verneed, d->verdef};
    for (guint i = 0; i < G_N_ELEMENTS(tables); i++) {
        guint64 next = G_MAXUINT64, offset, left;
        for (guint k = 0; k < G_N_ELEMENTS(tables); k++)
            next = tables[k] > tables[i] ? MIN(next, tables[k]) : next;
        if (!tables[i] || !object_layout_place(&reader->layout, tables[i], &offset, &left))
            continue;
        if (tables[i] == d->strings)
            left = d->strings_size;
        else if (tables[i] == d->verneed || tables[i] == d->verdef)
            left = MIN(left, VERSION_BYTES);
        else if (next != G_MAXUINT64)
            left = MIN(left, MIN(next - tables[i], TABLE_BYTES));
        else
            left = MIN(left, LAST_BYTES);
        object_bytes_want(reader->layout.bytes, offset, left);
    }
}

static gboolean count_symbols(Reader *reader, GError **error)
{
    const ObjectDynamic *dynamic = &reader->layout.dynamic;
    if (!dynamic->symbols)
        return TRUE;
    want_tables(reader);
    if (!object_bytes_collect(reader->layout.bytes, error))
        return FALSE;
    if (dynamic->hash && !count_by_hash(reader, error))
        return FALSE;
    if (!dynamic->hash && dynamic->gnu_hash && !count_by_gnu_hash(reader, error))
        return FALSE;
    if (reader->symbol_count > LIMIT_OBJECT_SYMBOLS)
        return object_damaged(error, "it says that it has more symbols than any library");
    return TRUE;
}

/* Wants a table, without reading yet. */
static gboolean want_table(Reader *reader, guint64 address, guint64 length, bool cut,
                           GError **error)
{
    guint64 offset, left;
    if (!address || !length)
        return TRUE;
    if (!object_layout_place(&reader->layout, address, &offset, &left) || (!cut && length > left) ||
        !object_bytes_want(reader->layout.bytes, offset, MIN(length, left)))
        return object_damaged(error, "a table lies outside the file");
    return TRUE;
}

static gboolean read_tables(Reader *reader, GError **error)
{
    ObjectDynamic *d = &reader->layout.dynamic;
    guint64 count = reader->symbol_count, offset, left;
    if (!want_table(reader, d->strings, d->strings_size, false, error) ||
        !want_table(reader, d->symbols, count * sizeof(Elf64_Sym), false, error) ||
        !want_table(reader, d->versym, count * sizeof(Elf64_Half), false, error) ||
        !want_table(reader, d->verneed, VERSION_BYTES, true, error) ||
        !want_table(reader, d->verdef, VERSION_BYTES, true, error) ||
        !object_bytes_collect(reader->layout.bytes, error))
        return FALSE;
    if (!d->strings || !d->strings_size) {
        d->strings_size = 0;
        return TRUE;
    }
    object_layout_place(&reader->layout, d->strings, &offset, &left);
    reader->strings = (const char *)object_bytes_at(reader->layout.bytes, offset, d->strings_size);
    return reader->strings[d->strings_size - 1] == '\0'
               ? TRUE
               : object_damaged(error, "its names have no end");
}

/* A text of `strings`, which holds as many bytes as the reader's. */
static const char *name_at(const Reader *reader, const char *strings, guint64 offset)
{
    return offset < reader->layout.dynamic.strings_size ? strings + offset : NULL;
}

static void note_version(Reader *reader, guint index, guint32 name)
{
    if (index >= VERSIONS)
        return;
    if (index >= reader->version_count) {
        guint count = MIN(VERSIONS, MAX(64, 2 * index));
        reader->version_names = g_renew(guint32, reader->version_names, count);
        for (guint i = reader->version_count; i < count; i++)
            reader->version_names[i] = G_MAXUINT32;
        reader->version_count = count;
    }
    reader->version_names[index] = name;
}

static gboolean read_needs(Reader *reader, SharedObject *object, GError **error)
{
    guint64 offset = 0, left, budget = VERSIONS;
    const ObjectDynamic *d = &reader->layout.dynamic;
    if (d->verneed && !object_layout_place(&reader->layout, d->verneed, &offset, &left))
        return object_damaged(error, "its version needs");
    for (guint64 i = 0; d->verneed && i < d->verneed_count; i++) {
        Elf64_Verneed need;
        if (budget-- == 0 || !object_layout_copy(&reader->layout, offset, &need, sizeof need) ||
            !name_at(reader, object->texts, need.vn_file))
            return object_damaged(error, "its version needs");
        g_autoptr(GPtrArray) versions = g_ptr_array_new();
        guint64 at = offset + need.vn_aux;
        for (guint k = 0; k < need.vn_cnt; k++) {
            Elf64_Vernaux aux;
            if (budget-- == 0 || !object_layout_copy(&reader->layout, at, &aux, sizeof aux) ||
                !name_at(reader, object->texts, aux.vna_name))
                return object_damaged(error, "its version needs");
            note_version(reader, aux.vna_other & 0x7fff, aux.vna_name);
            g_ptr_array_add(versions, object->texts + aux.vna_name);
            at += aux.vna_next;
        }
        g_ptr_array_add(versions, NULL);
        VersionNeed *entry = g_new(VersionNeed, 1);
        entry->library = object->texts + need.vn_file;
        entry->versions = (const char **)g_ptr_array_steal(versions, NULL);
        g_ptr_array_add(object->needs, entry);
        if (need.vn_next == 0)
            break;
        offset += need.vn_next;
    }
    return TRUE;
}

static gboolean read_definitions(Reader *reader, GError **error)
{
    guint64 offset = 0, left, budget = VERSIONS;
    const ObjectDynamic *d = &reader->layout.dynamic;
    if (d->verdef && !object_layout_place(&reader->layout, d->verdef, &offset, &left))
        return object_damaged(error, "its version definitions");
    for (guint64 i = 0; d->verdef && i < d->verdef_count; i++) {
        Elf64_Verdef definition;
        Elf64_Verdaux aux;
        if (budget-- == 0 ||
            !object_layout_copy(&reader->layout, offset, &definition, sizeof definition) ||
            !object_layout_copy(&reader->layout, offset + definition.vd_aux, &aux, sizeof aux) ||
            aux.vda_name >= d->strings_size)
            return object_damaged(error, "its version definitions");
        note_version(reader, definition.vd_ndx & 0x7fff, aux.vda_name);
        if (definition.vd_next == 0)
            break;
        offset += definition.vd_next;
    }
    return TRUE;
}

/* The base version (1) and a local one (0) are none that a reference could ask for. */
static const char *version_of(const Reader *reader, const SharedObject *object, guint64 versym,
                              guint64 index, bool *ret_hidden)
{
    Elf64_Half word;
    if (!reader->layout.dynamic.versym ||
        !object_layout_copy(&reader->layout, versym + index * sizeof word, &word, sizeof word))
        return NULL;
    *ret_hidden = word & 0x8000;
    guint number = word & 0x7fff;
    guint32 name =
        number > 1 && number < reader->version_count ? reader->version_names[number] : G_MAXUINT32;
    return name == G_MAXUINT32 ? NULL : object->texts + name;
}

static bool is_dynamic(const Elf64_Sym *symbol)
{
    unsigned binding = ELF64_ST_BIND(symbol->st_info), type = ELF64_ST_TYPE(symbol->st_info);
    unsigned visibility = ELF64_ST_VISIBILITY(symbol->st_other);
    return (binding == STB_GLOBAL || binding == STB_WEAK || binding == STB_GNU_UNIQUE) &&
           type != STT_SECTION && type != STT_FILE && visibility != STV_HIDDEN &&
           visibility != STV_INTERNAL;
}

static int compare_symbols(const void *a, const void *b)
{
    const SharedSymbol *left = a, *right = b;
    int by_name = strcmp(left->name, right->name);
    if (by_name == 0)
        by_name = (int)left->hidden - (int)right->hidden;
    return by_name ? by_name : g_strcmp0(left->version, right->version);
}

static gboolean read_symbols(Reader *reader, SharedObject *object, GError **error)
{
    guint64 symbols = 0, versym = 0, left;
    const ObjectDynamic *d = &reader->layout.dynamic;
    if (reader->symbol_count > 1 &&
        (!object_layout_place(&reader->layout, d->symbols, &symbols, &left) ||
         (d->versym && !object_layout_place(&reader->layout, d->versym, &versym, &left))))
        return object_damaged(error, "its symbols");
    for (guint64 i = 1; i < reader->symbol_count; i++) {
        Elf64_Sym symbol;
        if (!object_layout_copy(&reader->layout, symbols + i * sizeof symbol, &symbol,
                                sizeof symbol))
            return object_damaged(error, "its symbols");
        const char *name = name_at(reader, object->texts, symbol.st_name);
        if (!name)
            return object_damaged(error, "a symbol's name lies outside its names");
        if (!is_dynamic(&symbol) || *name == '\0')
            continue;
        SharedSymbol entry = {.name = name};
        entry.weak = ELF64_ST_BIND(symbol.st_info) == STB_WEAK;
        entry.version = version_of(reader, object, versym, i, &entry.hidden);
        bool undefined = symbol.st_shndx == SHN_UNDEF;
        entry.hidden = entry.hidden && !undefined;
        g_array_append_val(undefined ? object->undefined : object->defined, entry);
    }
    g_array_sort(object->undefined, compare_symbols);
    g_array_sort(object->defined, compare_symbols);
    return TRUE;
}

static gboolean read_names(const Reader *reader, SharedObject *object, GError **error)
{
    const ObjectDynamic *d = &reader->layout.dynamic;
    g_autoptr(GStrvBuilder) needed = g_strv_builder_new();
    for (guint i = 0; i < d->needed->len; i++) {
        const char *name = name_at(reader, object->texts, g_array_index(d->needed, guint64, i));
        if (!name)
            return object_damaged(error, "the name of a library that it needs");
        g_strv_builder_add(needed, name);
    }
    object->needed = g_strv_builder_end(needed);
    const char *soname = d->has_soname ? name_at(reader, object->texts, d->soname) : NULL;
    const char *rpath = d->has_rpath ? name_at(reader, object->texts, d->rpath) : NULL;
    if ((d->has_soname && !soname) || (d->has_rpath && !rpath))
        return object_damaged(error, "a name lies outside its names");
    object->soname = g_strdup(soname);
    object->rpath = rpath ? g_strsplit(rpath, ":", -1) : NULL;
    object->runpath = d->runpath;
    for (guint i = 0; i < G_N_ELEMENTS(machines); i++) {
        if (machines[i].machine == reader->layout.header.e_machine)
            object->machine = g_strdup(machines[i].name);
    }
    return TRUE;
}

static SharedObject *object_new(const Reader *reader)
{
    SharedObject *object = g_new0(SharedObject, 1);
    size_t length = reader->layout.dynamic.strings_size;
    object->texts = length ? g_memdup2(reader->strings, length) : g_strdup("");
    object->undefined = g_array_new(FALSE, FALSE, sizeof(SharedSymbol));
    object->defined = g_array_new(FALSE, FALSE, sizeof(SharedSymbol));
    object->needs = g_ptr_array_new_with_free_func(version_need_free);
    return object;
}

static SharedObject *read_object(Reader *reader, GError **error)
{
    bool dynamic = false;
    if (!object_layout_read(&reader->layout, OBJECT_HEAD_BYTES, &dynamic, error) || !dynamic ||
        !count_symbols(reader, error) || !read_tables(reader, error))
        return NULL;
    g_autoptr(SharedObject) object = object_new(reader);
    if (!read_names(reader, object, error) || !read_needs(reader, object, error) ||
        !read_definitions(reader, error) || !read_symbols(reader, object, error))
        return NULL;
    return g_steal_pointer(&object);
}

SharedObject *shared_object_read(const ObjectStream *stream, GError **error)
{
    Reader reader = {.symbol_count = 0};
    object_layout_init(&reader.layout, stream);
    GError *local = NULL;
    SharedObject *object = read_object(&reader, &local);
    object_layout_clear(&reader.layout);
    g_free(reader.version_names);
    if (local)
        g_propagate_error(error, local);
    return object;
}

SharedObject *shared_object_from_bytes(GBytes *bytes, GError **error)
{
    MemoryStream memory;
    ObjectStream stream = memory_stream_open(&memory, bytes);
    return shared_object_read(&stream, error);
}

void version_need_free(void *data)
{
    VersionNeed *need = data;
    g_free(need->versions);
    g_free(need);
}

void shared_object_free(SharedObject *object)
{
    if (!object)
        return;
    g_free(object->machine);
    g_free(object->soname);
    g_strfreev(object->needed);
    g_strfreev(object->rpath);
    g_array_unref(object->undefined);
    g_array_unref(object->defined);
    g_ptr_array_unref(object->needs);
    g_free(object->texts);
    g_free(object);
}
