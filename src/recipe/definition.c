#include "recipe/definition.h"

#include "base/limits.h"
#include "base/sorted.h"

enum {
    DEFINITION_DEPTH = 8,
    FOLDER_NAMES_MAX = 10000,
};

static bool check_definition_version(Decoder *decoder, const Node *node, const char *text)
{
    if (g_str_equal(text, "1"))
        return true;
    decoder_error(decoder, node, "this ramekin knows stage definitions of version 1");
    return false;
}

static const TextRule rule_definition_version = check_definition_version;

static bool decode_params(Decoder *decoder, const Field *field, const Node *node, void *slot)
{
    return true; /* read when the file is loaded */
}

static void schema_params(const Field *field, SchemaWriter *schema)
{
    Field named = *field;
    named.detail = &declaration_shape;
    type_named.schema(&named, schema);
}

static const FieldType type_params = {"map of names", decode_params, NULL, schema_params};

/* clang-format off */
static const Field definition_fields[] = {
    {"stage", &type_text, 0, FIELD_REQUIRED | FIELD_NO_SLOT, "Version of the form of definitions: 1", &rule_definition_version},
    {"name", &type_text, offsetof(Contribution, name), FIELD_REQUIRED, "The name, which is also that of the file", &rule_name},
    {"description", &type_text, offsetof(Contribution, description), 0, "One sentence for people", NULL},
    {"params", &type_params, 0, FIELD_NO_SLOT | FIELD_VERBATIM, "What a use may or must say", NULL},
    {"stages", &type_stages, offsetof(Contribution, stages), 0, "The stages that take its place", NULL},
    {"protect", &type_names, offsetof(Contribution, protect), 0, "Names or globs that later stages must not change", NULL},
    {"checks", &type_shape, offsetof(Contribution, checks), 0, "Checks to add", &checks_shape},
    {"env", &type_env, offsetof(Contribution, env), 0, "Environment of the image, where the recipe does not say", NULL},
    {"ports", &type_texts, offsetof(Contribution, ports), 0, "Ports to add", NULL},
    {"host", &type_shape, offsetof(Contribution, host), 0, "What it must run on", &host_shape},
    {"cmd", &type_argv, offsetof(Contribution, cmd), 0, "The command, where the recipe does not say", NULL},
    {"user", &type_shape, offsetof(Contribution, user), 0, "The user, where the recipe does not say", &user_shape},
};

static const KeyHint definition_hints[] = {
    {"base", "a definition can't choose the base; the recipe does"},
    {"python", "a definition can't choose the interpreter; the recipe does"},
    {"entrypoint", "a definition can't set the entry point; it may set `cmd`"},
    {"version", "a definition begins with `stage: 1`"},
    {"parameters", "did you mean 'params'?"},
    {"vars", "did you mean 'params'?"},
    {NULL, NULL},
};
/* clang-format on */

const Shape definition_shape = {
    .name = "stage-definition",
    .title = "a stage definition",
    .size = sizeof(Contribution),
    .fields = definition_fields,
    .count = G_N_ELEMENTS(definition_fields),
    .hints = definition_hints,
};

void definition_free(void *data)
{
    Definition *definition = data;
    g_free(definition->name);
    g_free(definition->path);
    g_ptr_array_unref(definition->files);
    declarations_free(definition->params);
    g_free(definition);
}

void contribution_free(void *data)
{
    shape_free(&definition_shape, data);
}

/* Folders in the order they are searched, and how messages call them. */
static GPtrArray *search_path(RecipeContext *context, GPtrArray *ret_shown)
{
    GPtrArray *folders = g_ptr_array_new_with_free_func(g_free);
    const RecipeFile *file = context->file;
    g_ptr_array_add(folders, g_build_filename(file->dir, "stages", NULL));
    g_ptr_array_add(ret_shown, g_strdup("stages/ beside the recipe"));
    const Node *list = node_find(file->root, "stage_path");
    unsigned count = list && list->kind == NODE_LIST ? list->count : list ? 1 : 0;
    for (unsigned i = 0; i < count; i++) {
        const Node *item = list->kind == NODE_LIST ? list->items[i] : list;
        if (item->kind != NODE_SCALAR)
            continue;
        g_ptr_array_add(folders, g_canonicalize_filename(item->text, file->dir));
        g_ptr_array_add(ret_shown, g_strdup(item->text));
    }
    const char *const *more = context->options ? context->options->stage_path : NULL;
    for (; more && *more; more++) {
        g_ptr_array_add(folders, g_strdup(*more));
        g_ptr_array_add(ret_shown, g_strdup(*more));
    }
    if (context->options && context->options->shipped_stages) {
        g_ptr_array_add(folders, g_strdup(context->options->shipped_stages));
        g_ptr_array_add(ret_shown, g_strdup("the shipped ones"));
    }
    return folders;
}

