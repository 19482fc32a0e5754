#include "recipe/recipe.h"

#include "base/limits.h"
#include "recipe/context.h"
#include "recipe/definition.h"
#include "recipe/include.h"
#include "recipe/index_names.h"
#include "recipe/matrix.h"

static void recipe_file_clear(void *data)
{
    RecipeFile *file = data;
    g_clear_pointer(&file->definitions, g_ptr_array_unref);
    g_clear_pointer(&file->row_names, g_ptr_array_unref);
    g_clear_pointer(&file->rows, g_ptr_array_unref);
    if (file->declarations)
        declarations_free(file->declarations);
    g_clear_pointer(&file->arena, node_arena_free);
    g_clear_pointer(&file->sources, g_ptr_array_unref);
    g_free(file->path);
    g_free(file->dir);
}

static void source_free(void *source)
{
    source_unref(source);
}

static RecipeFile *recipe_file_new(const char *path)
{
    RecipeFile *file = g_rc_box_new0(RecipeFile);
    file->path = g_strdup(path);
    g_autofree char *full = g_canonicalize_filename(path, NULL);
    file->dir = g_path_get_dirname(full);
    file->arena = node_arena_new();
    file->sources = g_ptr_array_new_with_free_func(source_free);
    file->definitions = g_ptr_array_new_with_free_func(definition_free);
    file->rows = g_ptr_array_new_with_free_func(matrix_row_free);
    file->row_names = g_ptr_array_new();
    file->declarations = g_ptr_array_new();
    return file;
}

static void read_rows(RecipeFile *file, Diags *diags)
{
    Decoder decoder = {diags, file->arena, NULL, NULL};
    declarations_free(file->declarations);
    file->declarations = declarations_decode(&decoder, node_find(file->root, "vars"), "vars");
    g_ptr_array_unref(file->rows);
    file->rows = matrix_decode(&decoder, node_find(file->root, "matrix"));
    for (guint i = 0; i < file->rows->len; i++)
        g_ptr_array_add(file->row_names, ((MatrixRow *)file->rows->pdata[i])->name);
    g_ptr_array_add(file->row_names, NULL);
}

RecipeFile *recipe_file_from_source(Source *source, const char *path, Diags *diags)
{
    g_autoptr(RecipeFile) file = recipe_file_new(path);
    g_autofree char *full = g_canonicalize_filename(path, NULL);
    g_ptr_array_add(file->sources, source_ref(source));
    file->root = include_load(file->arena, source, full, file->sources, diags);
    if (!file->root)
        return NULL;
    read_rows(file, diags);
    return g_steal_pointer(&file);
}

RecipeFile *recipe_file_load(const char *path, const RecipeOptions *options, Diags *diags)
{
    GError *error = NULL;
    const char *shown = options ? options->shown : NULL;
    g_autoptr(Source) source = source_load(path, shown, LIMIT_RECIPE_BYTES, &error);
    if (!source) {
        diags_take(diags, error);
        return NULL;
    }
    source_set_origin(source, options ? options->origin : NULL);
    RecipeFile *file = recipe_file_from_source(source, path, diags);
    if (file && shown) {
        g_free(file->path);
        file->path = g_strdup(shown);
    }
    return file;
}

RecipeFile *recipe_file_ref(RecipeFile *file)
{
    return g_rc_box_acquire(file);
}

void recipe_file_unref(RecipeFile *file)
{
    if (file)
        g_rc_box_release_full(file, recipe_file_clear);
}

const char *const *recipe_file_rows(const RecipeFile *file)
{
    return (const char *const *)file->row_names->pdata;
}

const char *recipe_file_path(const RecipeFile *file)
{
    return file->path;
}

const char *recipe_file_dir(const RecipeFile *file)
{
    return file->dir;
}

char *recipe_file_origin(const RecipeFile *file)
{
    const char *origin = source_origin(file->sources->pdata[0]);
    g_autofree char *folder = g_path_get_dirname(file->path);
    if (!*origin)
        return NULL;
    return g_str_equal(folder, ".") ? g_strdup(origin) : g_strconcat(origin, folder, "/", NULL);
}

const GPtrArray *recipe_file_sources(const RecipeFile *file)
{
    return file->sources;
}

static const MatrixRow *find_row(const RecipeFile *file, const char *name, Diags *diags)
{
    const char *const *names = recipe_file_rows(file);
    guint count = file->rows->len;
    for (guint i = 0; name && i < count; i++)
        if (g_str_equal(names[i], name))
            return file->rows->pdata[i];
    Span at = SPAN_NONE;
    const Node *matrix = node_find_key(file->root, "matrix");
    if (matrix)
        at = matrix->at;
    if (!name && count == 0)
        return NULL;
    if (count == 0) {
        diags_error(diags, at, "there is no row '%s': %s has no matrix", name, file->path);
        return NULL;
    }
    g_autofree char *list = g_strjoinv(", ", (char **)names);
    if (!name) {
        error_set_hint(diags_error(diags, at, "this needs a row of the matrix"),
                       "write %s#ROW with one of: %s", file->path, list);
        return NULL;
    }
    GError *error = diags_error(diags, at, "the matrix has no row '%s', but %s", name, list);
    decoder_suggest(error, name, names, count);
    return NULL;
}

static void set_variable(Decoder *decoder, const RecipeFile *file, Scope *scope, const char *name,
                         const Node *value)
{
    const Declaration *declaration = declarations_find(file->declarations, name);
    if (declaration)
        value = declaration_apply(declaration, decoder, value);
    scope_set(scope, name, value);
}

