#include "python/elf.h"

#include <gelf.h>
#include <libelf.h>

enum {
    ENTRIES_READ = 10000, /* of a dynamic section, or version definitions */
};

static const struct {
    unsigned machine;
    const char *name; /* as platform.machine() has it */
} machines[] = {
    {EM_X86_64, "x86_64"}, {EM_AARCH64, "aarch64"}, {EM_386, "i686"},      {EM_ARM, "armv7l"},
    {EM_PPC64, "ppc64le"}, {EM_S390, "s390x"},      {EM_RISCV, "riscv64"},
};

static Elf *open_elf(GBytes *bytes)
{
    gsize length;
    const char *data = g_bytes_get_data(bytes, &length);
    if (length < EI_NIDENT || memcmp(data, ELFMAG, SELFMAG) != 0)
        return NULL;
    if (elf_version(EV_CURRENT) == EV_NONE)
        return NULL;
    /* libelf does not write to it: the image is opened for reading */
    Elf *elf = elf_memory((char *)data, length);
    if (elf && elf_kind(elf) != ELF_K_ELF) {
        elf_end(elf);
        return NULL;
    }
    return elf;
}

/* Text of the file at [offset, offset + size), which ends in NUL. */
static char *text_at(GBytes *bytes, guint64 offset, guint64 size)
{
    gsize length;
    const char *data = g_bytes_get_data(bytes, &length);
    if (offset > length || size > length - offset || size == 0 || size > 4096)
        return NULL;
    size_t n = strnlen(data + offset, size);
    return n < size ? g_strndup(data + offset, n) : NULL;
}

static char *find_interpreter(Elf *elf, GBytes *bytes)
{
    size_t count = 0;
    if (elf_getphdrnum(elf, &count) != 0)
        return NULL;
    for (size_t i = 0; i < count && i < ENTRIES_READ; i++) {
        GElf_Phdr header;
        if (gelf_getphdr(elf, (int)i, &header) && header.p_type == PT_INTERP)
            return text_at(bytes, header.p_offset, header.p_filesz);
    }
    return NULL;
}

static Elf_Scn *find_section(Elf *elf, unsigned type, GElf_Shdr *ret_header)
{
    for (Elf_Scn *section = NULL; (section = elf_nextscn(elf, section));) {
        if (gelf_getshdr(section, ret_header) && ret_header->sh_type == type)
            return section;
    }
    return NULL;
}

static char **find_needed(Elf *elf)
{
    g_autoptr(GStrvBuilder) needed = g_strv_builder_new();
    GElf_Shdr header;
    Elf_Scn *section = find_section(elf, SHT_DYNAMIC, &header);
    Elf_Data *data = section ? elf_getdata(section, NULL) : NULL;
    for (int i = 0; data && i < ENTRIES_READ; i++) {
        GElf_Dyn entry;
        if (!gelf_getdyn(data, i, &entry) || entry.d_tag == DT_NULL)
            break;
        const char *name = entry.d_tag == DT_NEEDED
                               ? elf_strptr(elf, header.sh_link, (size_t)entry.d_un.d_val)
                               : NULL;
        if (name)
            g_strv_builder_add(needed, name);
    }
    return g_strv_builder_end(needed);
}

ElfFacts *elf_facts_read(GBytes *bytes)
{
    Elf *elf = open_elf(bytes);
    GElf_Ehdr header;
    if (!elf)
        return NULL;
    if (!gelf_getehdr(elf, &header)) {
        elf_end(elf);
        return NULL;
    }
    ElfFacts *facts = g_new0(ElfFacts, 1);
    for (size_t i = 0; i < G_N_ELEMENTS(machines); i++) {
        if (machines[i].machine == header.e_machine)
            facts->machine = g_strdup(machines[i].name);
    }
    facts->interpreter = find_interpreter(elf, bytes);
    facts->needed = find_needed(elf);
    elf_end(elf);
    return facts;
}

void elf_facts_free(ElfFacts *facts)
{
    if (!facts)
        return;
    g_free(facts->interpreter);
    g_free(facts->machine);
    g_strfreev(facts->needed);
    g_free(facts);
}

/* "GLIBC_2.36" → 36 for the prefix "GLIBC_2"; -1 for another name. */
static int version_number(const char *name, const char *prefix)
{
    size_t n = strlen(prefix);
    if (strncmp(name, prefix, n) != 0 || name[n] != '.' || !g_ascii_isdigit(name[n + 1]))
        return -1;
    char *end;
    guint64 number = g_ascii_strtoull(name + n + 1, &end, 10);
    return (*end == '\0' || *end == '.') && number < 1000 ? (int)number : -1;
}

int elf_highest_version(GBytes *bytes, const char *prefix)
{
    Elf *elf = open_elf(bytes);
    int highest = -1;
    GElf_Shdr header;
    Elf_Scn *section = elf ? find_section(elf, SHT_GNU_verdef, &header) : NULL;
    Elf_Data *data = section ? elf_getdata(section, NULL) : NULL;
    int offset = 0;
    for (int i = 0; data && i < ENTRIES_READ; i++) {
        GElf_Verdef definition;
        GElf_Verdaux name;
        if (!gelf_getverdef(data, offset, &definition) || definition.vd_aux > G_MAXINT16 ||
            !gelf_getverdaux(data, offset + (int)definition.vd_aux, &name))
            break;
        const char *text = elf_strptr(elf, header.sh_link, name.vda_name);
        if (text)
            highest = MAX(highest, version_number(text, prefix));
        if (definition.vd_next == 0 || definition.vd_next > G_MAXINT16)
            break;
        offset += (int)definition.vd_next;
    }
    if (elf)
        elf_end(elf);
    return highest;
}
