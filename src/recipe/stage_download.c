#include "recipe/stage_download.h"

#include "recipe/stage_kinds.h"

static const FieldRange strip_range = {0, 64};

/* clang-format off */
static const Field item_fields[] = {
    {"url", &type_value, offsetof(Download, url), FIELD_REQUIRED, "URL of the file", &rule_url},
    {"sha256", &type_value, offsetof(Download, sha256), 0, "Digest of the file; without it the lock stores what it found", &rule_sha256},
    {"dest", &type_value, offsetof(Download, dest), FIELD_REQUIRED, "Where it goes in the image; ending in / means into that folder", &rule_image_path},
    {"mode", &type_value, offsetof(Download, mode), 0, "Octal file mode (default: 0644)", &rule_mode},
    {"unpack", &type_bool, offsetof(Download, unpack), 0, "Unpack the archive at `dest` (default: false)", NULL},
    {"strip", &type_number, offsetof(Download, strip), 0, "Leading folders to drop from the names in the archive (default: 0)", &strip_range},
    {"auth", &type_value, offsetof(Download, auth), 0, "Id of the secret to send", &rule_name},
};
/* clang-format on */

static const KeyHint item_hints[] = {
    {"checksum", "did you mean 'sha256'?"},
    {"extract", "did you mean 'unpack'?"},
    {"path", "did you mean 'dest'?"},
    {NULL, NULL},
};

static void finish_item(Decoder *decoder, const Node *node, void *target)
{
    const Download *item = target;
    if (item->strip && !item->unpack)
        decoder_error(decoder, node_find_key(node, "strip"), "'strip' needs 'unpack: true'");
}

static const Shape item_shape = {
    .name = "download-file",
    .title = "`download:`",
    .size = sizeof(Download),
    .fields = item_fields,
    .count = G_N_ELEMENTS(item_fields),
    .hints = item_hints,
    .at_offset = offsetof(Download, at),
    .finish = finish_item,
};

static const Field download_fields[] = {
    {"files", &type_items, offsetof(DownloadStage, files), FIELD_LIST,
     "Files; the keys of a single one may stand in the body itself", &item_shape},
};

static const Shape body_shape = {
    .name = "download-body",
    .title = "`download:`",
    .size = sizeof(DownloadStage),
    .fields = download_fields,
    .count = G_N_ELEMENTS(download_fields),
};

/* The keys of one file, beside those of the stage. */
static void schema_short(SchemaWriter *schema)
{
    schema_write_type(schema, "object");
    jsonw_key(schema->json, "required");
    jsonw_begin_array(schema->json, JSONW_INLINE);
    jsonw_string(schema->json, "url");
    jsonw_string(schema->json, "dest");
    jsonw_end_array(schema->json);
}

const Shape download_shape = {
    .name = "download",
    .title = "`download:`",
    .size = sizeof(Stage),
    .fields = stage_fields,
    .count = STAGE_FIELD_COUNT,
    .short_key = "files",
    .short_schema = schema_short,
    .more = &body_shape,
    .more_offset = offsetof(Stage, body),
};
