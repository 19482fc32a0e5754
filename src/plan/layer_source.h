/* One layer of ours before it is made: its entries in order, and the key that names its bytes.
 *
 * The key is a function of everything the layer's bytes depend on: for wheels their sha256, prefix
 * and scheme as the entries' paths show them, format and encoder version, the attributes of parent
 * folders, and what was omitted; for others every entry with its content. */
#pragma once

#include "archive/splice.h"
#include "plan/layering.h"
#include "plan/merged_tree.h"

typedef struct {
    const LayerSlot *slot;
    GPtrArray *entries;   /* TreeEntry, by path, parents first; borrowed from the tree or `own` */
    GPtrArray *whiteouts; /* absolute paths that the layer hides */
    GPtrArray *own;       /* TreeEntry of parent folders, made for this layer */
    guint64 raw_size;     /* bytes of its files */
    char *key;            /* hex sha256 */
} LayerSource;
void layer_source_free(LayerSource *source);

typedef struct {
    LayerFormat format;
    gint64 wheel_mtime; /* of wheel and installer layers: a constant */
    gint64 files_mtime; /* of the others */
} LayerPolicy;

/* Distributes the tree's entries over the slots; slots without any are left out. */
GPtrArray *layer_sources_new(MergedTree *tree, const GPtrArray *slots, const LayerPolicy *policy,
                             GError **error);
/* Writes the layer. Errors: ERROR_INPUT naming wheel and member, ERROR_FAILED. Thread-safe between
 * sources. */
gboolean layer_source_write(const LayerSource *source, const LayerPolicy *policy, DeflateSink sink,
                            void *data, LayerSummary *ret_summary, GError **error);
