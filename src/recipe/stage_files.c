#include "recipe/stage_files.h"

#include "recipe/definition.h"
#include "recipe/stage_kinds.h"

static const char *const line_ends[] = {"keep", "lf", NULL};

/* clang-format off */
static const Field entry_fields[] = {
    {"src", &type_value, offsetof(FilesEntry, src), 0, "File, folder or glob in the recipe's folder, or, with `from`, a path in that part", NULL},
    {"content", &type_value, offsetof(FilesEntry, content), FIELD_EMPTY_OK, "The text of the file", NULL},
    {"beside", &type_value, offsetof(FilesEntry, beside), 0, "In a stage definition: a file in its own folder, whose text the file gets", NULL},
    {"link", &type_value, offsetof(FilesEntry, link), 0, "Target of a symbolic link at `dest`", NULL},
    {"dir", &type_value, offsetof(FilesEntry, dir), 0, "Path of an empty folder", &rule_image_path},
    {"from", &type_value, offsetof(FilesEntry, from), 0, "Name of the part that the files come from", &rule_name},
    {"dest", &type_value, offsetof(FilesEntry, dest), 0, "Where it goes in the image; ending in / means into that folder", &rule_image_path},
    {"mode", &type_value, offsetof(FilesEntry, mode), 0, "Octal file mode (default: 0644, or 0755 where the source is executable)", &rule_mode},
    {"owner", &type_value, offsetof(FilesEntry, owner), 0, "uid:gid or names (default: 0:0)", NULL},
    {"eol", &type_either, offsetof(FilesEntry, eol_lf), 0, "Line ends: lf turns CRLF into LF (default: keep)", line_ends},
    {"append", &type_bool, offsetof(FilesEntry, append), 0, "Append to the file that is there (default: false)", NULL},
    {"exclude", &type_texts, offsetof(FilesEntry, exclude), FIELD_LIST, "Globs that are left out", NULL},
};
/* clang-format on */

static const KeyHint entry_hints[] = {
    {"source", "did you mean 'src'?"},  {"target", "did you mean 'dest'?"},
    {"path", "did you mean 'dest'?"},   {"chmod", "did you mean 'mode'?"},
    {"chown", "did you mean 'owner'?"}, {NULL, NULL},
};

static void take_beside(Decoder *decoder, const Node *node, FilesEntry *entry)
{
    const Node *name = decoder_expand(decoder, node_find(node, "beside"));
    const char *text = definition_read_beside(decoder, name);
    if (text)
        entry->content = (Text){g_strdup(text), entry->beside.at};
}

static void finish_entry(Decoder *decoder, const Node *node, void *target)
{
    FilesEntry *entry = target;
    int given = !!entry->src.text + !!entry->content.text + !!entry->link.text + !!entry->dir.text +
                !!entry->beside.text;
    if (given != 1) {
        decoder_error(decoder, node, "an entry has one of 'src', 'content', 'link' and 'dir'");
        return;
    }
    if (entry->beside.text)
        take_beside(decoder, node, entry);
    if (entry->dir.text ? entry->dest.text != NULL : !entry->dest.text)
        decoder_error(decoder, node, "%s",
                      entry->dir.text ? "'dir' is the path itself; leave out 'dest'"
                                      : "an entry needs 'dest'");
    if (entry->from.text && !entry->src.text)
        decoder_error(decoder, node_find_key(node, "from"), "'from' needs 'src'");
    const Node *src = entry->src.text ? decoder_expand(decoder, node_find(node, "src")) : NULL;
    if (src)
        (entry->from.text ? rule_image_path : rule_context_path)(decoder, src, src->text);
    if (entry->append && !entry->content.text && !entry->src.text && !entry->beside.text)
        decoder_error(decoder, node_find_key(node, "append"), "'append' needs 'content' or 'src'");
}

static const Shape entry_shape = {
    .name = "files-entry",
    .title = "an entry of `files:`",
    .size = sizeof(FilesEntry),
    .fields = entry_fields,
    .count = G_N_ELEMENTS(entry_fields),
    .hints = entry_hints,
    .at_offset = offsetof(FilesEntry, at),
    .finish = finish_entry,
};

static const Field files_fields[] = {
    {"files", &type_items, offsetof(FilesStage, files), FIELD_LIST,
     "Entries; a map of `src: dest` pairs stands for the whole body", &entry_shape},
};

static const Shape body_shape = {
    .name = "files-body",
    .title = "`files:`",
    .size = sizeof(FilesStage),
    .fields = files_fields,
    .count = G_N_ELEMENTS(files_fields),
};

/* {SRC: DEST} */
static void schema_short(SchemaWriter *schema)
{
    schema_write_type(schema, "object");
    jsonw_key(schema->json, "additionalProperties");
    jsonw_begin_object(schema->json, JSONW_INLINE);
    schema_write_type(schema, "string");
    jsonw_end_object(schema->json);
}

const Shape files_shape = {
    .name = "files",
    .title = "`files:`",
    .size = sizeof(Stage),
    .fields = stage_fields,
    .count = STAGE_FIELD_COUNT,
    .short_key = "files",
    .short_schema = schema_short,
    .more = &body_shape,
    .more_offset = offsetof(Stage, body),
};
