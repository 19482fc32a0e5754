/* What a shared object asks of the system and of other libraries, and what it offers (System V gABI
 * chapter 5, GNU symbol versioning, Itanium C++ ABI's abi_tag of libstdc++). Read from a stream, so
 * that an object of a gigabyte inside a wheel costs no memory of that size. */
#pragma once

#include "base/error.h"

typedef struct {
    const char *name;
    const char *version; /* "GLIBC_2.34", or NULL */
    bool weak;
} SharedSymbol;

typedef struct {
    char *library;   /* "libstdc++.so.6" */
    char **versions; /* "GLIBCXX_3.4.32" …, NULL-terminated */
} VersionNeed;

typedef struct {
    char *machine;               /* "x86_64", "aarch64" …; NULL: another one */
    char *soname;                /* or NULL */
    char **needed;               /* DT_NEEDED, NULL-terminated */
    char **rpath;                /* DT_RPATH or DT_RUNPATH, parts, $ORIGIN as written; or NULL */
    bool runpath;                /* which of them */
    GArray *undefined, *defined; /* SharedSymbol, by name; dynamic, global or weak */
    GPtrArray *needs;            /* VersionNeed */
    GStringChunk *texts;
} SharedObject;
void shared_object_free(SharedObject *object);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SharedObject, shared_object_free)

/* Where bytes come from: any number of passes from the beginning. Returns the bytes put into the
 * buffer, 0 at the end, -1 with an error. */
typedef struct {
    gboolean (*rewind)(void *data, GError **error);
    gssize (*read)(void *data, void *buffer, size_t length, GError **error);
    void *data;
    guint64 size;
} ObjectStream;

/* NULL without error: no ELF shared object of 64 bits. ERROR_INPUT: a damaged one. */
SharedObject *shared_object_read(const ObjectStream *stream, GError **error);

/* The highest version of a family that is needed: shared_object_floor(o, "GLIBC_2") → 34; -1: none.
 * "GLIBCXX_3.4" and "CXXABI_1.3" alike. */
int shared_object_floor(const SharedObject *object, const char *prefix);
/* Names of the C++ library in undefined symbols with the tag cxx11 (1), without it where both exist
 * (0), or none that tells (-1). */
int shared_object_cxx11(const SharedObject *object);
