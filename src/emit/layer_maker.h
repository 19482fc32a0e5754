/* Makes layers on all cores, each once: what the cache or the destination has already is not made
 * again, and nothing is held in memory.
 *
 * A layer that was made is remembered by its key (diff_id, digest, size); its blob lies in the blob
 * store. Where that can't be written, the blobs go into a folder of their own that lives as long as
 * the maker. */
#pragma once

#include "plan/layer_source.h"
#include "store/blob_store.h"

#include "base/progress.h"

typedef enum {
    LAYER_NEW,     /* made in this run */
    LAYER_CACHED,  /* its blob was in the cache */
    LAYER_PRESENT, /* the destination has it */
    LAYER_UNKNOWN, /* a dry run, and nobody has made it yet: no digests */
} LayerState;

typedef struct {
    LayerSummary summary;
    char *path; /* of the blob; NULL: LAYER_PRESENT or LAYER_UNKNOWN */
    LayerState state;
} MadeLayer;

typedef struct {
    unsigned jobs;      /* threads; 0: as many as the machine has */
    const char *layout; /* folder of an OCI layout that the image goes into, or NULL */
    bool dry_run;       /* nothing is made */
    Progress *progress;
} LayerMakerOptions;

typedef struct LayerMaker LayerMaker;

/* Borrows the store. */
LayerMaker *layer_maker_new(BlobStore *blobs, const LayerMakerOptions *options);
/* Stops what is under way. */
void layer_maker_free(LayerMaker *maker);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(LayerMaker, layer_maker_free)

/* Begins the layer, unless one of its key is there or under way. The source is borrowed until the
 * layer is done. */
void layer_maker_want(LayerMaker *maker, const LayerSource *source);
/* Waits for the layer, which belongs to the maker. Errors: as layer_source_write(). */
gboolean layer_maker_get(LayerMaker *maker, const LayerSource *source, const MadeLayer **ret_layer,
                         GError **error);
