/* For which GPUs a library has code: the entries of its fat binaries, found by walking forward over
 * its bytes, without sections, random access or decompression of the code.
 *
 * Containers are counted each, because a library serves a device only where each of its containers
 * does. Containers that lie outside .nv_fatbin (some NVIDIA libraries keep more) can't be told from
 * the others in a stream; `private` ones are known where the section's place is. */
#pragma once

#include "base/error.h"

typedef enum {
    FATBIN_PTX,
    FATBIN_CUBIN,
    FATBIN_LTO,
} FatbinKind;

typedef enum {
    ARCH_ANY,      /* runs on later minors of the same major too */
    ARCH_SPECIFIC, /* "90a" */
    ARCH_FAMILY,   /* "120f" */
} ArchScope;

typedef struct {
    FatbinKind kind;
    unsigned arch; /* 75, 90, 120: major * 10 + minor */
    ArchScope scope;
    unsigned ptx_major, ptx_minor; /* ISA of PTX */
} FatbinCode;

/* Containers that hold the same codes, and how many there are: most libraries have few kinds. */
typedef struct {
    GArray *codes; /* FatbinCode, sorted, each once */
    guint64 containers;
} FatbinGroup;

typedef struct {
    GPtrArray *groups; /* FatbinGroup, by codes */
    guint64 containers, entries, malformed;
} FatbinSummary;
void fatbin_summary_free(FatbinSummary *summary);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(FatbinSummary, fatbin_summary_free)

typedef struct FatbinScanner FatbinScanner;
FatbinScanner *fatbin_scanner_new(void);
void fatbin_scanner_free(FatbinScanner *scanner);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(FatbinScanner, fatbin_scanner_free)
/* The next bytes of the file, in order from its first. */
void fatbin_scanner_feed(FatbinScanner *scanner, const void *bytes, size_t length);
/* Ends the scan; the caller frees. */
FatbinSummary *fatbin_scanner_finish(FatbinScanner *scanner);

/* How many of the containers serve a device of compute capability `capability` (major * 10 +
 * minor), and how many of those by PTX alone; *ret_ptx: the highest PTX ISA (major * 10 + minor)
 * that the driver must know for that, 0 without. */
guint64 fatbin_serves(const FatbinSummary *summary, unsigned capability, guint64 *ret_by_ptx,
                      unsigned *ret_ptx);
