/* The image's configuration: the base's with what the recipe says on top, as the instructions of
 * the rendered Dockerfile would have left it, and the labels.
 *
 * Labels of ours, beside those of image-spec's annotations.md: LABEL_FORMAT, the version of how
 * recipe and lock become files and a configuration; LABEL_LAYERS, that of how files become layers;
 * LABEL_RECIPE and LABEL_LOCK, gzip in base64 (the lock of two hundred distributions takes about 50
 * KB of them; a registry takes 4 MiB of configuration); LABEL_ROW, LABEL_EPOCH, LABEL_FORCED,
 * LABEL_SUBSTITUTED and LABEL_UNREPRODUCIBLE where they hold; LABEL_CUDA to
 * LABEL_MIN_VRAM, what a host must have, where it is known (host_floors.h). Nothing in them depends
 * on the clock or the machine. Those that the base has are dropped. */
#pragma once

#include "image/document.h"
#include "plan/plan.h"

#define LABEL_PREFIX "dev.ramekin."
#define LABEL_FORMAT LABEL_PREFIX "format"
#define LABEL_ROW LABEL_PREFIX "row"
#define LABEL_RECIPE LABEL_PREFIX "recipe"
#define LABEL_LOCK LABEL_PREFIX "lock"
#define LABEL_FORCED LABEL_PREFIX "forced"                 /* "true": --force */
#define LABEL_SUBSTITUTED LABEL_PREFIX "substituted"       /* "index cu124, base python:3.11" */
#define LABEL_UNREPRODUCIBLE LABEL_PREFIX "unreproducible" /* why: one clause for each cause */
#define LABEL_EPOCH LABEL_PREFIX "epoch"           /* SOURCE_DATE_EPOCH, where it was given */
#define LABEL_LAYERS LABEL_PREFIX "layers"         /* "gzip 1", "zstd 1, zstd 1.5.4" */
#define LABEL_CUDA LABEL_PREFIX "cuda"             /* that the wheels are built for: "12.4" */
#define LABEL_MIN_CUDA LABEL_PREFIX "min_cuda"     /* of the driver: "12.0" */
#define LABEL_MIN_DRIVER LABEL_PREFIX "min_driver" /* "525.60.13" */
#define LABEL_CAPABILITY LABEL_PREFIX "compute_capability" /* of the GPUs it is for: "8.6, 8.9" */
#define LABEL_MIN_VRAM LABEL_PREFIX "min_vram"             /* bytes */
/* Those of image-spec's annotations.md. */
#define LABEL_STANDARD "org.opencontainers.image."
#define LABEL_REVISION LABEL_STANDARD "revision"
#define LABEL_SOURCE LABEL_STANDARD "source"

/* The version in LABEL_FORMAT. Whoever changes the files or the configuration of an image for the
 * same recipe and lock raises it. */
#define IMAGE_FORMAT_VERSION 2

typedef struct {
    const Plan *plan;
    const ImageConfig *base;
    const char *base_name, *base_digest; /* for org.opencontainers.image.base.*; or NULL; the name
                                            of a base on this machine is left out */
    const char *created;                 /* RFC 3339 */
    const char *epoch;                   /* SOURCE_DATE_EPOCH as a number; NULL: not given */
    const char *revision, *source;       /* --label-git; or NULL */
    const char *layers; /* format of the layers, its version, and the library it needs; or NULL */
    bool forced;        /* built with --force in spite of findings */
    const char *recipe_text, *lock_text; /* embedded compressed; or NULL */
} ImageSettings;

/* env with references to the base's values, entrypoint (which resets the base's cmd), cmd, user,
 * workdir, ports, volumes, stop_signal, healthcheck, labels, of
 * which the recipe's own win but for LABEL_PREFIX. History and diff_ids are the base's. Errors:
 * ERROR_INPUT with the recipe line. */
gboolean image_settings_config(const ImageSettings *settings, ImageConfig **ret_config,
                               GError **error);
/* ImagePair list of the manifest's annotations. */
GPtrArray *image_settings_annotations(const ImageSettings *settings);
/* What image_settings_config() embedded, from an image's labels. NULL texts where there are none;
 * ERROR_INPUT when they are damaged. */
gboolean image_settings_embedded(const ImageConfig *config, char **ret_recipe, char **ret_lock,
                                 GError **error);
