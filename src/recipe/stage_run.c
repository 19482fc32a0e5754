#include "recipe/stage_run.h"

#include "recipe/stage_kinds.h"

static const char *const mount_types[] = {"cache", "tmpfs", NULL};

/* clang-format off */
static const Field mount_fields[] = {
    {"type", &type_either, offsetof(RunMount, tmpfs), 0, "What is mounted (default: cache)", mount_types},
    {"target", &type_text, offsetof(RunMount, target), FIELD_REQUIRED, "Where it is mounted", &rule_image_path},
};

static const Shape mount_shape = {
    .name = "run-mount", .title = "`mounts:`", .size = sizeof(RunMount),
    .fields = mount_fields, .count = G_N_ELEMENTS(mount_fields),
    .at_offset = offsetof(RunMount, at),
};

static const Field run_fields[] = {
    {"script", &type_value, offsetof(RunStage, script), FIELD_REQUIRED | FIELD_VERBATIM, "The script; variables arrive in its environment", NULL},
    {"shell", &type_argv, offsetof(RunStage, shell), 0, "What runs the script (default: [bash, -euo, pipefail, -c])", NULL},
    {"network", &type_bool, offsetof(RunStage, network), 0, "Whether there is a network; the image is marked not reproducible (default: false)", NULL},
    {"secrets", &type_texts, offsetof(RunStage, secrets), FIELD_LIST, "Ids of secrets to mount", &rule_name},
    {"mounts", &type_items, offsetof(RunStage, mounts), FIELD_LIST, "Caches and temporary folders", &mount_shape},
    {"user", &type_value, offsetof(RunStage, user), 0, "User that runs it (default: root)", NULL},
    {"workdir", &type_value, offsetof(RunStage, workdir), 0, "Folder it runs in", &rule_image_path},
    {"keep", &type_texts, offsetof(RunStage, keep), FIELD_LIST, "Globs of what remains in the image (default: everything)", &rule_image_path},
    {"inputs", &type_texts, offsetof(RunStage, inputs), FIELD_LIST, "Globs in the recipe's folder that the script reads", &rule_context_path},
};

static const Field common_fields[] = {
    {"name", &type_text, offsetof(Stage, name), 0, "Label of the stage in reports and layers (default: run#N)", &rule_name},
    {"when", &type_when, 0, FIELD_NO_SLOT | FIELD_VERBATIM, "Variables and values that must all match", NULL},
    {"each", &type_each, 0, FIELD_NO_SLOT | FIELD_VERBATIM, "{NAME: LIST}: the stage once for every item, with $(NAME) for it", NULL},
    {"layer", &type_text, offsetof(Stage, layer), 0, "Name of the layer that holds what the stage makes", &rule_name},
    {"env", &type_env_assigned, offsetof(Stage, env), 0, "Environment of this stage; it never reaches the image", NULL},
};
/* clang-format on */

static const Shape body_shape = {
    .name = "run-body",
    .title = "`run:`",
    .size = sizeof(RunStage),
    .fields = run_fields,
    .count = G_N_ELEMENTS(run_fields),
};

const Shape run_shape = {
    .name = "run",
    .title = "`run:`",
    .size = sizeof(Stage),
    .fields = common_fields,
    .count = G_N_ELEMENTS(common_fields),
    .short_key = "script",
    .more = &body_shape,
    .more_offset = offsetof(Stage, body),
};
