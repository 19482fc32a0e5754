/* The image's configuration: the base's with what the recipe says on top, as a Dockerfile's
 * instructions would have left it, and the labels. */
#pragma once

#include "image/document.h"
#include "plan/plan.h"

typedef struct {
    const Plan *plan;
    const ImageConfig *base;
    const char *base_name, *base_digest; /* for org.opencontainers.image.base.*; or NULL */
    const char *created;                 /* RFC 3339 */
    const char *revision, *source;       /* --label-git; or NULL */
    bool forced;                         /* built with --force in spite of findings */
    const char *recipe_text, *lock_text; /* embedded compressed */
} ImageSettings;

/* env with references to the base's values, entrypoint (which resets the base's cmd), cmd, user,
 * workdir, ports, volumes, stop_signal, healthcheck, labels. History and diff_ids are the base's.
 * Errors: ERROR_INPUT with the recipe line. */
gboolean image_settings_config(const ImageSettings *settings, ImageConfig **ret_config,
                               GError **error);
/* ImagePair list of the manifest's annotations. */
GPtrArray *image_settings_annotations(const ImageSettings *settings);
/* What image_settings_config() embedded: the texts of recipe (as one file, what it includes in
 * it) and lock, from an image's labels. NULL texts where there are none; ERROR_INPUT when they are
 * damaged. */
gboolean image_settings_embedded(const ImageConfig *config, char **ret_recipe, char **ret_lock,
                                 GError **error);
