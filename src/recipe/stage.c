/* The table of stage kinds, and lists of stages with definitions expanded. */
#include "base/limits.h"
#include "recipe/definition.h"
#include "recipe/stage_git.h"
#include "recipe/stage_kinds.h"
#include "recipe/stage_model.h"

/* clang-format off */
const Field stage_fields[STAGE_FIELD_COUNT] = {
    {"name", &type_text, offsetof(Stage, name), 0, "Label of the stage in reports and layers (default: KIND#N)", &rule_name},
    {"when", &type_when, 0, FIELD_NO_SLOT | FIELD_VERBATIM, "Variables and values that must all match", NULL},
    {"each", &type_each, 0, FIELD_NO_SLOT | FIELD_VERBATIM, "{NAME: LIST}: the stage once for every item, with $(NAME) for it", NULL},
    {"layer", &type_text, offsetof(Stage, layer), 0, "Name of the layer that holds what the stage makes", &rule_name},
};
/* clang-format on */

typedef struct {
    const char *name;
    const Shape *shape;
    const char *about;
} KindRow;

/* clang-format off */
static const KindRow kinds[STAGE_KIND_COUNT] = {
    [STAGE_PIP] = {"pip", &pip_shape, "Python packages, as pip would install them"},
    [STAGE_APT] = {"apt", &apt_shape, "Debian or Ubuntu packages"},
    [STAGE_FILES] = {"files", &files_shape, "Files from the recipe's folder, from a part, or as text"},
    [STAGE_GIT] = {"git", &git_shape, "A working tree of a repository"},
    [STAGE_DOWNLOAD] = {"download", &download_shape, "Files by URL"},
    [STAGE_MODEL] = {"model", &model_shape, "A snapshot of a model hub's repository"},
    [STAGE_RUN] = {"run", &run_shape, "A script in the sandbox"},
    [STAGE_REMOVE] = {"remove", &remove_shape, "Paths that leave the image"},
};

/* What people write for a kind. */
static const KeyHint kind_hints[] = {
    {"copy", "files are `- files: {src: /dest}`"},
    {"add", "files are `- files: {src: /dest}`, URLs `- download: {url, sha256, dest}`"},
    {"env", "`env:` is a key of the recipe: order means nothing for it"},
    {"workdir", "`workdir:` is a key of the recipe: order means nothing for it"},
    {"user", "`user:` is a key of the recipe: order means nothing for it"},
    {"cmd", "`cmd:` is a key of the recipe: order means nothing for it"},
    {"script", "scripts are `- run: |`"},
    {"shell", "scripts are `- run: |`"},
    {"python", "scripts are `- run: |`; the interpreter is `python:` of the recipe"},
    {"uv", "`- pip:` installs what uv would; its lock is exported: `- uv-project: {}`"},
    {"conda", "`- pip:` installs wheels; there are no conda packages"},
    {"name", "a stage is `- KIND: {name: …}`"},
    {"type", "a stage is `- KIND: body`, for example `- pip: [numpy]`"},
    {NULL, NULL},
};
/* clang-format on */

const char *stage_kind_name(StageKind kind)
{
    return kinds[kind].name;
}

static int find_kind(const char *name)
{
    for (int i = 0; i < STAGE_KIND_COUNT; i++)
        if (g_str_equal(kinds[i].name, name))
            return i;
    return -1;
}

void stage_kind_names(GPtrArray *names)
{
    for (int i = 0; i < STAGE_KIND_COUNT; i++)
        g_ptr_array_add(names, (void *)kinds[i].name);
}

const char *stage_kind_hint(const char *name)
{
    for (const KeyHint *hint = kind_hints; hint->key; hint++)
        if (g_ascii_strcasecmp(hint->key, name) == 0)
            return hint->hint;
    return NULL;
}

void stage_free(Stage *stage)
{
    if (!stage)
        return;
    shape_clear(kinds[stage->kind].shape, stage);
    g_free(stage->definition);
    g_free(stage);
}

static void free_stage(void *stage)
{
    stage_free(stage);
}

static bool is_common_key(const char *key)
{
    for (size_t i = 0; i < STAGE_FIELD_COUNT; i++)
        if (g_str_equal(stage_fields[i].key, key))
            return true;
    return false;
}

/* `src: dest` as an entry of the list form. */
static const Node *entry_of_pair(Decoder *decoder, const NodePair *pair)
{
    if (strstr(pair->key->text, "$("))
        error_set_hint(decoder_error(decoder, pair->key, "variables in keys are not allowed"),
                       "write the list form: files: [{src: $(x), dest: /…}]");
    g_autoptr(GArray) pairs = g_array_new(FALSE, FALSE, sizeof(NodePair));
    const char *const names[] = {"src", "dest"};
    Node *source = node_new_scalar(decoder->arena, pair->key->at, pair->key->text, true);
    source->expanded = true;
    const Node *values[] = {source, pair->value};
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        NodePair made = {node_new_scalar(decoder->arena, pair->key->at, names[i], false),
                         values[i]};
        g_array_append_val(pairs, made);
    }
    return node_new_map(decoder->arena, pair->key->at, pairs);
}

