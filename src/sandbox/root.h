/* An image's layers as the root file system of programs.
 *
 * Each layer is unpacked once into a folder of the cache, and every run lays an overlay of its own
 * over them, whose changes lie in memory and are gone with it: runs see the image as it was made
 * and nothing of each other. Where the kernel or the file system of the cache has no such overlay,
 * the image is unpacked once as one tree; without any overlay programs can't write to it but for
 * /tmp, /var/tmp, /run and /dev/shm.
 *
 * As root of the machine, files and programs belong to ids of a range that nobody else has, so that
 * root inside is nobody outside; elsewhere there is one id, that of the caller, and all files
 * belong to the program's user. Layers are checked against digest and diff_id whenever they are
 * unpacked. A root is held by its trees' locks alone: no mount and no process lives between runs.
 */
#pragma once

#include "base/progress.h"
#include "image/document.h"
#include "store/tree_store.h"

typedef struct {
    const ImageConfig *config; /* whose diff_ids are those of the layers */
    const GPtrArray *layers;   /* ImageBlob, lowest first */
    const char *layout;        /* OCI layout where blobs without a path lie, or NULL */
} SandboxImage;

typedef struct {
    Cache *cache;
    bool no_overlay;     /* behave as where there is none */
    guint64 write_bytes; /* what one run may write; 0: half of the memory */
    Progress *progress;  /* or NULL */
} SandboxRootOptions;

typedef struct SandboxRoot SandboxRoot;

/* Unpacks what is missing, several layers at once; copies the configuration. Errors: ERROR_INPUT
 * for a malformed layer or one that is not what it was promised to be; ERROR_FAILED, also where the
 * machine gives us no namespaces, with what can be done as a hint. */
SandboxRoot *sandbox_root_open(const SandboxImage *image, const SandboxRootOptions *options,
                               GError **error);
void sandbox_root_free(SandboxRoot *root);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SandboxRoot, sandbox_root_free)
const ImageConfig *sandbox_root_config(const SandboxRoot *root);
/* Whether programs can write everywhere; if not, *ret_why (or NULL) is borrowed. */
bool sandbox_root_is_writable(const SandboxRoot *root, const char **ret_why);
