/* Shared objects for tests: one segment, a dynamic section and the tables that it names, wherever
 * the test wants them. */
#pragma once

#include <elf.h>
#include <glib.h>
#include <string.h>

typedef struct {
    const char *name, *library, *version; /* NULL: none; of a definition, `library` is not read */
    bool weak, defined;
} ElfSymbol;

typedef struct {
    const char *soname, *rpath;
    bool runpath;
    const char *const *needed;
    const ElfSymbol *symbols; /* undefined ones first, as linkers do */
    guint count;
    guint64 dynamic_at, tables_at; /* 0: behind what comes before */
    bool old_hash, no_hash;
    const char *unbound; /* the undefined name that no relocation asks for, or NULL */
    bool no_calls;       /* relocations as of data */
    gint64 now_tag;      /* DT_BIND_NOW, DT_FLAGS … or 0 */
    guint64 now_flags;
} ElfPlan;

typedef struct {
    GByteArray *file;
    GString *strings;
    GArray *dynamic; /* Elf64_Dyn */
} ElfMaker;

static inline guint64 elf_text(ElfMaker *maker, const char *text)
{
    guint64 at = maker->strings->len;
    g_string_append_len(maker->strings, text, (gssize)strlen(text) + 1);
    return at;
}

static inline void elf_entry(ElfMaker *maker, gint64 tag, guint64 value)
{
    Elf64_Dyn entry = {.d_tag = tag, .d_un = {.d_val = value}};
    g_array_append_val(maker->dynamic, entry);
}

static inline guint64 elf_put(ElfMaker *maker, const void *data, size_t length)
{
    while (maker->file->len % 8)
        g_byte_array_append(maker->file, (const guint8 *)"", 1);
    guint64 at = maker->file->len;
    g_byte_array_append(maker->file, data, (guint)length);
    return at;
}

static inline void elf_skip_to(ElfMaker *maker, guint64 offset)
{
    guint before = maker->file->len;
    if (offset <= before)
        return;
    g_byte_array_set_size(maker->file, (guint)offset);
    memset(maker->file->data + before, 0, offset - before);
}

/* The index that `version` has: 2 for the first one that is named. */
static inline guint elf_version(GPtrArray *versions, const char *version)
{
    guint index;
    if (!version)
        return 1;
    if (g_ptr_array_find_with_equal_func(versions, version, g_str_equal, &index))
        return index + 2;
    g_ptr_array_add(versions, (gpointer)version);
    return versions->len + 1;
}

static inline void elf_put_versions(ElfMaker *maker, const ElfPlan *plan, GPtrArray *versions)
{
    GByteArray *needs = g_byte_array_new(), *definitions = g_byte_array_new();
    guint need_count = 0, definition_count = 0;
    for (guint v = 0; v < versions->len; v++) {
        const ElfSymbol *of = NULL;
        for (guint i = 0; i < plan->count && !of; i++) {
            if (g_strcmp0(plan->symbols[i].version, versions->pdata[v]) == 0)
                of = &plan->symbols[i];
        }
        if (of->defined) {
            struct {
                Elf64_Verdef head;
                Elf64_Verdaux name;
            } entry = {{1, 0, (Elf64_Half)(v + 2), 1, 0, sizeof(Elf64_Verdef), sizeof entry},
                       {0, 0}};
            entry.name.vda_name = (Elf64_Word)elf_text(maker, of->version);
            g_byte_array_append(definitions, (const guint8 *)&entry, sizeof entry);
            definition_count++;
        } else {
            struct {
                Elf64_Verneed head;
                Elf64_Vernaux name;
            } entry = {{1, 1, 0, sizeof(Elf64_Verneed), sizeof entry}, {0, 0, 0, 0, 0}};
            entry.head.vn_file = (Elf64_Word)elf_text(maker, of->library);
            entry.name.vna_other = (Elf64_Half)(v + 2);
            entry.name.vna_name = (Elf64_Word)elf_text(maker, of->version);
            g_byte_array_append(needs, (const guint8 *)&entry, sizeof entry);
            need_count++;
        }
    }
    if (need_count) {
        elf_entry(maker, DT_VERNEED, elf_put(maker, needs->data, needs->len));
        elf_entry(maker, DT_VERNEEDNUM, need_count);
    }
    if (definition_count) {
        elf_entry(maker, DT_VERDEF, elf_put(maker, definitions->data, definitions->len));
        elf_entry(maker, DT_VERDEFNUM, definition_count);
    }
    g_byte_array_unref(needs);
    g_byte_array_unref(definitions);
}

static inline void elf_put_hash(ElfMaker *maker, const ElfPlan *plan, guint first)
{
    guint total = plan->count + 1;
    if (plan->old_hash) {
        guint32 *words = g_new0(guint32, 3 + total);
        words[0] = 1;
        words[1] = total;
        elf_entry(maker, DT_HASH, elf_put(maker, words, 4 * (3 + total)));
        g_free(words);
        return;
    }
    /* head, one bloom word, one bucket, a chain whose last entry is odd */
    guint32 *words = g_new0(guint32, 7 + total);
    guint length = 7;
    words[0] = 1;
    words[1] = first;
    words[2] = 1;
    words[6] = first < total ? first : 0;
    for (guint i = first; i < total; i++)
        words[length++] = i + 1 == total;
    elf_entry(maker, DT_GNU_HASH, elf_put(maker, words, 4 * length));
    g_free(words);
}

