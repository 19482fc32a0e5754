#include "facts/shared_object.h"

#include <elf.h>

#include "base/limits.h"
#include "facts/object_bytes.h"

G_STATIC_ASSERT(G_BYTE_ORDER == G_LITTLE_ENDIAN); /* structures are copied as they lie */

enum {
    HEAD_BYTES = 16 * 1024 * 1024,    /* kept before it is known where the tables are */
    SEGMENT_BYTES = 24 * 1024 * 1024, /* segments as small as this may hold moved tables */
    SEGMENTS_BYTES = 48 * 1024 * 1024,
    PROGRAM_HEADERS = 1000,
    SECTIONS = 100000,
    DYNAMIC_ENTRIES = 100000,
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

/* What the dynamic section says, addresses as they are in memory; 0: absent. */
typedef struct {
    guint64 strings, strings_size, symbols, hash, gnu_hash, versym, verneed, verdef;
    guint64 verneed_count, verdef_count;
    GArray *needed; /* guint64, offsets in the strings */
    guint64 soname, rpath;
    bool has_soname, has_rpath, runpath;
} Dynamic;

typedef struct {
    ObjectBytes *bytes;
    guint64 size;
    Elf64_Ehdr header;
    Elf64_Phdr *programs;
    Dynamic dynamic;
    guint64 symbol_count;
    const char *strings; /* of the strings_size in `dynamic`; the last byte is NUL */
    /* By version index: offsets of names, and whether one is there. */
    guint32 *version_names;
    guint version_count;
} Reader;

static gboolean damaged(GError **error, const char *what)
{
    return error_set(error, ERROR_INPUT, SPAN_NONE, "a damaged shared object: %s", what);
}

static bool copy_at(const Reader *reader, guint64 offset, void *to, size_t length)
{
    const guint8 *from = object_bytes_at(reader->bytes, offset, length);
    if (from)
        memcpy(to, from, length);
    return from != NULL;
}

/* Where an address lies in the file, and how much of its segment follows; FALSE: nowhere. */
static bool place_of(const Reader *reader, guint64 address, guint64 *ret_offset, guint64 *ret_left)
{
    for (guint i = 0; i < reader->header.e_phnum; i++) {
        const Elf64_Phdr *p = &reader->programs[i];
        if (p->p_type != PT_LOAD || address < p->p_vaddr || address - p->p_vaddr >= p->p_filesz)
            continue;
        guint64 within = address - p->p_vaddr;
        if (p->p_offset > reader->size || p->p_filesz > reader->size - p->p_offset)
            return false;
        *ret_offset = p->p_offset + within;
        *ret_left = p->p_filesz - within;
        return true;
    }
    return false;
}

static bool is_shared_object(const Elf64_Ehdr *header)
{
    return memcmp(header->e_ident, ELFMAG, SELFMAG) == 0 &&
           header->e_ident[EI_CLASS] == ELFCLASS64 && header->e_ident[EI_DATA] == ELFDATA2LSB &&
           header->e_type == ET_DYN;
}

static gboolean read_programs(Reader *reader, GError **error)
{
    const Elf64_Ehdr *header = &reader->header;
    guint64 length = (guint64)header->e_phnum * sizeof(Elf64_Phdr);
    if (header->e_phentsize != sizeof(Elf64_Phdr) || header->e_phnum == 0 ||
        header->e_phnum > PROGRAM_HEADERS)
        return damaged(error, "its program headers are not of its class");
    if (!object_bytes_want(reader->bytes, header->e_phoff, length))
        return damaged(error, "its program headers lie outside the file");
    if (!object_bytes_collect(reader->bytes, error))
        return FALSE;
    reader->programs = g_new(Elf64_Phdr, header->e_phnum);
    copy_at(reader, header->e_phoff, reader->programs, length);
    return TRUE;
}

/* Tools that edit a library move its tables into a small segment of their own, often at the end:
 * kept while passing by, they cost no second pass. */
static void want_small_segments(Reader *reader)
{
    guint64 wanted = 0;
    for (guint i = 0; i < reader->header.e_phnum; i++) {
        const Elf64_Phdr *p = &reader->programs[i];
        if (p->p_type != PT_LOAD || p->p_filesz > SEGMENT_BYTES ||
            wanted + p->p_filesz > SEGMENTS_BYTES)
            continue;
        if (object_bytes_want(reader->bytes, p->p_offset, p->p_filesz))
            wanted += p->p_filesz;
    }
}

static void take_dynamic(Dynamic *dynamic, const Elf64_Dyn *entry)
{
    guint64 value = entry->d_un.d_val;
    const struct {
        gint64 tag;
        guint64 *to;
    } fields[] = {
        {DT_STRTAB, &dynamic->strings},           {DT_STRSZ, &dynamic->strings_size},
        {DT_SYMTAB, &dynamic->symbols},           {DT_HASH, &dynamic->hash},
        {DT_GNU_HASH, &dynamic->gnu_hash},        {DT_VERSYM, &dynamic->versym},
        {DT_VERNEED, &dynamic->verneed},          {DT_VERDEF, &dynamic->verdef},
        {DT_VERNEEDNUM, &dynamic->verneed_count}, {DT_VERDEFNUM, &dynamic->verdef_count},
    };
    for (guint i = 0; i < G_N_ELEMENTS(fields); i++) {
        if (fields[i].tag == entry->d_tag)
            *fields[i].to = value;
    }
    if (entry->d_tag == DT_NEEDED) {
        g_array_append_val(dynamic->needed, value);
    } else if (entry->d_tag == DT_SONAME) {
        dynamic->soname = value;
        dynamic->has_soname = true;
    } else if (entry->d_tag == DT_RUNPATH || (entry->d_tag == DT_RPATH && !dynamic->runpath)) {
        dynamic->rpath = value;
        dynamic->has_rpath = true;
        dynamic->runpath = entry->d_tag == DT_RUNPATH;
    }
}

/* *ret_found FALSE: a file without dynamic section. */
static gboolean read_dynamic(Reader *reader, bool *ret_found, GError **error)
{
    const Elf64_Phdr *place = NULL;
    for (guint i = 0; i < reader->header.e_phnum && !place; i++) {
        if (reader->programs[i].p_type == PT_DYNAMIC)
            place = &reader->programs[i];
    }
    *ret_found = place != NULL;
    if (!place)
        return TRUE;
    guint64 count = place->p_filesz / sizeof(Elf64_Dyn);
    if (count > DYNAMIC_ENTRIES ||
        !object_bytes_want(reader->bytes, place->p_offset, count * sizeof(Elf64_Dyn)))
        return damaged(error, "its dynamic section lies outside the file");
    want_small_segments(reader);
    if (!object_bytes_collect(reader->bytes, error))
        return FALSE;
    for (guint64 i = 0; i < count; i++) {
        Elf64_Dyn entry;
        copy_at(reader, place->p_offset + i * sizeof entry, &entry, sizeof entry);
        if (entry.d_tag == DT_NULL)
            break;
        take_dynamic(&reader->dynamic, &entry);
    }
    return TRUE;
}

/* Brings `length` bytes at an address. */
static gboolean bring(Reader *reader, guint64 address, guint64 length, guint64 *ret_offset,
                      GError **error)
{
    guint64 offset, left;
    if (!place_of(reader, address, &offset, &left) || length > left ||
        !object_bytes_want(reader->bytes, offset, length))
        return damaged(error, "a table lies outside the file");
    *ret_offset = offset;
    return object_bytes_collect(reader->bytes, error);
}

static gboolean count_by_hash(Reader *reader, GError **error)
{
    guint64 offset;
    guint32 counts[2]; /* nbucket, nchain */
    if (!bring(reader, reader->dynamic.hash, sizeof counts, &offset, error))
        return FALSE;
    copy_at(reader, offset, counts, sizeof counts);
    reader->symbol_count = counts[1];
    return TRUE;
}

/* The section that is the dynamic symbol table says how long it is; 0: there is none. */
static gboolean count_by_sections(Reader *reader, guint64 *ret_count, GError **error)
{
    const Elf64_Ehdr *header = &reader->header;
    guint64 symbols, left;
    *ret_count = 0;
    if (header->e_shentsize != sizeof(Elf64_Shdr) || header->e_shnum == 0 ||
        !place_of(reader, reader->dynamic.symbols, &symbols, &left) ||
        !object_bytes_want(reader->bytes, header->e_shoff,
                           (guint64)header->e_shnum * sizeof(Elf64_Shdr)))
        return TRUE;
    if (!object_bytes_collect(reader->bytes, error))
        return FALSE;
    for (guint i = 0; i < header->e_shnum; i++) {
        Elf64_Shdr section;
        if (copy_at(reader, header->e_shoff + i * sizeof section, &section, sizeof section) &&
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
    if (last < first || !place_of(reader, chains, &offset, &left))
        return damaged(error, "its hash table");
    for (guint64 at = last - first;; at++) {
        guint32 hash = 0;
        if (at * sizeof hash + sizeof hash > left || at > LIMIT_OBJECT_SYMBOLS)
            return damaged(error, "its hash table has no end");
        if (!object_bytes_at(reader->bytes, offset + at * sizeof hash, sizeof hash) &&
            (!object_bytes_want(reader->bytes, offset + at * sizeof hash,
                                MIN(left - at * sizeof hash, 4096)) ||
             !object_bytes_collect(reader->bytes, error)))
            return *error ? FALSE : damaged(error, "its hash table");
        copy_at(reader, offset + at * sizeof hash, &hash, sizeof hash);
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
    guint64 offset, address = reader->dynamic.gnu_hash;
    if (!bring(reader, address, sizeof head, &offset, error))
        return FALSE;
    copy_at(reader, offset, &head, sizeof head);
    address += sizeof head + 8 * (guint64)head.bloom;
    guint64 length = sizeof(guint32) * (guint64)head.buckets;
    if (!bring(reader, address, length, &offset, error))
        return FALSE;
    guint32 last = 0;
    for (guint32 i = 0; i < head.buckets; i++) {
        guint32 bucket = 0;
        copy_at(reader, offset + i * sizeof bucket, &bucket, sizeof bucket);
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
    const Dynamic *d = &reader->dynamic;
    const guint64 tables[] = {d->strings, d->symbols, d->hash,  d->gnu_hash,
                              d->versym,  d->verneed, d->verdef};
    for (guint i = 0; i < G_N_ELEMENTS(tables); i++) {
        guint64 next = G_MAXUINT64, offset, left;
        for (guint k = 0; k < G_N_ELEMENTS(tables); k++)
            next = tables[k] > tables[i] ? MIN(next, tables[k]) : next;
        if (!tables[i] || !place_of(reader, tables[i], &offset, &left))
            continue;
        if (tables[i] == d->strings)
            left = d->strings_size;
        else if (tables[i] == d->verneed || tables[i] == d->verdef)
            left = MIN(left, VERSION_BYTES);
        else if (next != G_MAXUINT64)
            left = MIN(left, MIN(next - tables[i], TABLE_BYTES));
        else
            left = MIN(left, LAST_BYTES);
        object_bytes_want(reader->bytes, offset, left);
    }
}

static gboolean count_symbols(Reader *reader, GError **error)
{
    const Dynamic *dynamic = &reader->dynamic;
    if (!dynamic->symbols)
        return TRUE;
    want_tables(reader);
    if (!object_bytes_collect(reader->bytes, error))
        return FALSE;
    if (dynamic->hash && !count_by_hash(reader, error))
        return FALSE;
    if (!dynamic->hash && dynamic->gnu_hash && !count_by_gnu_hash(reader, error))
        return FALSE;
    if (reader->symbol_count > LIMIT_OBJECT_SYMBOLS)
        return damaged(error, "it says that it has more symbols than any library");
    return TRUE;
}

/* Wants a table, without reading yet. */
static gboolean want_table(Reader *reader, guint64 address, guint64 length, bool cut,
                           GError **error)
{
    guint64 offset, left;
    if (!address || !length)
        return TRUE;
    if (!place_of(reader, address, &offset, &left) || (!cut && length > left) ||
        !object_bytes_want(reader->bytes, offset, MIN(length, left)))
        return damaged(error, "a table lies outside the file");
    return TRUE;
}

static gboolean read_tables(Reader *reader, GError **error)
{
    Dynamic *d = &reader->dynamic;
    guint64 count = reader->symbol_count, offset, left;
    if (!want_table(reader, d->strings, d->strings_size, false, error) ||
        !want_table(reader, d->symbols, count * sizeof(Elf64_Sym), false, error) ||
        !want_table(reader, d->versym, count * sizeof(Elf64_Half), false, error) ||
        !want_table(reader, d->verneed, VERSION_BYTES, true, error) ||
        !want_table(reader, d->verdef, VERSION_BYTES, true, error) ||
        !object_bytes_collect(reader->bytes, error))
        return FALSE;
    if (!d->strings || !d->strings_size) {
        d->strings_size = 0;
        return TRUE;
    }
    place_of(reader, d->strings, &offset, &left);
    reader->strings = (const char *)object_bytes_at(reader->bytes, offset, d->strings_size);
    return reader->strings[d->strings_size - 1] == '\0' ? TRUE
                                                        : damaged(error, "its names have no end");
}

/* A text of `strings`, which holds as many bytes as the reader's. */
static const char *name_at(const Reader *reader, const char *strings, guint64 offset)
{
    return offset < reader->dynamic.strings_size ? strings + offset : NULL;
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
    const Dynamic *d = &reader->dynamic;
    if (d->verneed && !place_of(reader, d->verneed, &offset, &left))
        return damaged(error, "its version needs");
    for (guint64 i = 0; d->verneed && i < d->verneed_count; i++) {
        Elf64_Verneed need;
        if (budget-- == 0 || !copy_at(reader, offset, &need, sizeof need) ||
            !name_at(reader, object->texts, need.vn_file))
            return damaged(error, "its version needs");
        g_autoptr(GPtrArray) versions = g_ptr_array_new();
        guint64 at = offset + need.vn_aux;
        for (guint k = 0; k < need.vn_cnt; k++) {
            Elf64_Vernaux aux;
            if (budget-- == 0 || !copy_at(reader, at, &aux, sizeof aux) ||
                !name_at(reader, object->texts, aux.vna_name))
                return damaged(error, "its version needs");
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
    const Dynamic *d = &reader->dynamic;
    if (d->verdef && !place_of(reader, d->verdef, &offset, &left))
        return damaged(error, "its version definitions");
    for (guint64 i = 0; d->verdef && i < d->verdef_count; i++) {
        Elf64_Verdef definition;
        Elf64_Verdaux aux;
        if (budget-- == 0 || !copy_at(reader, offset, &definition, sizeof definition) ||
            !copy_at(reader, offset + definition.vd_aux, &aux, sizeof aux) ||
            aux.vda_name >= d->strings_size)
            return damaged(error, "its version definitions");
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
    if (!reader->dynamic.versym ||
        !copy_at(reader, versym + index * sizeof word, &word, sizeof word))
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
    const Dynamic *d = &reader->dynamic;
    if (reader->symbol_count > 1 && (!place_of(reader, d->symbols, &symbols, &left) ||
                                     (d->versym && !place_of(reader, d->versym, &versym, &left))))
        return damaged(error, "its symbols");
    for (guint64 i = 1; i < reader->symbol_count; i++) {
        Elf64_Sym symbol;
        if (!copy_at(reader, symbols + i * sizeof symbol, &symbol, sizeof symbol))
            return damaged(error, "its symbols");
        const char *name = name_at(reader, object->texts, symbol.st_name);
        if (!name)
            return damaged(error, "a symbol's name lies outside its names");
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
    const Dynamic *d = &reader->dynamic;
    g_autoptr(GStrvBuilder) needed = g_strv_builder_new();
    for (guint i = 0; i < d->needed->len; i++) {
        const char *name = name_at(reader, object->texts, g_array_index(d->needed, guint64, i));
        if (!name)
            return damaged(error, "the name of a library that it needs");
        g_strv_builder_add(needed, name);
    }
    object->needed = g_strv_builder_end(needed);
    const char *soname = d->has_soname ? name_at(reader, object->texts, d->soname) : NULL;
    const char *rpath = d->has_rpath ? name_at(reader, object->texts, d->rpath) : NULL;
    if ((d->has_soname && !soname) || (d->has_rpath && !rpath))
        return damaged(error, "a name lies outside its names");
    object->soname = g_strdup(soname);
    object->rpath = rpath ? g_strsplit(rpath, ":", -1) : NULL;
    object->runpath = d->runpath;
    for (guint i = 0; i < G_N_ELEMENTS(machines); i++) {
        if (machines[i].machine == reader->header.e_machine)
            object->machine = g_strdup(machines[i].name);
    }
    return TRUE;
}

static SharedObject *object_new(const Reader *reader)
{
    SharedObject *object = g_new0(SharedObject, 1);
    size_t length = reader->dynamic.strings_size;
    object->texts = length ? g_memdup2(reader->strings, length) : g_strdup("");
    object->undefined = g_array_new(FALSE, FALSE, sizeof(SharedSymbol));
    object->defined = g_array_new(FALSE, FALSE, sizeof(SharedSymbol));
    object->needs = g_ptr_array_new_with_free_func(version_need_free);
    return object;
}

static SharedObject *read_object(Reader *reader, GError **error)
{
    bool dynamic = false;
    guint64 head = MIN(reader->size, HEAD_BYTES);
    if (!object_bytes_want(reader->bytes, 0, head) || !object_bytes_collect(reader->bytes, error))
        return NULL;
    if (!copy_at(reader, 0, &reader->header, sizeof reader->header) ||
        !is_shared_object(&reader->header))
        return NULL;
    if (!read_programs(reader, error) || !read_dynamic(reader, &dynamic, error) || !dynamic ||
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
    g_autoptr(ObjectBytes) bytes = object_bytes_new(stream);
    Reader reader = {.bytes = bytes, .size = stream->size};
    reader.dynamic.needed = g_array_new(FALSE, FALSE, sizeof(guint64));
    GError *local = NULL;
    SharedObject *object = read_object(&reader, &local);
    g_array_unref(reader.dynamic.needed);
    g_free(reader.programs);
    g_free(reader.version_names);
    if (local)
        g_propagate_error(error, local);
    return object;
}

typedef struct {
    GBytes *bytes;
    gsize position;
} MemoryStream;

static gboolean memory_rewind(void *data, G_GNUC_UNUSED GError **error)
{
    ((MemoryStream *)data)->position = 0;
    return TRUE;
}

static gssize memory_read(void *data, void *buffer, size_t length, G_GNUC_UNUSED GError **error)
{
    MemoryStream *stream = data;
    gsize size;
    const guint8 *from = g_bytes_get_data(stream->bytes, &size);
    size_t take = MIN(length, size - stream->position);
    if (take > 0)
        memcpy(buffer, from + stream->position, take);
    stream->position += take;
    return (gssize)take;
}

SharedObject *shared_object_from_bytes(GBytes *bytes, GError **error)
{
    MemoryStream memory = {bytes, 0};
    ObjectStream stream = {memory_rewind, memory_read, &memory, g_bytes_get_size(bytes)};
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
