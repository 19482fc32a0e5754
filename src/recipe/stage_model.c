#include "recipe/stage_model.h"

#include "recipe/stage_kinds.h"

/* clang-format off */
static const Field model_fields[] = {
    {"repo", &type_value, offsetof(ModelStage, repo), FIELD_REQUIRED | FIELD_EMPTY_OK, "OWNER/NAME on the hub; empty: the stage is skipped", NULL},
    {"revision", &type_value, offsetof(ModelStage, revision), FIELD_EMPTY_OK, "Commit, tag or branch; the lock stores the commit", NULL},
    {"include", &type_texts, offsetof(ModelStage, include), FIELD_LIST, "Globs of the files wanted (default: all)", NULL},
    {"exclude", &type_texts, offsetof(ModelStage, exclude), FIELD_LIST, "Globs that are left out", NULL},
    {"dest", &type_value, offsetof(ModelStage, dest), FIELD_REQUIRED, "Folder in the image", &rule_image_path},
    {"auth", &type_value, offsetof(ModelStage, auth), 0, "Id of the secret to send", &rule_name},
};
/* clang-format on */

static const Shape body_shape = {
    .name = "model-body",
    .title = "`model:`",
    .size = sizeof(ModelStage),
    .fields = model_fields,
    .count = G_N_ELEMENTS(model_fields),
};

const Shape model_shape = {
    .name = "model",
    .title = "`model:`",
    .size = sizeof(Stage),
    .fields = stage_fields,
    .count = STAGE_FIELD_COUNT,
    .more = &body_shape,
    .more_offset = offsetof(Stage, body),
};
