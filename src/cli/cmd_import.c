#include "base/io.h"
#include "cli/commands.h"
#include "cli/import_check.h"
#include "cli/stages_dir.h"
#include "cli/workspace.h"
#include "import/import.h"

static const OptionRow rows[] = {
    /* clang-format off */
    {"output", 'o', OPTION_VALUE, "RECIPE", offsetof(Options, output), 0,
     "write the recipe to this file instead of stdout"},
    {"force", 'f', OPTION_SWITCH, NULL, offsetof(Options, force), 0,
     "replace a recipe that is there"},
    {"kind", 0, OPTION_CHOICE, IMPORT_KIND_CHOICE, offsetof(Options, import_kind), 0,
     "what the input is, instead of what its name and contents say"},
    {"check", 0, OPTION_SWITCH, NULL, offsetof(Options, import_check), 0,
     "of a Dockerfile: its lints, and what the recipe makes of each of its pip commands; with -o"},
    {0},
    /* clang-format on */
};
static const OptionGroup group = {"Import", rows};
static const OptionGroup *const groups[] = {&group, &options_recipe, &options_resolve,
                                            &options_common, NULL};

/* The name of the folder that the recipe will be in, or the input is in. */
static void name_image(Draft *draft, const char *path)
{
    if (draft_get(draft->keys, "name"))
        return;
    g_autofree char *absolute = g_canonicalize_filename(path, NULL);
    g_autofree char *dir = g_path_get_dirname(absolute);
    g_autofree char *base = g_path_get_basename(dir);
    g_autofree char *name = draft_image_name(base);
    draft_set_text(draft->keys, "name", name);
}

static gboolean put_recipe(const Invocation *invocation, const char *text, GError **error)
{
    const char *path = invocation->options->output;
    if (!path || g_str_equal(path, "-")) {
        output_result(invocation->output, text);
        return TRUE;
    }
    if (!invocation->options->force && g_file_test(path, G_FILE_TEST_EXISTS)) {
        error_set(error, ERROR_INPUT, SPAN_NONE, "%s is there already", path);
        if (error)
            error_set_hint(*error, "--force replaces it");
        return FALSE;
    }
    return io_save(path, text, strlen(text), error);
}

/* Paths in the foreign file count from where it lies, those of a recipe from the recipe. */
static void warn_of_folder(const Invocation *invocation, const char *input)
{
    const char *path = invocation->options->output;
    if (!path || g_str_equal(path, "-"))
        return;
    g_autofree char *here = g_canonicalize_filename(path, NULL);
    g_autofree char *there = g_canonicalize_filename(input, NULL);
    g_autofree char *folder = g_path_get_dirname(here);
    g_autofree char *other = g_path_get_dirname(there);
    if (!g_file_test(there, G_FILE_TEST_IS_DIR) && !g_str_equal(folder, other))
        output_note(invocation->output,
                    "paths in the recipe count from its own folder, those of %s from that file's; "
                    "put the recipe beside it, or change them",
                    input);
}

/* Every draft is a recipe that loads; where it is not, the line is shown that must be changed. */
static int check_loads(const Invocation *invocation, const char *input, const char *text)
{
    const char *output = invocation->options->output;
    bool to_file = output && !g_str_equal(output, "-");
    g_autofree char *dir = g_path_get_dirname(input);
    g_autofree char *beside = g_build_filename(dir, DEFAULT_RECIPE, NULL);
    const char *path = to_file ? output : beside;
    g_autoptr(Diags) diags = diags_new();
    g_autoptr(Source) source = source_new(path, text, strlen(text));
    g_autofree char *stages = stages_dir_find();
    const RecipeOptions options = {.shipped_stages = stages};
    g_autoptr(RecipeFile) file = recipe_file_from_source(source, path, diags);
    g_autoptr(Recipe) recipe = file ? recipe_decode(file, NULL, &options, diags) : NULL;
    if (recipe && diags_errors(diags) == 0)
        return 0;
    output_note(invocation->output, "the recipe does not load as it stands:");
    return output_diags(invocation->output, diags);
}

static bool needs_output(const Options *options)
{
    return options->import_check && (!options->output || g_str_equal(options->output, "-"));
}

static int run_import(Invocation *invocation)
{
    const Options *options = invocation->options;
    const char *path = options->arguments->pdata[0];
    GError *error = NULL;
    g_auto(ImportInput) input = {0};
    if (needs_output(options)) {
        error_set(&error, ERROR_USAGE, SPAN_NONE, "--check reports on a recipe that is written");
        error_set_hint(error, "give it a file: -o ramekin.yaml");
        return output_error(invocation->output, error);
    }
    if (!import_input_open(path, &input, &error))
        return output_error(invocation->output, error);
    const ImportKind *kind =
        import_kind_find(import_kind_name(options->import_kind), &input, &error);
    g_autoptr(Draft) draft = kind ? kind->make(&input, &error) : NULL;
    if (!draft)
        return output_error(invocation->output, error);
    name_image(draft,
               options->output && !g_str_equal(options->output, "-") ? options->output : path);
    g_autofree char *text = draft_format(draft);
    if (!put_recipe(invocation, text, &error))
        return output_error(invocation->output, error);
    g_autofree char *notes = draft_format_notes(draft);
    if (!options->quiet)
        output_people(invocation->output, notes);
    warn_of_folder(invocation, path);
    int status = check_loads(invocation, path, text);
    if (status != 0 || !options->import_check)
        return status;
    return import_check(invocation, kind, &input, draft);
}

const Command command_import = {
    "import", run_import, "FILE|DIR",
    1,        1,          "write a recipe from a Dockerfile or another tool's files",
    groups};
