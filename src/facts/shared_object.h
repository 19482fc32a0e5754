/* What a shared object asks of the system and of other libraries, and what it offers (System V gABI
 * chapter 5, GNU symbol versioning, Itanium C++ ABI's abi_tag of libstdc++). Read from a stream, so
 * that an object of a gigabyte inside a wheel costs no memory of that size.
 *
 * What counts is what the dynamic loader sees: program headers, the dynamic section and the tables
 * it names; sections are asked only for the length of a symbol table whose hash table doesn't tell
 * it. Elf64 structures are read here, without libelf: that wants the whole file in memory or random
 * access, and a stream behind inflate has neither. */
#pragma once

#include "base/error.h"

typedef struct {
    const char *name;
    const char *version; /* "GLIBC_2.34", or NULL */
    bool weak;
    bool hidden; /* of a definition: not the version that new links get ("@", not "@@") */
} SharedSymbol;

typedef struct {
    const char *library;   /* "libstdc++.so.6" */
    const char **versions; /* "GLIBCXX_3.4.32" …, NULL-terminated */
} VersionNeed;

typedef struct {
    char *machine;               /* "x86_64", "aarch64" …; NULL: another one */
    char *soname;                /* or NULL */
    char **needed;               /* DT_NEEDED, NULL-terminated */
    char **rpath;                /* DT_RPATH or DT_RUNPATH, parts, $ORIGIN as written; or NULL */
    bool runpath;                /* which of them; DT_RPATH means nothing beside DT_RUNPATH */
    GArray *undefined, *defined; /* SharedSymbol, by name; dynamic, global or weak */
    GPtrArray *needs;            /* VersionNeed, in the file's order */
    char *texts;                 /* what names and versions point into */
} SharedObject;
void shared_object_free(SharedObject *object);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SharedObject, shared_object_free)
void version_need_free(void *need);

/* Where bytes come from: any number of passes from the beginning. Returns the bytes put into the
 * buffer, 0 at the end, -1 with an error. Most objects are read in one pass, which ends behind the
 * last byte that was wanted; tables in unusual places take another. */
typedef struct {
    gboolean (*rewind)(void *data, GError **error);
    gssize (*read)(void *data, void *buffer, size_t length, GError **error);
    void *data;
    guint64 size;
} ObjectStream;

/* NULL without error: no ELF shared object of 64 bits, little endian. ERROR_INPUT: a damaged one,
 * or one whose tables are larger than any real library's; errors of the stream are passed on. */
SharedObject *shared_object_read(const ObjectStream *stream, GError **error);

/* As shared_object_read() of bytes in memory. */
SharedObject *shared_object_from_bytes(GBytes *bytes, GError **error);

/* The names of undefined symbols that a relocation asks for, which the loader therefore looks up →
 * their places in its order, from 1. `lazy`: those of functions that are only called are left out,
 * as dlopen() leaves them with RTLD_LAZY, unless the object wants them at once (DF_BIND_NOW). The
 * caller frees. NULL: ERROR_INPUT of a damaged object, or of one that is none; errors of the
 * stream. */
GHashTable *shared_object_bound(const ObjectStream *stream, bool lazy, GError **error);

/* The definition of `name`, the default version where there are several; or NULL. With `version`,
 * only that one will do. */
const SharedSymbol *shared_object_find(const SharedObject *object, const char *name,
                                       const char *version);
/* The highest version of a family that is needed: shared_object_floor(o, "GLIBC_2") → 34; -1: none.
 * "GLIBCXX_3.4" and "CXXABI_1.3" alike, whose own name counts as 0. */
int shared_object_floor(const SharedObject *object, const char *prefix);
/* Which std::string the undefined symbols speak of: 1 those of the inline namespace __cxx11 alone,
 * 0 the old one (Ss) alone, -1 neither or both. */
int shared_object_cxx11(const SharedObject *object);
/* The same of one mangled name. */
int symbol_cxx11(const char *name);
