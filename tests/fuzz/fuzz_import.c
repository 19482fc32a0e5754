/* Dockerfiles of any text: the draft's text is the same each time, each note is text, and where the
 * base is known, it is a recipe that loads. */
#include "fuzz.h"

#include "import/import.h"
#include "recipe/recipe.h"

static char *import_text(Source *source, bool *ret_based)
{
    const ImportInput input = {.path = "Dockerfile", .name = "Dockerfile", .source = source};
    g_autoptr(Draft) draft = import_dockerfile(&input, NULL);
    if (!draft)
        return NULL;
    for (guint i = 0; i < draft->notes->len; i++) {
        const DraftNote *note = draft->notes->pdata[i];
        g_assert_true(g_utf8_validate(note->text, -1, NULL));
    }
    g_autofree char *notes = draft_format_notes(draft);
    g_assert_nonnull(notes);
    *ret_based = draft_get(draft->keys, "base") != NULL;
    draft_set_text(draft->keys, "name", "fuzzed");
    return draft_format(draft);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autoptr(Source) source = source_new("Dockerfile", (const char *)data, size);
    bool based = false;
    g_autofree char *text = import_text(source, &based);
    g_autofree char *again = import_text(source, &based);
    g_assert_cmpstr(text, ==, again);
    if (!text)
        return 0;
    g_autoptr(Diags) diags = diags_new();
    g_autoptr(Source) recipe = source_new("ramekin.yaml", text, strlen(text));
    g_autoptr(RecipeFile) file = recipe_file_from_source(recipe, "ramekin.yaml", diags);
    g_assert_nonnull(file);
    const RecipeOptions options = {0};
    g_autoptr(Recipe) loaded = based ? recipe_decode(file, NULL, &options, diags) : NULL;
    g_autofree char *problems = diags_errors(diags) > 0 ? diags_format(diags, false) : NULL;
    g_assert_cmpstr(problems, ==, NULL);
    return 0;
}
