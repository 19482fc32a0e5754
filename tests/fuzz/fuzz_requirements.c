/* A requirements file that includes itself under other names: every mistake has a place inside the
 * file, and what is accepted is read again as the same. */
#include "fuzz.h"

#include "python/pip_inputs.h"

typedef struct {
    const uint8_t *data;
    size_t size;
} Input;

static Source *read_input(void *data, const char *path, GError **error)
{
    const Input *input = data;
    return source_new(path, (const char *)input->data, input->size);
}

static void check_root(const PipRequirement *root)
{
    g_assert(root->text && root->hashes);
    g_assert(g_utf8_validate(root->text, -1, NULL));
    if (root->at.source) {
        size_t length;
        g_assert(source_line(root->at.source, root->at.line, &length));
        g_assert(root->at.column >= 1 && root->at.column <= length + 1);
    }
    g_autoptr(GError) error = NULL;
    if (!root->requirement || root->link)
        return;
    Requirement *again = requirement_parse(root->requirement->text, &error);
    g_assert_no_error(error);
    g_assert_cmpstr(again->text, ==, root->requirement->text);
    requirement_free(again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size > 20000)
        return 0;
    static const char *const environment[] = {"A=1.0", "URL=https://example.org/x", NULL};
    Input input = {data, size};
    PipInputsOptions options = {read_input, &input, environment, "/base"};
    g_autoptr(PipInputs) inputs = pip_inputs_new();
    g_autoptr(Diags) diags = diags_new();
    bool ok = pip_inputs_add_file(inputs, "/in/r.txt", SPAN_NONE, size % 2, &options, diags);
    g_assert(ok == (diags_errors(diags) == 0));
    g_autofree char *text = diags_format(diags, false);
    for (guint i = 0; i < inputs->roots->len; i++)
        check_root(inputs->roots->pdata[i]);
    for (guint i = 0; i < inputs->constraints->len; i++)
        check_root(inputs->constraints->pdata[i]);
    return 0;
}
