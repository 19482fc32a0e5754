/* Recipes: whatever the text, every row is decoded or refused with a reason, and what is decoded
 * has what the headers promise. */
#include "fuzz.h"

#include "base/limits.h"
#include "recipe/recipe.h"

enum {
    ROWS_TRIED = 4,
};

static void check_recipe(const Recipe *recipe)
{
    g_assert_cmpuint(recipe->platforms->len, >, 0);
    g_assert_nonnull(recipe->checks);
    g_assert_nonnull(recipe->config);
    for (guint i = 0; i < recipe->stages->len; i++) {
        const Stage *stage = recipe->stages->pdata[i];
        g_assert_nonnull(stage->name);
        g_assert_true(span_is_set(stage->at));
        g_autofree char *comment = stage_comment(stage);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size > 64 * KIB)
        return 0;
    g_autoptr(Source) source = source_new("r.yaml", (const char *)data, size);
    g_autoptr(Diags) diags = diags_new();
    g_autoptr(RecipeFile) file = recipe_file_from_source(source, "/nonexistent/r.yaml", diags);
    const char *const *row = file ? recipe_file_rows(file) : NULL;
    unsigned tried = 0;
    do {
        const char *name = row ? row[tried] : NULL;
        g_autoptr(Recipe) recipe = file ? recipe_decode(file, name, NULL, diags) : NULL;
        if (recipe)
            check_recipe(recipe);
        else
            g_assert_cmpuint(diags_errors(diags), >, 0);
    } while (++tried < ROWS_TRIED && row && row[tried - 1] && row[tried]);
    g_autofree char *text = diags_format(diags, false);
    return 0;
}