static bool looks_like_entry(const Node *body)
{
    return node_find(body, "dest") &&
           (node_find(body, "src") || node_find(body, "content") || node_find(body, "link") ||
            node_find(body, "from") || node_find(body, "beside"));
}

/* The short map bodies of `files:` (src: dest) and `download:` (one file) as the list form. */
static const Node *long_form(Decoder *decoder, StageKind kind, const Node *body)
{
    bool files = kind == STAGE_FILES;
    if ((!files && kind != STAGE_DOWNLOAD) || body->kind != NODE_MAP)
        return body;
    const Node *list = node_find(body, "files");
    if (list && list->kind != NODE_SCALAR)
        return body;
    if (files && looks_like_entry(body))
        error_set_hint(decoder_error(decoder, body, "an entry of `files:` stands in a list"),
                       "- files: [{src: …, dest: …}], or - files: {SRC: DEST}");
    g_autoptr(GArray) common = g_array_new(FALSE, FALSE, sizeof(NodePair));
    g_autoptr(GArray) single = g_array_new(FALSE, FALSE, sizeof(NodePair));
    g_autoptr(GPtrArray) items = g_ptr_array_new();
    for (unsigned i = 0; i < body->count; i++) {
        const NodePair *pair = &body->pairs[i];
        if (is_common_key(pair->key->text))
            g_array_append_val(common, *pair);
        else if (files)
            g_ptr_array_add(items, (void *)entry_of_pair(decoder, pair));
        else
            g_array_append_val(single, *pair);
    }
    if (!files)
        g_ptr_array_add(items, node_new_map(decoder->arena, body->at, single));
    NodePair made = {node_new_scalar(decoder->arena, body->at, "files", false),
                     node_new_list(decoder->arena, body->at, items)};
    g_array_append_val(common, made);
    return node_new_map(decoder->arena, body->at, common);
}

/* A stage that fetches from nowhere is skipped. */
static bool is_void(const Stage *stage)
{
    const char *from = "x";
    if (stage->kind == STAGE_GIT)
        from = stage->body.git->url.text;
    else if (stage->kind == STAGE_MODEL)
        from = stage->body.model->repo.text;
    return from && from[0] == '\0';
}

static void decode_builtin(Decoder *decoder, StageKind kind, const Node *key, const Node *body,
                           GPtrArray *stages)
{
    RecipeContext *context = recipe_context(decoder);
    bool enabled = when_matches(decoder, body);
    Stage *stage = g_new0(Stage, 1);
    stage->kind = kind;
    stage->at = span_is_set(context->use_site) ? context->use_site : key->at;
    stage->definition = g_strdup(context->definition ? context->definition->name : NULL);
    shape_decode(decoder, kinds[kind].shape, long_form(decoder, kind, body), stage);
    if (enabled && !is_void(stage))
        g_ptr_array_add(stages, stage);
    else
        stage_free(stage);
}

/* Definitions that use others in `each` could make any number of stages out of a few lines. */
static bool count_stage(Decoder *decoder, const Node *key)
{
    RecipeContext *context = recipe_context(decoder);
    if (context->stage_count == LIMIT_RECIPE_STAGES)
        decoder_error(decoder, key, "there are more than %u stages", LIMIT_RECIPE_STAGES);
    return context->stage_count++ < LIMIT_RECIPE_STAGES;
}

static bool add_one(Decoder *decoder, const Node *key, const Node *body, GPtrArray *stages)
{
    if (!count_stage(decoder, key))
        return false;
    int kind = find_kind(key->text);
    if (kind < 0)
        return definition_expand(decoder, key, body, stages);
    if (node_is_absent(body)) {
        decoder_error(decoder, key, "`%s:` has no body", key->text);
        return false;
    }
    decode_builtin(decoder, (StageKind)kind, key, body, stages);
    return true;
}

/* The body without `each`. */
static const Node *body_of_each(Decoder *decoder, const Node *body)
{
    g_autoptr(GArray) pairs = g_array_new(FALSE, FALSE, sizeof(NodePair));
    for (unsigned i = 0; i < body->count; i++) {
        if (!g_str_equal(body->pairs[i].key->text, "each"))
            g_array_append_val(pairs, body->pairs[i]);
    }
    return node_new_map(decoder->arena, body->at, pairs);
}