static const Node *option_value(Decoder *decoder, const RecipeFile *file, const Scope *scope,
                                const char *name, const char *text)
{
    const Declaration *declaration = declarations_find(file->declarations, name);
    const Node *old = scope_find(scope, name);
    bool list = declaration ? declaration->type == VAR_LIST : old && old->kind == NODE_LIST;
    if (!list)
        return node_new_scalar(decoder->arena, SPAN_NONE, text, true);
    g_auto(GStrv) words = text[0] ? g_strsplit(text, ",", -1) : g_new0(char *, 1);
    g_autoptr(GPtrArray) items = g_ptr_array_new();
    for (char **word = words; *word; word++)
        g_ptr_array_add(items, node_new_scalar(decoder->arena, SPAN_NONE, *word, true));
    return node_new_list(decoder->arena, SPAN_NONE, items);
}

/* --var KEY=VALUE */
static void set_option(Decoder *decoder, const RecipeFile *file, Scope *scope, const char *option)
{
    const char *equals = strchr(option, '=');
    if (!equals || equals == option) {
        error_set_hint(diags_error(decoder->diags, SPAN_NONE, "--var '%s' is no variable", option),
                       "write --var NAME=VALUE");
        return;
    }
    g_autofree char *name = g_strndup(option, (size_t)(equals - option));
    if (!scope_has(scope, name)) {
        GError *error = diags_error(decoder->diags, SPAN_NONE, "--var: %s has no variable '%s'",
                                    file->path, name);
        scope_suggest(scope, error, name);
        return;
    }
    set_variable(decoder, file, scope, name, option_value(decoder, file, scope, name, equals + 1));
}

static Scope *row_scope(Decoder *decoder, const RecipeFile *file, const MatrixRow *row,
                        const RecipeOptions *options)
{
    Scope *scope = scope_new("the recipe", SPAN_NONE);
    for (guint i = 0; i < file->declarations->len; i++) {
        const Declaration *declaration = file->declarations->pdata[i];
        scope_set(scope, declaration->name, declaration->fallback);
    }
    for (guint i = 0; i < file->rows->len; i++) {
        const MatrixRow *any = file->rows->pdata[i];
        for (guint j = 0; j < any->values->len; j++)
            scope_set(scope, g_array_index(any->values, NodePair, j).key->text, NULL);
    }
    for (guint i = 0; row && i < row->values->len; i++) {
        const NodePair *pair = &g_array_index(row->values, NodePair, i);
        set_variable(decoder, file, scope, pair->key->text, pair->value);
    }
    for (const char *const *option = options ? options->vars : NULL; option && *option; option++)
        set_option(decoder, file, scope, *option);
    for (guint i = 0; i < file->declarations->len; i++) {
        const Declaration *declaration = file->declarations->pdata[i];
        if (declaration->required && !scope_find(scope, declaration->name))
            error_set_hint(diags_error(decoder->diags, declaration->at,
                                       "the variable '%s' needs a value", declaration->name),
                           "give one with --var %s=…", declaration->name);
    }
    return scope;
}

static const Node *expand_in_scope(Decoder *decoder, const Node *node)
{
    return scope_expand(recipe_context(decoder)->scope, decoder, node);
}

static void decode_row(Decoder *decoder, const RecipeFile *file, Recipe *recipe)
{
    RecipeContext *context = recipe_context(decoder);
    shape_decode(decoder, &recipe_shape, file->root, recipe);
    if (!recipe->checks)
        recipe->checks = g_new0(RecipeChecks, 1);
    recipe->vars = scope_pairs(context->scope);
    contributions_merge(decoder, recipe);
    recipe_validate(decoder, file->root, recipe);
}

Recipe *recipe_decode(RecipeFile *file, const char *row_name, const RecipeOptions *options,
                      Diags *diags)
{
    const MatrixRow *row = find_row(file, row_name, diags);
    if (!row && (row_name || file->rows->len > 0))
        return NULL;
    g_autoptr(Recipe) recipe = g_new0(Recipe, 1);
    recipe->file = recipe_file_ref(file);
    recipe->row = g_strdup(row_name);
    recipe->tables = options ? options->tables : NULL;
    recipe->gpus = g_ptr_array_new_with_free_func(gpu_target_free);
    RecipeContext context = {.file = file, .options = options, .recipe = recipe};
    g_autoptr(GPtrArray) contributions = g_ptr_array_new_with_free_func(contribution_free);
    context.contributions = contributions;
    Decoder decoder = {diags, file->arena, expand_in_scope, &context};
    g_autoptr(Scope) scope = row_scope(&decoder, file, row, options);
    context.scope = scope;
    decode_row(&decoder, file, recipe);
    return diags_errors(diags) == 0 ? g_steal_pointer(&recipe) : NULL;
}

void recipe_free(Recipe *recipe)
{
    if (!recipe)
        return;
    shape_clear(&recipe_shape, recipe);
    g_free(recipe->row);
    g_clear_pointer(&recipe->vars, g_ptr_array_unref);
    g_clear_pointer(&recipe->gpus, g_ptr_array_unref);
    recipe_file_unref(recipe->file);
    g_free(recipe);
}

char *recipe_index_url(const Recipe *recipe, const char *name)
{
    for (guint i = 0; i < recipe->indexes->len; i++) {
        const RecipeIndex *index = recipe->indexes->pdata[i];
        if (g_str_equal(index->name, name))
            return g_strdup(index->url);
    }
    return builtin_index_url(name);
}
