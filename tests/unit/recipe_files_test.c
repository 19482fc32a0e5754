/* Recipes as files: those of tests/recipes/ok decode for every row, those of should-fail say what
 * stands in NAME.expected beside them. UPDATE_EXPECTED=1 in the environment writes these files. */
#include "base/io.h"
#include "base/sorted.h"
#include "recipe/recipe.h"
#include "test.h"

#undef g_getenv

static char *stages_folder(void)
{
    return g_build_filename(g_getenv("SOURCE_ROOT"), "stages", NULL);
}

/* Names in messages are relative to tests/recipes. */
static void enter_folder(void)
{
    g_autofree char *folder = g_build_filename(g_getenv("SOURCE_ROOT"), "tests", "recipes", NULL);
    g_assert_cmpint(chdir(folder), ==, 0);
}

static void decode_all(const char *path, Diags *diags)
{
    g_autofree char *shipped = stages_folder();
    RecipeOptions options = {.shipped_stages = shipped};
    g_autoptr(RecipeFile) file = recipe_file_load(path, &options, diags);
    const char *const *row = file ? recipe_file_rows(file) : NULL;
    if (file && !*row)
        recipe_free(recipe_decode(file, NULL, &options, diags));
    for (; row && *row; row++)
        recipe_free(recipe_decode(file, *row, &options, diags));
}

static GPtrArray *yaml_files(const char *folder)
{
    g_autoptr(GError) error = NULL;
    GPtrArray *names = sorted_dir(folder, 10000, &error);
    g_assert_no_error(error);
    for (guint i = names->len; i-- > 0;)
        if (!g_str_has_suffix(names->pdata[i], ".yaml"))
            g_ptr_array_remove_index(names, i);
    return names;
}

static void expect_no_mistake(const char *path)
{
    g_autoptr(Diags) diags = diags_new();
    decode_all(path, diags);
    g_autofree char *found = diags_format(diags, false);
    assert_text(path, "", found);
}

TEST(ok)
{
    enter_folder();
    g_autoptr(GPtrArray) names = yaml_files("ok");
    g_assert_cmpuint(names->len, >, 7);
    for (guint i = 0; i < names->len; i++) {
        g_autofree char *path = g_build_filename("ok", names->pdata[i], NULL);
        expect_no_mistake(path);
    }
}

TEST(shipped)
{
    static const char *const names[] = {"forced-triton", "cuda-checks", "torch-bnb", "train",
                                        "unsloth-windows"};
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autofree char *path =
            g_build_filename(g_getenv("SOURCE_ROOT"), "recipes", names[i], "ramekin.yaml", NULL);
        expect_no_mistake(path);
    }
}

static void compare_with_file(const char *path, const char *found)
{
    g_autofree char *file = g_strconcat(path, ".expected", NULL);
    GError *error = NULL;
    if (g_getenv("UPDATE_EXPECTED")) {
        io_save(file, found, strlen(found), &error);
        assert_no_error(error);
        return;
    }
    g_autofree char *expected = NULL;
    size_t length;
    io_load(file, 1 << 20, &expected, &length, &error);
    assert_no_error(error);
    assert_text(path, expected, found);
}

TEST(should_fail)
{
    enter_folder();
    g_autoptr(GPtrArray) names = yaml_files("should-fail");
    g_assert_cmpuint(names->len, >, 0);
    for (guint i = 0; i < names->len; i++) {
        g_autofree char *path = g_build_filename("should-fail", names->pdata[i], NULL);
        g_autoptr(Diags) diags = diags_new();
        decode_all(path, diags);
        g_autofree char *found = diags_format(diags, false);
        compare_with_file(path, found);
        if (diags_errors(diags) + diags_warnings(diags) == 0)
            assert_text(path, "a mistake", "none");
    }
}