/* The list of `each: {NAME: LIST}` and its name; NULL after an error. */
static const Node *each_items(Decoder *decoder, const Node *each, const char **ret_name)
{
    if (each->kind != NODE_MAP || each->count != 1) {
        error_set_hint(decoder_error(decoder, each, "'each' is a map of one name and a list"),
                       "each: {node: $(nodes)}, and $(node) in the keys beside it");
        return NULL;
    }
    const Node *key = each->pairs[0].key;
    const Node *list = decoder_expand(decoder, each->pairs[0].value);
    bool ok = false;
    if (!variable_name_is_valid(key->text))
        decoder_error(decoder, key, "'%s' can't be the name of a variable", key->text);
    else if (scope_has(recipe_context(decoder)->scope, key->text))
        decoder_error(decoder, key, "'%s' is a variable already", key->text);
    else if (list->kind != NODE_LIST)
        decoder_error(decoder, list, "'each' goes through a list, not %s", node_describe(list));
    else
        ok = true;
    for (unsigned i = 0; ok && i < list->count; i++) {
        if (list->items[i]->kind == NODE_SCALAR)
            continue;
        decoder_error(decoder, list->items[i], "an item of 'each' is a text");
        ok = false;
    }
    *ret_name = key->text;
    return ok ? list : NULL;
}

static bool add_each(Decoder *decoder, const Node *key, const Node *body, const Node *each,
                     GPtrArray *stages)
{
    Scope *scope = recipe_context(decoder)->scope;
    const char *name;
    const Node *list = each_items(decoder, each, &name);
    if (!list)
        return false;
    const Node *rest = body_of_each(decoder, body);
    bool ok = true;
    for (unsigned i = 0; i < list->count; i++) {
        scope_set(scope, name, decoder_expand(decoder, list->items[i]));
        ok &= add_one(decoder, key, rest, stages);
    }
    scope_unset(scope, name);
    return ok;
}

static bool add_stage(Decoder *decoder, const Field *field, const Node *item, void *data)
{
    if (item->kind != NODE_MAP) {
        GError *error = decoder_error(decoder, item, "a stage is a map with one key, not %s",
                                      node_describe(item));
        error_set_hint(error, "write `- KIND: body`, for example `- pip: [numpy]`");
        return false;
    }
    if (item->count != 1) {
        const Node *at = item->count > 1 ? item->pairs[1].key : item;
        GError *error =
            decoder_error(decoder, at, "a stage has one key, its kind, not %u", item->count);
        const char *hint = item->count > 1 ? stage_kind_hint(item->pairs[0].key->text)
                                           : "for example `- pip: [numpy]`";
        error_set_hint(error, "%s",
                       hint ? hint
                            : "further keys go into its body: indent them, or "
                              "begin the next stage with '- '");
        return false;
    }
    const Node *key = item->pairs[0].key, *body = item->pairs[0].value;
    const Node *each = node_find(body, "each");
    return each ? add_each(decoder, key, body, each, data) : add_one(decoder, key, body, data);
}

static bool decode_stages(Decoder *decoder, const Field *field, const Node *node, void *slot)
{
    GPtrArray *stages = g_ptr_array_new_with_free_func(free_stage);
    *(GPtrArray **)slot = stages;
    if (node->kind != NODE_LIST)
        return decoder_mismatch(decoder, field, node, "a list of stages");
    return decoder_each_item(decoder, field, node, add_stage, stages);
}

static void clear_stages(const Field *field, void *slot)
{
    g_clear_pointer((GPtrArray **)slot, g_ptr_array_unref);
}

static void schema_stages(const Field *field, SchemaWriter *schema)
{
    JsonWriter *json = schema->json;
    schema_write_type(schema, "array");
    jsonw_key(json, "items");
    jsonw_begin_object(json, JSONW_BLOCK);
    schema_write_type(schema, "object");
    jsonw_key(json, "properties");
    jsonw_begin_object(json, JSONW_BLOCK);
    for (size_t i = 0; i < STAGE_KIND_COUNT; i++) {
        jsonw_key(json, kinds[i].name);
        jsonw_begin_object(json, JSONW_INLINE);
        jsonw_string_member(json, "description", kinds[i].about);
        schema_write_shape(schema, kinds[i].shape);
        jsonw_end_object(json);
    }
    jsonw_end_object(json);
    jsonw_unsigned_member(json, "minProperties", 1);
    jsonw_unsigned_member(json, "maxProperties", 1);
    jsonw_end_object(json);
}

const FieldType type_stages = {"list of stages", decode_stages, clear_stages, schema_stages};

/* The comment block above a line: lines that hold nothing but a comment. */
char *stage_comment(const Stage *stage)
{
    if (!span_is_set(stage->at))
        return NULL;
    g_autoptr(GPtrArray) lines = g_ptr_array_new_with_free_func(g_free);
    for (unsigned line = stage->at.line - 1; line > 0; line--) {
        size_t length;
        const char *start = source_line(stage->at.source, line, &length);
        g_autofree char *text = g_strstrip(g_strndup(start, length));
        if (text[0] != '#')
            break;
        g_ptr_array_insert(lines, 0, g_strdup(g_strstrip(text + 1)));
    }
    if (lines->len == 0)
        return NULL;
    g_ptr_array_add(lines, NULL);
    return g_strjoinv("\n", (char **)lines->pdata);
}
