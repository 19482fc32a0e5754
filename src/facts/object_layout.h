/* Where a shared object has its parts: program headers and what the dynamic section names (System V
 * gABI, chapter 5). For the files of this folder that read objects. */
#pragma once

#include <elf.h>

#include "facts/object_bytes.h"

enum {
    OBJECT_HEAD_BYTES = 16 * 1024 * 1024, /* kept before it is known where the tables are */
};

/* What the dynamic section says, addresses as they are in memory; 0: absent. */
typedef struct {
    guint64 strings, strings_size, symbols, hash, gnu_hash, versym, verneed, verdef;
    guint64 verneed_count, verdef_count;
    guint64 relocations, relocations_size, calls, calls_size; /* Elf64_Rela */
    GArray *needed;                                           /* guint64, offsets in the strings */
    guint64 soname, rpath;
    bool has_soname, has_rpath, runpath;
    bool now; /* calls are bound at once, whatever the caller of dlopen() asks for */
} ObjectDynamic;

typedef struct {
    ObjectBytes *bytes;
    guint64 size;
    Elf64_Ehdr header;
    Elf64_Phdr *programs;
    ObjectDynamic dynamic;
} ObjectLayout;

/* Borrows the stream. */
void object_layout_init(ObjectLayout *layout, const ObjectStream *stream);
void object_layout_clear(ObjectLayout *layout);
/* Keeps the first `head` bytes for tables that lie there. *ret_found false: no shared object of 64
 * bits, little endian, or one without a dynamic section. ERROR_INPUT: a damaged one. */
gboolean object_layout_read(ObjectLayout *layout, guint64 head, bool *ret_found, GError **error);
/* Where an address lies in the file, and how much of its segment follows; false: nowhere. */
bool object_layout_place(const ObjectLayout *layout, guint64 address, guint64 *ret_offset,
                         guint64 *ret_left);
/* Copies what was collected; false: it was not. */
bool object_layout_copy(const ObjectLayout *layout, guint64 offset, void *to, size_t length);
/* ERROR_INPUT; always FALSE. */
gboolean object_damaged(GError **error, const char *what);