static void add_folder_names(GPtrArray *names, const char *folder)
{
    g_autoptr(GPtrArray) entries = sorted_dir(folder, FOLDER_NAMES_MAX, NULL);
    for (guint i = 0; entries && i < entries->len; i++) {
        const char *entry = entries->pdata[i];
        if (g_str_has_suffix(entry, ".yaml"))
            g_ptr_array_add(names, g_strndup(entry, strlen(entry) - 5));
    }
}

static bool report_unknown(Decoder *decoder, const Node *key, const GPtrArray *folders,
                           GPtrArray *shown)
{
    GError *error = decoder_error(decoder, key, "there is no kind of stage '%s'", key->text);
    g_ptr_array_add(shown, NULL);
    g_autofree char *list = g_strjoinv(", ", (char **)shown->pdata);
    if (error)
        error_add_note(error, SPAN_NONE, "looked for %s.yaml in: %s", key->text, list);
    g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
    for (guint i = 0; i < folders->len; i++)
        add_folder_names(names, folders->pdata[i]);
    g_autoptr(GPtrArray) all = g_ptr_array_copy(names, NULL, NULL);
    g_ptr_array_set_free_func(all, NULL);
    stage_kind_names(all);
    const char *hint = stage_kind_hint(key->text);
    if (hint)
        error_set_hint(error, "%s", hint);
    else
        decoder_suggest(error, key->text, (const char *const *)all->pdata, all->len);
    return false;
}

/* As the user may write it: relative to the recipe where it lies below it; "shipped/NAME.yaml". */
static char *shown_path(const RecipeContext *context, const char *path)
{
    const RecipeFile *file = context->file;
    const char *shipped = context->options ? context->options->shipped_stages : NULL;
    if (shipped && g_str_has_prefix(path, shipped))
        return g_strconcat("shipped", path + strlen(shipped), NULL);
    g_autofree char *prefix = g_strconcat(file->dir, "/", NULL);
    if (!g_str_has_prefix(path, prefix))
        return g_strdup(path);
    g_autofree char *folder = g_path_get_dirname(file->path);
    const char *below = path + strlen(prefix);
    return g_str_equal(folder, ".") ? g_strdup(below) : g_build_filename(folder, below, NULL);
}

/* A file of the recipe's folder is where the recipe is. */
static void take_origin(const RecipeContext *context, const char *path, Source *source)
{
    g_autofree char *prefix = g_strconcat(context->file->dir, "/", NULL);
    if (g_str_has_prefix(path, prefix))
        source_set_origin(source, source_origin(context->file->sources->pdata[0]));
}

static Definition *load(Decoder *decoder, const Node *key, const char *path)
{
    RecipeContext *context = recipe_context(decoder);
    g_autofree char *shown = shown_path(context, path);
    GError *error = NULL;
    Source *source = source_load(path, shown, LIMIT_RECIPE_BYTES, &error);
    if (!source) {
        error_set_span(error, key->at);
        diags_take(decoder->diags, error);
        return NULL;
    }
    take_origin(context, path, source);
    g_ptr_array_add(context->file->sources, source);
    Definition *definition = g_new0(Definition, 1);
    definition->name = g_strdup(key->text);
    definition->path = g_strdup(path);
    definition->files = g_ptr_array_new();
    definition->root = yaml_parse(context->file->arena, source, decoder->diags);
    g_ptr_array_add(context->file->definitions, definition);
    Decoder plain = {decoder->diags, context->file->arena, NULL, context};
    definition->params =
        declarations_decode(&plain, node_find(definition->root, "params"), "params");
    const Node *name = node_find(definition->root, "name");
    if (name && name->kind == NODE_SCALAR && !g_str_equal(name->text, key->text))
        decoder_error(decoder, name, "the name differs from that of the file, '%s'", key->text);
    return definition;
}

static const Source *find_beside(const Definition *definition, const char *shown)
{
    for (guint i = 0; i < definition->files->len; i++) {
        if (g_str_equal(source_name(definition->files->pdata[i]), shown))
            return definition->files->pdata[i];
    }
    return NULL;
}

