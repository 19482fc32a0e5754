/* What an interpreter's or a C library's ELF file says (gABI, elf(5)); the home of <gelf.h>.
 *
 * Files are read from memory and may be hostile: damaged ones are no ELF files. */
#pragma once

#include <glib.h>
#include <stdbool.h>

typedef struct {
    char *interpreter; /* PT_INTERP: "/lib64/ld-linux-x86-64.so.2"; NULL: statically linked */
    char *machine;     /* "x86_64", "aarch64" …; NULL: another one */
    char **needed;     /* DT_NEEDED, NULL-terminated */
} ElfFacts;

/* NULL when the bytes are no ELF file. */
ElfFacts *elf_facts_read(GBytes *bytes);
void elf_facts_free(ElfFacts *facts);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(ElfFacts, elf_facts_free)

/* The highest N of the versions PREFIX.N that a library defines ("GLIBC_2" → 36); -1: none. */
int elf_highest_version(GBytes *bytes, const char *prefix);
