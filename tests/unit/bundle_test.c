/* A recipe with its include and stage definition goes into one text, and from it into an empty
 * folder, where it is read as before. */
#include "recipe/bundle.h"

#include "base/io.h"
#include "test.h"

static void save(const char *folder, const char *path, const char *text)
{
    g_autofree char *full = g_build_filename(folder, path, NULL);
    g_autofree char *parent = g_path_get_dirname(full);
    GError *error = NULL;
    io_make_dirs(parent, &error);
    io_save(full, text, strlen(text), &error);
    assert_no_error(error);
}

static char *bundle_of(const char *folder, const char *path, const char *shipped)
{
    g_autofree char *full = g_build_filename(folder, path, NULL);
    g_autoptr(Diags) diags = diags_new();
    RecipeOptions options = {.shipped_stages = shipped,
                             .vars = (const char *const[]){"tag=1.2", NULL}};
    g_autoptr(RecipeFile) file = recipe_file_load(full, &options, diags);
    g_autoptr(Recipe) recipe = file ? recipe_decode(file, "two", &options, diags) : NULL;
    if (!recipe)
        g_error("%s", diags_format(diags, false));
    g_assert_cmpuint(recipe->stages->len, ==, 2);
    return recipe_bundle_encode(recipe, options.vars, NULL);
}

TEST(round_trip)
{
    g_autofree char *folder = g_dir_make_tmp("bundle-XXXXXX", NULL);
    g_autofree char *shipped = g_build_filename(folder, "shipped", NULL);
    save(folder, "tree/common.yaml", "vars: {tag: \"0\"}\nenv: {A: $(tag)}\n");
    save(folder, "tree/svc/ramekin.yaml",
         "version: 1\r\nname: svc\r\ninclude: [../common.yaml]\r\nbase: example.org/b:$(tag)\r\n"
         "python: 3.11\r\nlibc: glibc 2.36\r\nmatrix: {one: {v: 1}, two: {v: 2}}\r\n"
         "stages:\r\n  - tool: {}\r\n  - files: {x: /x}\r\n");
    save(folder, "shipped/tool.yaml", "stage: 1\nname: tool\nstages:\n  - remove: [/tmp/x]\n");
    g_autofree char *text = bundle_of(folder, "tree/svc/ramekin.yaml", shipped);
    GError *error = NULL;
    g_autoptr(RecipeBundle) bundle = recipe_bundle_decode("it", text, strlen(text), &error);
    assert_no_error(error);
    assert_text(NULL, "svc/ramekin.yaml", bundle->recipe);
    assert_text(NULL, "two", bundle->row);
    assert_text(NULL, "tag=1.2", bundle->vars[0]);
    g_assert_cmpuint(bundle->files->len, ==, 3);
    assert_text(NULL, "svc/stages/tool.yaml", ((BundleFile *)bundle->files->pdata[2])->path);
    g_assert_null(strstr(text, folder));

    g_autofree char *empty = g_dir_make_tmp("bundle-XXXXXX", NULL);
    recipe_bundle_save(bundle, empty, &error);
    assert_no_error(error);
    g_autofree char *again = bundle_of(empty, bundle->recipe, "/nowhere");
    assert_text(NULL, text, again);
}

TEST(refusals)
{
#define FRAME(recipe, files)                                                                       \
    "{\"schema\": \"ramekin.bundle/1\", \"recipe\": " recipe                                       \
    ", \"row\": null, \"vars\": [], \"files\": [" files "]}"
    static const char *const texts[] = {
        "",
        "[]",
        "{\"schema\": \"ramekin.lock/1\"}",
        FRAME("\"a\"", ""),
        FRAME("\"a\"", "{\"path\": \"a\"}"),
        FRAME("\"b\"", "{\"path\": \"a\", \"text\": \"\"}"),
        FRAME("\"../a\"", "{\"path\": \"../a\", \"text\": \"\"}"),
        FRAME("\"/a\"", "{\"path\": \"/a\", \"text\": \"\"}"),
        FRAME("\"a//b\"", "{\"path\": \"a//b\", \"text\": \"\"}"),
        FRAME("\"a\"", "{\"path\": \"a\", \"text\": \"\"}, {\"path\": \"a/./b\", \"text\": \"\"}"),
    };
    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
        g_autoptr(GError) error = NULL;
        g_assert_null(recipe_bundle_decode("it", texts[i], strlen(texts[i]), &error));
        g_assert_error(error, ERROR_DOMAIN, ERROR_INPUT);
    }
}
