#include "recipe/stage_remove.h"

#include "recipe/stage_kinds.h"

static bool check_removed(Decoder *decoder, const Node *node, const char *text)
{
    if (!rule_image_path(decoder, node, text))
        return false;
    if (text[strspn(text, "/.*")] != '\0')
        return true;
    decoder_error(decoder, node, "'%s' would remove everything", text);
    return false;
}

static const TextRule rule_removed = check_removed;

static const Field remove_fields[] = {
    {"paths", &type_texts, offsetof(RemoveStage, paths), FIELD_LIST,
     "Globs of paths; only what the base or `run:` made need be removed", &rule_removed},
};

static const Shape body_shape = {
    .name = "remove-body",
    .title = "`remove:`",
    .size = sizeof(RemoveStage),
    .fields = remove_fields,
    .count = G_N_ELEMENTS(remove_fields),
};

const Shape remove_shape = {
    .name = "remove",
    .title = "`remove:`",
    .size = sizeof(Stage),
    .fields = stage_fields,
    .count = STAGE_FIELD_COUNT,
    .short_key = "paths",
    .more = &body_shape,
    .more_offset = offsetof(Stage, body),
};
