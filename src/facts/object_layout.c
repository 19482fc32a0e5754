#include "facts/object_layout.h"

enum {
    SEGMENT_BYTES = 24 * 1024 * 1024, /* segments as small as this may hold moved tables */
    SEGMENTS_BYTES = 48 * 1024 * 1024,
    PROGRAM_HEADERS = 1000,
    DYNAMIC_ENTRIES = 100000,
};

gboolean object_damaged(GError **error, const char *what)
{
    return error_set(error, ERROR_INPUT, SPAN_NONE, "a damaged shared object: %s", what);
}

bool object_layout_copy(const ObjectLayout *layout, guint64 offset, void *to, size_t length)
{
    const guint8 *from = object_bytes_at(layout->bytes, offset, length);
    if (from)
        memcpy(to, from, length);
    return from != NULL;
}

bool object_layout_place(const ObjectLayout *layout, guint64 address, guint64 *ret_offset,
                         guint64 *ret_left)
{
    for (guint i = 0; i < layout->header.e_phnum; i++) {
        const Elf64_Phdr *p = &layout->programs[i];
        if (p->p_type != PT_LOAD || address < p->p_vaddr || address - p->p_vaddr >= p->p_filesz)
            continue;
        guint64 within = address - p->p_vaddr;
        if (p->p_offset > layout->size || p->p_filesz > layout->size - p->p_offset)
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

static gboolean read_programs(ObjectLayout *layout, GError **error)
{
    const Elf64_Ehdr *header = &layout->header;
    guint64 length = (guint64)header->e_phnum * sizeof(Elf64_Phdr);
    if (header->e_phentsize != sizeof(Elf64_Phdr) || header->e_phnum == 0 ||
        header->e_phnum > PROGRAM_HEADERS)
        return object_damaged(error, "its program headers are not of its class");
    if (!object_bytes_want(layout->bytes, header->e_phoff, length))
        return object_damaged(error, "its program headers lie outside the file");
    if (!object_bytes_collect(layout->bytes, error))
        return FALSE;
    layout->programs = g_new(Elf64_Phdr, header->e_phnum);
    object_layout_copy(layout, header->e_phoff, layout->programs, length);
    return TRUE;
}

/* Tools that edit a library move its tables into a small segment of their own, often at the end:
 * kept while passing by, they cost no second pass. */
static void want_small_segments(ObjectLayout *layout)
{
    guint64 wanted = 0;
    for (guint i = 0; i < layout->header.e_phnum; i++) {
        const Elf64_Phdr *p = &layout->programs[i];
        if (p->p_type != PT_LOAD || p->p_filesz > SEGMENT_BYTES ||
            wanted + p->p_filesz > SEGMENTS_BYTES)
            continue;
        if (object_bytes_want(layout->bytes, p->p_offset, p->p_filesz))
            wanted += p->p_filesz;
    }
}

static void take_dynamic(ObjectDynamic *dynamic, const Elf64_Dyn *entry)
{
    guint64 value = entry->d_un.d_val;
    const struct {
        gint64 tag;
        guint64 *to;
    } fields[] = {
        {DT_STRTAB, &dynamic->strings},
        {DT_STRSZ, &dynamic->strings_size},
        {DT_SYMTAB, &dynamic->symbols},
        {DT_HASH, &dynamic->hash},
        {DT_GNU_HASH, &dynamic->gnu_hash},
        {DT_VERSYM, &dynamic->versym},
        {DT_VERNEED, &dynamic->verneed},
        {DT_VERDEF, &dynamic->verdef},
        {DT_VERNEEDNUM, &dynamic->verneed_count},
        {DT_VERDEFNUM, &dynamic->verdef_count},
        {DT_RELA, &dynamic->relocations},
        {DT_RELASZ, &dynamic->relocations_size},
        {DT_JMPREL, &dynamic->calls},
        {DT_PLTRELSZ, &dynamic->calls_size},
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
    } else if (entry->d_tag == DT_BIND_NOW || (entry->d_tag == DT_FLAGS && value & DF_BIND_NOW) ||
               (entry->d_tag == DT_FLAGS_1 && value & DF_1_NOW)) {
        dynamic->now = true;
    }
}

static gboolean read_dynamic(ObjectLayout *layout, bool *ret_found, GError **error)
{
    const Elf64_Phdr *place = NULL;
    for (guint i = 0; i < layout->header.e_phnum && !place; i++) {
        if (layout->programs[i].p_type == PT_DYNAMIC)
            place = &layout->programs[i];
    }
    *ret_found = place != NULL;
    if (!place)
        return TRUE;
    guint64 count = place->p_filesz / sizeof(Elf64_Dyn);
    if (count > DYNAMIC_ENTRIES ||
        !object_bytes_want(layout->bytes, place->p_offset, count * sizeof(Elf64_Dyn)))
        return object_damaged(error, "its dynamic section lies outside the file");
    want_small_segments(layout);
    if (!object_bytes_collect(layout->bytes, error))
        return FALSE;
    for (guint64 i = 0; i < count; i++) {
        Elf64_Dyn entry;
        object_layout_copy(layout, place->p_offset + i * sizeof entry, &entry, sizeof entry);
        if (entry.d_tag == DT_NULL)
            break;
        take_dynamic(&layout->dynamic, &entry);
    }
    return TRUE;
}

void object_layout_init(ObjectLayout *layout, const ObjectStream *stream)
{
    *layout = (ObjectLayout){.bytes = object_bytes_new(stream), .size = stream->size};
    layout->dynamic.needed = g_array_new(FALSE, FALSE, sizeof(guint64));
}

gboolean object_layout_read(ObjectLayout *layout, guint64 head, bool *ret_found, GError **error)
{
    head = MIN(layout->size, head);
    *ret_found = false;
    if (!object_bytes_want(layout->bytes, 0, head))
        return TRUE;
    if (!object_bytes_collect(layout->bytes, error))
        return FALSE;
    if (!object_layout_copy(layout, 0, &layout->header, sizeof layout->header) ||
        !is_shared_object(&layout->header))
        return TRUE;
    return read_programs(layout, error) && read_dynamic(layout, ret_found, error);
}

void object_layout_clear(ObjectLayout *layout)
{
    g_clear_pointer(&layout->dynamic.needed, g_array_unref);
    g_clear_pointer(&layout->programs, g_free);
    g_clear_pointer(&layout->bytes, object_bytes_free);
}
