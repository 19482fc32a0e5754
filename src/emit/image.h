/* plan → image: the base's layers as they are, above them the wheels, what an installer writes, and
 * files, made without running anything of the image.
 *
 * The result is a function of recipe, lock, base and the format versions: not of this machine, the
 * moment, the cache or the number of threads. */
#pragma once

#include "check/build_checks.h"
#include "emit/layer_maker.h"
#include "image/image_output.h"
#include "lock/build_base.h"
#include "plan/plan.h"

/* Whether a finding speaks against the image. */
typedef bool (*FindingCounts)(void *data, const Finding *finding);

typedef struct {
    const Plan *plan;
    LockSession *session;
    BlobStore *blobs;
    LayerMakerOptions maker;
    bool one_layer;           /* all of ours as one, whatever the recipe's `layers:` say */
    int format;               /* LayerFormat of our layers; -1: the recipe's */
    gint64 source_date_epoch; /* seconds since 1970; -1: not given */
    bool forced;              /* in spite of the lock's findings */
    FindingCounts counts;     /* so that an image with such a finding is forced too; NULL: none */
    void *counts_data;
    const char *recipe_text, *lock_text; /* embedded in labels; or NULL */
    const char *revision, *source;       /* --label-git; or NULL */
} ImageBuildOptions;

typedef struct {
    char *source;           /* "base", "wheel torch 2.6.0", "installer" … */
    char *digest, *diff_id; /* "sha256:…"; NULL in a dry run where nobody has made it */
    guint64 size, tar_size; /* of blob and tar; 0: unknown */
    guint64 wheel_size;     /* of the wheels that it is made from */
    guint files;            /* 0 for the base's */
    LayerState state;
} BuiltLayer;

typedef struct {
    BuildBase *base;
    Image *image; /* NULL in a dry run that would make layers */
    ImageConfig *config;
    GPtrArray *layers; /* BuiltLayer, lowest first; the first base_layers are the base's */
    guint base_layers;
    GPtrArray
        *findings; /* Finding: of wheels that write the same files, which only their lists tell */
    BuildChecks *build_checks; /* of the recipe, when somebody has run them; else NULL */
    guint checks; /* build checks of the recipe, none of which was run; without moved ones */
    guint moved;  /* imports of `checks:` that are moved to `gpu` */
} BuiltImage;
void built_image_free(BuiltImage *built);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(BuiltImage, built_image_free)

/* Fetches what is missing, makes the layers, describes the image. Blobs of ours lie in the blob
 * store, or in the destination. `maker`, which is made here and which the caller frees, keeps blobs
 * that could go nowhere else until the outputs are written. */
gboolean image_build(const ImageBuildOptions *options, LayerMaker **ret_maker,
                     BuiltImage **ret_built, GError **error);
