/* One layer of ours before it is made: its entries in order, and the key that names its bytes.
 *
 * The key is a digest over everything that the layer's bytes depend on: format and its version,
 * every entry with its attributes, and its content by identity (sha256 of the wheel and the place
 * in it; sha256 of other files). So a layer of one wheel has one key in every image in which all of
 * its files survive at the same paths, and equal keys mean equal bytes. Folders that hold an entry
 * are in the layer too, with the attributes that the image gives them: under overlay mounts those
 * of the highest layer win. */
#pragma once

#include "archive/splice.h"
#include "plan/layering.h"
#include "plan/merged_tree.h"

typedef struct {
    LayerFormat format;
    gint64 wheel_mtime; /* of wheels' and the installer's files: a constant */
    gint64 files_mtime; /* of others */
} LayerPolicy;

typedef struct LayerMember LayerMember;

typedef struct {
    char *source;       /* for people: the slot's */
    GArray *members;    /* LayerMember, by path: a folder before what is in it */
    GPtrArray *own;     /* what was made for this layer: texts */
    guint64 raw_size;   /* bytes of its files */
    guint64 wheel_size; /* bytes of the wheels' files that it is made from, whole */
    guint files;        /* how many files and links */
    char *key;          /* hex sha256 */
    LayerPolicy policy;
} LayerSource;
void layer_source_free(LayerSource *source);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(LayerSource, layer_source_free)

/* Distributes the tree's entries over the slots, from below; slots without any are left out. Reads
 * the files of this machine that go in, for their digests. Borrows tree and slots, which outlive
 * the sources. Errors: ERROR_FAILED for a file that can't be read. */
gboolean layer_sources_new(MergedTree *tree, const Layers *layers, const LayerPolicy *policy,
                           GPtrArray **ret_sources, GError **error);
/* Writes the layer. Errors: ERROR_INPUT naming the member of the wheel, ERROR_FAILED, also for a
 * file of this machine that has changed since. May run in several threads for different sources. */
gboolean layer_source_write(const LayerSource *source, DeflateSink sink, void *data,
                            LayerSummary *ret_summary, GError **error);
