/* Requirements in a recipe: single lines, which pip's own rules judge, and files of them. */
#include "python/pip_inputs.h"
#include "recipe/context.h"

/* Options of pip's command line and the key that means the same. */
static const struct {
    const char *option, *key;
} pip_options[] = {
    {"-r", "requirements: FILE"},
    {"--requirement", "requirements: FILE"},
    {"-c", "constraints: FILE"},
    {"--constraint", "constraints: FILE"},
    {"-e", "project: PATH with editable: true"},
    {"--editable", "project: PATH with editable: true"},
    {"-i", "index: NAME"},
    {"--index-url", "index: NAME, declared in `indexes:`"},
    {"--extra-index-url", "extra_indexes: [NAME], declared in `indexes:`"},
    {"-f", "find_links: [PLACE]"},
    {"--find-links", "find_links: [PLACE]"},
    {"-U", "upgrade: true"},
    {"--upgrade", "upgrade: true"},
    {"--no-deps", "no_deps: true"},
    {"--force-reinstall", "force_reinstall: true"},
    {"-I", "ignore_installed: true"},
    {"--ignore-installed", "ignore_installed: true"},
    {"--pre", "pre: true"},
    {"--no-build-isolation", "build: {NAME: {isolation: false}}"},
    {"--no-cache-dir", "nothing: no cache reaches the image"},
};

static bool refuse_option(Decoder *decoder, const Node *node, const char *text)
{
    if (text[0] != '-')
        return true;
    GError *error = decoder_error(decoder, node, "'%s' is an option, not a requirement", text);
    size_t length = strcspn(text, " =");
    for (size_t i = 0; i < G_N_ELEMENTS(pip_options); i++)
        if (strlen(pip_options[i].option) == length &&
            strncmp(text, pip_options[i].option, length) == 0)
            error_set_hint(error, "options are keys of the stage: %s", pip_options[i].key);
    return false;
}

/* A requirement by name, as in Requires-Dist. */
static bool check_requirement(Decoder *decoder, const Node *node, const char *text)
{
    if (!refuse_option(decoder, node, text))
        return false;
    g_autoptr(GError) error = NULL;
    g_autoptr(Requirement) requirement = requirement_parse(text, &error);
    if (!requirement)
        decoder_error(decoder, node, "%s", error->message);
    return requirement;
}

/* What pip takes on its command line: also URLs and paths. */
static bool check_pip_line(Decoder *decoder, const Node *node, const char *text, bool constraint)
{
    if (!refuse_option(decoder, node, text))
        return false;
    g_autoptr(PipInputs) inputs = pip_inputs_new();
    g_autofree char *dir = g_strdup(recipe_context(decoder)->file->dir);
    return pip_inputs_add_requirement(inputs, text, node->at, constraint, dir, decoder->diags);
}

static bool check_install(Decoder *decoder, const Node *node, const char *text)
{
    return check_pip_line(decoder, node, text, false);
}

const TextRule rule_requirement = check_requirement;
const TextRule rule_install = check_install;

static bool check_line(Decoder *decoder, const Field *field, const Node *node, const char *text)
{
    if (g_str_equal(field->key, "exclude"))
        return rule_distribution(decoder, node, text);
    return check_pip_line(decoder, node, text, g_str_equal(field->key, "constraints"));
}

static void file_or_line_free(void *data)
{
    FileOrLine *item = data;
    g_free(item->file);
    g_free(item->line);
    g_free(item);
}

typedef struct {
    char *file;
} FileItem;

static const Field file_item_fields[] = {
    {"file", &type_text, offsetof(FileItem, file), FIELD_REQUIRED,
     "Path of a file of requirement lines", NULL},
};

static const Shape file_item_shape = {
    .name = "requirement-file",
    .title = "an item that is a file",
    .size = sizeof(FileItem),
    .fields = file_item_fields,
    .count = G_N_ELEMENTS(file_item_fields),
};

static void add_file_or_line(GPtrArray *items, const char *file, const char *line, Span at)
{
    FileOrLine *item = g_new(FileOrLine, 1);
    *item = (FileOrLine){g_strdup(file), g_strdup(line), at};
    g_ptr_array_add(items, item);
}

static bool path_is_allowed(Decoder *decoder, const Field *field, const Node *node,
                            const char *path)
{
    const TextRule *rule = field->type == &type_input_files ? &rule_input_path : &rule_context_path;
    return (*rule)(decoder, node, path);
}

static bool decode_file_item(Decoder *decoder, const Field *field, const Node *item, void *data)
{
    FileItem value = {NULL};
    bool ok = shape_decode(decoder, &file_item_shape, item, &value);
    const Node *file = ok ? decoder_expand(decoder, node_find(item, "file")) : NULL;
    if (file && (ok = path_is_allowed(decoder, field, file, value.file)))
        add_file_or_line(data, value.file, NULL, file->at);
    shape_clear(&file_item_shape, &value);
    return ok;
}

static bool decode_file_or_line(Decoder *decoder, const Field *field, const Node *item, void *data)
{
    item = decoder_expand(decoder, item);
    if (item->kind == NODE_MAP)
        return decode_file_item(decoder, field, item, data);
    const char *line = decoder_text(decoder, field, item);
    if (!line || !check_line(decoder, field, item, line))
        return false;
    add_file_or_line(data, NULL, line, item->at);
    return true;
}

static bool decode_file_or_lines(Decoder *decoder, const Field *field, const Node *node, void *slot)
{
    GPtrArray *items = g_ptr_array_new_with_free_func(file_or_line_free);
    *(GPtrArray **)slot = items;
    if (node->kind == NODE_LIST)
        return decoder_each_item(decoder, field, node, decode_file_or_line, items);
    if (node->kind == NODE_MAP)
        return decode_file_item(decoder, field, node, items);
    const char *path = decoder_text(decoder, field, node);
    if (!path || !path_is_allowed(decoder, field, node, path))
        return false;
    add_file_or_line(items, path, NULL, node->at);
    return true;
}

static void clear_array(const Field *field, void *slot)
{
    g_clear_pointer((GPtrArray **)slot, g_ptr_array_unref);
}

static void schema_file_or_lines(const Field *field, SchemaWriter *schema)
{
    JsonWriter *json = schema->json;
    static const char *const types[] = {"string", "number", NULL};
    jsonw_key(json, "anyOf");
    jsonw_begin_array(json, JSONW_INLINE);
    jsonw_begin_object(json, JSONW_INLINE);
    jsonw_strings_member(json, "type", types);
    jsonw_end_object(json);
    jsonw_begin_object(json, JSONW_INLINE);
    schema_write_shape(schema, &file_item_shape);
    jsonw_end_object(json);
    jsonw_begin_object(json, JSONW_INLINE);
    schema_write_type(schema, "array");
    jsonw_key(json, "items");
    jsonw_begin_object(json, JSONW_INLINE);
    jsonw_key(json, "anyOf");
    jsonw_begin_array(json, JSONW_INLINE);
    jsonw_begin_object(json, JSONW_INLINE);
    schema_write_type(schema, "string");
    jsonw_end_object(json);
    jsonw_begin_object(json, JSONW_INLINE);
    schema_write_shape(schema, &file_item_shape);
    jsonw_end_object(json);
    jsonw_end_array(json);
    jsonw_end_object(json);
    jsonw_end_object(json);
    jsonw_end_array(json);
}

#define FORM "file, or list of requirements and {file: PATH}"
const FieldType type_file_or_lines = {FORM, decode_file_or_lines, clear_array,
                                      schema_file_or_lines};
const FieldType type_input_files = {FORM, decode_file_or_lines, clear_array, schema_file_or_lines};
