/* Dockerfiles of any text: the draft's text is YAML that the recipe's reader takes, the same each
 * time, and each note has a line. */
#include "fuzz.h"

#include "import/import.h"
#include "text/yaml.h"

static char *import_text(Source *source)
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
    return draft_format(draft);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autoptr(Source) source = source_new("Dockerfile", (const char *)data, size);
    g_autofree char *text = import_text(source);
    g_autofree char *again = import_text(source);
    g_assert_cmpstr(text, ==, again);
    if (!text)
        return 0;
    g_autoptr(NodeArena) arena = node_arena_new();
    g_autoptr(Diags) diags = diags_new();
    g_autoptr(Source) recipe = source_new("ramekin.yaml", text, strlen(text));
    g_assert_nonnull(yaml_parse(arena, recipe, diags));
    g_autofree char *problems = diags_format(diags, false);
    g_assert_cmpstr(problems, ==, "");
    return 0;
}