const char *definition_read_beside(Decoder *decoder, const Node *name)
{
    RecipeContext *context = recipe_context(decoder);
    Definition *definition = context->definition;
    if (!definition) {
        error_set_hint(
            decoder_error(decoder, name, "'beside' is for the files of a stage definition"),
            "a file of the recipe's folder is 'src'");
        return NULL;
    }
    if (strchr(name->text, '/') || name->text[0] == '.') {
        decoder_error(decoder, name, "'%s' is no name of a file beside the definition", name->text);
        return NULL;
    }
    g_autofree char *folder = g_path_get_dirname(definition->path);
    g_autofree char *path = g_build_filename(folder, name->text, NULL);
    g_autofree char *shown = shown_path(context, path);
    const Source *known = find_beside(definition, shown);
    if (known)
        return source_text(known, NULL);
    GError *error = NULL;
    Source *source = source_load(path, shown, LIMIT_RECIPE_BYTES, &error);
    if (!source) {
        error_set_span(error, name->at);
        diags_take(decoder->diags, error);
        return NULL;
    }
    take_origin(context, path, source);
    g_ptr_array_add(context->file->sources, source);
    g_ptr_array_add(definition->files, source);
    return source_text(source, NULL);
}

static Definition *find_loaded(const RecipeFile *file, const char *name)
{
    for (guint i = 0; i < file->definitions->len; i++) {
        Definition *definition = file->definitions->pdata[i];
        if (g_str_equal(definition->name, name))
            return definition;
    }
    return NULL;
}

static Definition *find_definition(Decoder *decoder, const Node *key)
{
    RecipeContext *context = recipe_context(decoder);
    Definition *loaded = find_loaded(context->file, key->text);
    if (loaded)
        return loaded;
    g_autoptr(GPtrArray) shown = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GPtrArray) folders = search_path(context, shown);
    bool named = key->text[0] && !strchr(key->text, '/') && key->text[0] != '.';
    for (guint i = 0; named && i < folders->len; i++) {
        g_autofree char *file = g_strconcat(key->text, ".yaml", NULL);
        g_autofree char *path = g_build_filename(folders->pdata[i], file, NULL);
        if (g_file_test(path, G_FILE_TEST_IS_REGULAR))
            return load(decoder, key, path);
    }
    report_unknown(decoder, key, folders, shown);
    return NULL;
}

static bool is_use_key(const char *key)
{
    return g_str_equal(key, "name") || g_str_equal(key, "when") || g_str_equal(key, "layer");
}

static void report_unknown_param(Decoder *decoder, const Definition *definition, const Node *key)
{
    GError *error = decoder_error(decoder, key, "stage definition '%s' has no parameter '%s'",
                                  definition->name, key->text);
    g_autoptr(GPtrArray) names = g_ptr_array_new();
    for (guint i = 0; i < definition->params->len; i++)
        g_ptr_array_add(names, ((Declaration *)definition->params->pdata[i])->name);
    decoder_suggest(error, key->text, (const char *const *)names->pdata, names->len);
}

static bool set_param(Decoder *decoder, Scope *scope, const Declaration *declaration,
                      const Node *value)
{
    if (node_is_absent(value)) {
        decoder_error(decoder, value, "'%s' has no value", declaration->name);
        return false;
    }
    value = decoder_expand_all(decoder, value);
    const Node *applied = declaration_apply(declaration, decoder, value);
    scope_set(scope, declaration->name, applied);
    return applied;
}

/* The parameter that a list or scalar body stands for: the first of that form. */
static const Declaration *short_param(const Definition *definition, const Node *body)
{
    for (guint i = 0; i < definition->params->len; i++) {
        const Declaration *declaration = definition->params->pdata[i];
        if ((declaration->type == VAR_LIST) == (body->kind == NODE_LIST))
            return declaration;
    }
    return NULL;
}

static bool set_params(Decoder *decoder, const Definition *definition, const Node *body,
                       Scope *scope)
{
    bool ok = true;
    for (unsigned i = 0; body->kind == NODE_MAP && i < body->count; i++) {
        const NodePair *pair = &body->pairs[i];
        const Declaration *declaration = declarations_find(definition->params, pair->key->text);
        if (declaration)
            ok &= set_param(decoder, scope, declaration, pair->value);
        else if (!is_use_key(pair->key->text))
            ok = false, report_unknown_param(decoder, definition, pair->key);
    }
    if (body->kind == NODE_MAP || node_is_absent(body))
        return ok;
    const Declaration *declaration = short_param(definition, body);
    if (declaration)
        return set_param(decoder, scope, declaration, body);
    decoder_error(decoder, body, "stage definition '%s' takes a map of parameters",
                  definition->name);
    return false;
}

