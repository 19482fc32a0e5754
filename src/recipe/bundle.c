#include "recipe/bundle.h"

#include "base/io.h"
#include "base/limits.h"
#include "recipe/definition.h"
#include "text/json.h"

#define SCHEMA "ramekin.bundle/1"

enum {
    MAX_FILES = 1000,
};

static void file_free(void *data)
{
    BundleFile *file = data;
    g_free(file->path);
    g_free(file->text);
    g_free(file);
}

void recipe_bundle_free(RecipeBundle *bundle)
{
    if (!bundle)
        return;
    g_free(bundle->recipe);
    g_free(bundle->row);
    g_strfreev(bundle->vars);
    if (bundle->files)
        g_ptr_array_unref(bundle->files);
    g_free(bundle);
}

/* A definition, or a file beside one. */
static bool is_definition(const RecipeFile *file, const Source *source)
{
    for (guint i = 0; i < file->definitions->len; i++) {
        const Definition *definition = file->definitions->pdata[i];
        if (definition->root && definition->root->at.source == source)
            return true;
        if (g_ptr_array_find(definition->files, source, NULL))
            return true;
    }
    return false;
}

/* Where the source lies, as a path from the root; NULL for an include by absolute path. */
static char *place_of(const RecipeFile *file, const Source *source)
{
    const char *name = source_name(source);
    g_autofree char *dir = g_canonicalize_filename(file->dir, NULL);
    if (is_definition(file, source)) {
        g_autofree char *base = g_path_get_basename(name);
        return g_build_filename(dir, "stages", base, NULL);
    }
    if (source == file->sources->pdata[0]) {
        g_autofree char *base = g_path_get_basename(file->path);
        return g_build_filename(dir, base, NULL);
    }
    if (g_path_is_absolute(name) && !g_path_is_absolute(file->path))
        return NULL;
    return g_canonicalize_filename(name, NULL);
}

/* How many bytes all the paths' folders have in common, up to and with a "/". */
static size_t common_length(const GPtrArray *places)
{
    const char *first = places->pdata[0];
    size_t common = (size_t)(strrchr(first, '/') - first) + 1;
    for (guint i = 1; i < places->len; i++) {
        const char *other = places->pdata[i];
        while (other && common > 1 && strncmp(first, other, common) != 0) {
            common--;
            while (common > 1 && first[common - 1] != '/')
                common--;
        }
    }
    return common;
}

static void write_files(JsonWriter *json, const RecipeFile *file, const GPtrArray *places,
                        size_t common)
{
    jsonw_key(json, "files");
    jsonw_begin_array(json, JSONW_BLOCK);
    for (guint i = 0; i < places->len; i++) {
        if (!places->pdata[i])
            continue;
        jsonw_begin_object(json, JSONW_BLOCK);
        jsonw_string_member(json, "path", (const char *)places->pdata[i] + common);
        jsonw_string_member(json, "text", source_text(file->sources->pdata[i], NULL));
        jsonw_end_object(json);
    }
    jsonw_end_array(json);
}

char *recipe_bundle_encode(const Recipe *recipe, const char *const *vars, size_t *ret_length)
{
    const RecipeFile *file = recipe->file;
    g_autoptr(GPtrArray) places = g_ptr_array_new_with_free_func(g_free);
    for (guint i = 0; i < file->sources->len; i++)
        g_ptr_array_add(places, place_of(file, file->sources->pdata[i]));
    size_t common = common_length(places);
    g_autoptr(JsonWriter) json = jsonw_new();
    jsonw_begin_object(json, JSONW_BLOCK);
    jsonw_string_member(json, "schema", SCHEMA);
    jsonw_string_member(json, "recipe", (const char *)places->pdata[0] + common);
    jsonw_string_member(json, "row", recipe->row);
    jsonw_strings_member(json, "vars", vars);
    write_files(json, file, places, common);
    jsonw_end_object(json);
    return jsonw_finish(json, ret_length);
}

static gboolean fail(const char *name, const char *what, GError **error)
{
    return error_set(error, ERROR_INPUT, SPAN_NONE, "%s is no bundle of a recipe: %s", name, what);
}

static bool is_inside(const char *path)
{
    if (*path == '\0' || *path == '/' || strlen(path) > LIMIT_PATH_BYTES)
        return false;
    g_auto(GStrv) parts = g_strsplit(path, "/", -1);
    for (guint i = 0; parts[i]; i++) {
        if (*parts[i] == '\0' || g_str_equal(parts[i], ".") || g_str_equal(parts[i], ".."))
            return false;
    }
    return true;
}

static gboolean read_files(const char *name, const Json *list, RecipeBundle *bundle, GError **error)
{
    size_t count = json_length(list);
    if (!json_is_list(list) || count == 0 || count > MAX_FILES)
        return fail(name, "it has no files", error);
    for (size_t i = 0; i < count; i++) {
        const char *path = json_find_text(json_item(list, i), "path");
        const char *text = json_find_text(json_item(list, i), "text");
        if (!path || !text || !is_inside(path))
            return fail(name, "a file lacks its path or text, or lies outside", error);
        BundleFile *file = g_new(BundleFile, 1);
        *file = (BundleFile){g_strdup(path), g_strdup(text)};
        g_ptr_array_add(bundle->files, file);
    }
    return TRUE;
}

static gboolean read_vars(const char *name, const Json *list, RecipeBundle *bundle, GError **error)
{
    size_t count = json_length(list);
    if (!json_is_list(list) || count > MAX_FILES)
        return fail(name, "it has no vars", error);
    bundle->vars = g_new0(char *, count + 1);
    for (size_t i = 0; i < count; i++) {
        const char *text = json_text(json_item(list, i));
        if (!text)
            return fail(name, "a variable is no text", error);
        bundle->vars[i] = g_strdup(text);
    }
    return TRUE;
}

RecipeBundle *recipe_bundle_decode(const char *name, const char *text, size_t length,
                                   GError **error)
{
    g_autoptr(Json) json = json_parse(name, text, length, error);
    if (!json)
        return NULL;
    g_autoptr(RecipeBundle) bundle = g_new0(RecipeBundle, 1);
    bundle->files = g_ptr_array_new_with_free_func(file_free);
    bundle->row = g_strdup(json_find_text(json, "row"));
    const char *recipe = json_find_text(json, "recipe");
    if (g_strcmp0(json_find_text(json, "schema"), SCHEMA) != 0) {
        fail(name, "its schema is not " SCHEMA, error);
        return NULL;
    }
    if (!read_files(name, json_find(json, "files"), bundle, error) ||
        !read_vars(name, json_find(json, "vars"), bundle, error))
        return NULL;
    const BundleFile *first = bundle->files->pdata[0];
    if (g_strcmp0(recipe, first->path) != 0) {
        fail(name, "the recipe is not its first file", error);
        return NULL;
    }
    bundle->recipe = g_strdup(recipe);
    return g_steal_pointer(&bundle);
}

gboolean recipe_bundle_save(const RecipeBundle *bundle, const char *dir, GError **error)
{
    for (guint i = 0; i < bundle->files->len; i++) {
        const BundleFile *file = bundle->files->pdata[i];
        g_autofree char *path = g_build_filename(dir, file->path, NULL);
        g_autofree char *folder = g_path_get_dirname(path);
        if (!io_make_dirs(folder, error) || !io_save(path, file->text, strlen(file->text), error))
            return FALSE;
    }
    return TRUE;
}