static inline void elf_put_symbols(ElfMaker *maker, const ElfPlan *plan)
{
    g_autoptr(GPtrArray) versions = g_ptr_array_new();
    GArray *symbols = g_array_new(FALSE, TRUE, sizeof(Elf64_Sym));
    GArray *versym = g_array_new(FALSE, TRUE, sizeof(Elf64_Half));
    guint first = plan->count + 1;
    g_array_set_size(symbols, plan->count + 1);
    g_array_set_size(versym, plan->count + 1);
    for (guint i = 0; i < plan->count; i++) {
        const ElfSymbol *from = &plan->symbols[i];
        Elf64_Sym *symbol = &g_array_index(symbols, Elf64_Sym, i + 1);
        symbol->st_name = (Elf64_Word)elf_text(maker, from->name);
        symbol->st_info = ELF64_ST_INFO(from->weak ? STB_WEAK : STB_GLOBAL, STT_FUNC);
        symbol->st_shndx = from->defined ? 1 : SHN_UNDEF;
        g_array_index(versym, Elf64_Half, i + 1) = (Elf64_Half)elf_version(versions, from->version);
        if (from->defined && first > i + 1)
            first = i + 1;
    }
    elf_entry(maker, DT_SYMTAB, elf_put(maker, symbols->data, symbols->len * sizeof(Elf64_Sym)));
    elf_entry(maker, DT_VERSYM, elf_put(maker, versym->data, versym->len * sizeof(Elf64_Half)));
    elf_put_versions(maker, plan, versions);
    if (!plan->no_hash)
        elf_put_hash(maker, plan, first);
    g_array_unref(symbols);
    g_array_unref(versym);
}

static inline void elf_put_relocations(ElfMaker *maker, const ElfPlan *plan)
{
    GArray *entries = g_array_new(FALSE, TRUE, sizeof(Elf64_Rela));
    for (guint i = 0; i < plan->count; i++) {
        Elf64_Rela entry = {.r_info = ELF64_R_INFO((guint64)i + 1, R_X86_64_JUMP_SLOT)};
        if (!plan->symbols[i].defined && g_strcmp0(plan->symbols[i].name, plan->unbound) != 0)
            g_array_append_val(entries, entry);
    }
    guint64 length = entries->len * sizeof(Elf64_Rela);
    if (length > 0) {
        elf_entry(maker, plan->no_calls ? DT_RELA : DT_JMPREL,
                  elf_put(maker, entries->data, length));
        elf_entry(maker, plan->no_calls ? DT_RELASZ : DT_PLTRELSZ, length);
        if (plan->now_tag)
            elf_entry(maker, plan->now_tag, plan->now_flags);
    }
    g_array_unref(entries);
}

static inline GBytes *elf_build(const ElfPlan *plan)
{
    ElfMaker maker = {g_byte_array_new(), g_string_new_len("", 1),
                      g_array_new(FALSE, TRUE, sizeof(Elf64_Dyn))};
    Elf64_Ehdr header = {.e_ident = {0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB, EV_CURRENT},
                         .e_type = ET_DYN,
                         .e_machine = EM_X86_64,
                         .e_version = EV_CURRENT,
                         .e_phoff = sizeof header,
                         .e_ehsize = sizeof header,
                         .e_phentsize = sizeof(Elf64_Phdr),
                         .e_phnum = 2};
    Elf64_Phdr programs[2] = {{.p_type = PT_LOAD}, {.p_type = PT_DYNAMIC}};
    elf_put(&maker, &header, sizeof header);
    elf_put(&maker, programs, sizeof programs);
    for (guint i = 0; plan->needed && plan->needed[i]; i++)
        elf_entry(&maker, DT_NEEDED, elf_text(&maker, plan->needed[i]));
    if (plan->soname)
        elf_entry(&maker, DT_SONAME, elf_text(&maker, plan->soname));
    if (plan->rpath)
        elf_entry(&maker, plan->runpath ? DT_RUNPATH : DT_RPATH, elf_text(&maker, plan->rpath));
    elf_skip_to(&maker, plan->tables_at);
    elf_put_symbols(&maker, plan);
    elf_put_relocations(&maker, plan);
    elf_entry(&maker, DT_STRTAB, elf_put(&maker, maker.strings->str, maker.strings->len));
    elf_entry(&maker, DT_STRSZ, maker.strings->len);
    elf_entry(&maker, DT_NULL, 0);
    elf_skip_to(&maker, plan->dynamic_at);
    size_t length = maker.dynamic->len * sizeof(Elf64_Dyn);
    programs[1].p_offset = programs[1].p_vaddr = elf_put(&maker, maker.dynamic->data, length);
    programs[1].p_filesz = length;
    programs[0].p_filesz = maker.file->len;
    memcpy(maker.file->data + sizeof header, programs, sizeof programs);
    g_string_free(maker.strings, TRUE);
    g_array_unref(maker.dynamic);
    return g_byte_array_free_to_bytes(maker.file);
}
