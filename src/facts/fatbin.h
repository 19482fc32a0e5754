/* For which GPUs a library has code: the entries of its fat binaries, found by walking forward over
 * its bytes, without sections, random access or decompression of the code.
 *
 * A container is 16 bytes (u32 0xBA55ED50, u16 version 1, u16 header size 16, u64 size of what
 * follows) at a multiple of 8, then entries of a header (kind, its own size, the padded size of the
 * code, architecture, flags) and code. The format is nvcc's; it is described by what cuobjdump
 * lists. Containers are counted each, because a kernel runs on a device only where its container
 * has code for it. Libraries that choose among containers of single architectures by themselves
 * (cuDNN, cuBLASLt) leave most of them unused on any device, so that a share says little of them;
 * only "none" is an answer that holds for all.
 *
 * Containers that lie outside .nv_fatbin (some NVIDIA libraries keep more) can't be told from the
 * others in a stream, and are counted as they are. */
#pragma once

#include "base/error.h"

typedef enum {
    FATBIN_PTX,
    FATBIN_CUBIN,
    FATBIN_LTO, /* code for a linker at run time, which serves no device by itself */
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
    unsigned ptx_major, ptx_minor; /* ISA of PTX; 0 for other code */
} FatbinCode;

/* Containers that hold the same codes, and how many there are: most libraries have few kinds. */
typedef struct {
    GArray *codes; /* FatbinCode, sorted, each once */
    guint64 containers;
} FatbinGroup;

typedef struct {
    GPtrArray *groups; /* FatbinGroup, by codes */
    /* Containers with code in them, and of these the ones with cubins or PTX, which alone serve
     * devices; entries of all; what began as a container and was none. */
    guint64 containers, loadable, entries, malformed;
    guint64 cubins, ptx; /* entries, as cuobjdump lists them */
} FatbinSummary;
FatbinSummary *fatbin_summary_new(void);
void fatbin_summary_free(FatbinSummary *summary);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(FatbinSummary, fatbin_summary_free)

typedef struct FatbinScanner FatbinScanner;
FatbinScanner *fatbin_scanner_new(void);
void fatbin_scanner_free(FatbinScanner *scanner);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(FatbinScanner, fatbin_scanner_free)
/* The next bytes of the file, in order from its first; where they are cut means nothing. */
void fatbin_scanner_feed(FatbinScanner *scanner, const void *bytes, size_t length);
/* Ends the scan; the caller frees. */
FatbinSummary *fatbin_scanner_finish(FatbinScanner *scanner);

/* Whether code runs on a device of compute capability `capability` (major * 10 + minor), compiled
 * by the driver or not. Code of a specific architecture needs exactly it, code of a family runs on
 * the devices of that family whose minor is not below. */
bool fatbin_code_serves(const FatbinCode *code, unsigned capability);
/* How many of the loadable containers serve a device of compute capability `capability`, and how
 * many of those by PTX alone; *ret_ptx: the highest PTX ISA (major * 10 + minor) that the driver
 * must know for that, 0 without: of each container the lowest that will do. */
guint64 fatbin_serves(const FatbinSummary *summary, unsigned capability, guint64 *ret_by_ptx,
                      unsigned *ret_ptx);
/* "sm_75 sm_80 sm_90 sm_90a compute_90": what any container holds, sorted, each once. The caller
 * frees; "" for none. */
char *fatbin_summary_text(const FatbinSummary *summary);
/* Orders codes by kind, architecture, scope and ISA. */
int fatbin_compare_codes(const void *a, const void *b);