static bool check_required(Decoder *decoder, const Definition *definition, const Node *key,
                           const Node *body, const Scope *scope)
{
    bool ok = true;
    for (guint i = 0; i < definition->params->len; i++) {
        const Declaration *declaration = definition->params->pdata[i];
        if (!declaration->required || scope_find(scope, declaration->name) ||
            node_find(body, declaration->name))
            continue;
        decoder_error(decoder, key, "`%s:` needs '%s'", definition->name, declaration->name);
        ok = false;
    }
    return ok;
}

/* The parameters of a use; NULL after an error. */
static Scope *params_scope(Decoder *decoder, const Definition *definition, const Node *key,
                           const Node *body)
{
    RecipeContext *context = recipe_context(decoder);
    g_autofree char *place = g_strdup_printf("stage definition '%s'", definition->name);
    Span use_site = span_is_set(context->use_site) ? context->use_site : key->at;
    g_autoptr(Scope) scope = scope_new(place, use_site);
    for (guint i = 0; i < definition->params->len; i++) {
        const Declaration *declaration = definition->params->pdata[i];
        scope_set(scope, declaration->name, declaration->fallback);
    }
    bool ok = set_params(decoder, definition, body, scope);
    ok &= check_required(decoder, definition, key, body, scope);
    return ok ? g_steal_pointer(&scope) : NULL;
}

static char *use_name(Decoder *decoder, const Node *key, const Node *body)
{
    static const Field name_field = {"name", &type_text, 0, 0, "", &rule_name};
    const Node *name = node_find(body, "name");
    char *text = NULL;
    if (name)
        type_text.decode(decoder, &name_field, decoder_expand(decoder, name), &text);
    return text ? text : g_strdup(key->text);
}

static void move_stages(Decoder *decoder, const Node *key, const Node *body, GPtrArray *from,
                        GPtrArray *to)
{
    g_autofree char *label = use_name(decoder, key, body);
    const Node *layer = node_find(body, "layer");
    guint count = from ? from->len : 0;
    if (from)
        g_ptr_array_set_free_func(from, NULL);
    for (guint i = 0; i < count; i++) {
        Stage *stage = from->pdata[i];
        g_free(stage->name);
        stage->name = count == 1 ? g_strdup(label) : g_strdup_printf("%s/%u", label, i + 1);
        g_free(stage->definition);
        stage->definition = g_strdup(key->text);
        if (layer && layer->kind == NODE_SCALAR) {
            g_free(stage->layer);
            stage->layer = g_strdup(decoder_expand(decoder, layer)->text);
        }
        g_ptr_array_add(to, stage);
    }
    if (from)
        g_ptr_array_set_size(from, 0);
}

static bool decode_use(Decoder *decoder, Definition *definition, const Node *key,
                       Contribution *contribution, Scope *scope)
{
    RecipeContext *context = recipe_context(decoder);
    RecipeContext outer = *context;
    bool ok = false;
    context->scope = scope;
    context->definition = definition;
    context->depth++;
    if (!span_is_set(context->use_site))
        context->use_site = key->at;
    if (context->depth > DEFINITION_DEPTH)
        decoder_error(decoder, key, "stage definitions nest more than %d deep, or use each other",
                      DEFINITION_DEPTH);
    else
        ok = shape_decode(decoder, &definition_shape, definition->root, contribution);
    outer.stage_count = context->stage_count;
    *context = outer;
    return ok;
}

bool definition_expand(Decoder *decoder, const Node *key, const Node *body, GPtrArray *stages)
{
    RecipeContext *context = recipe_context(decoder);
    Definition *definition = find_definition(decoder, key);
    if (!definition || !definition->root)
        return false;
    bool enabled = when_matches(decoder, body);
    g_autoptr(Scope) scope = params_scope(decoder, definition, key, body);
    if (!scope)
        return false;
    guint mark = context->contributions->len;
    Contribution *contribution = g_new0(Contribution, 1);
    contribution->at = span_is_set(context->use_site) ? context->use_site : key->at;
    bool ok = decode_use(decoder, definition, key, contribution, scope);
    if (enabled && ok) {
        move_stages(decoder, key, body, contribution->stages, stages);
        g_ptr_array_add(context->contributions, contribution);
    } else {
        contribution_free(contribution);
        g_ptr_array_set_size(context->contributions, (int)mark);
    }
    return ok;
}
