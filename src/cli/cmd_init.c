#include "base/io.h"
#include "cli/commands.h"
#include "cli/workspace.h"
#include "import/draft.h"

#define SCHEMA_FILE "ramekin.schema.json"

static const OptionRow rows[] = {
    /* clang-format off */
    {"force", 0, OPTION_SWITCH, NULL, offsetof(Options, force), 0,
     "replace a recipe that is there already"},
    {"schema", 0, OPTION_SWITCH, NULL, offsetof(Options, schema), 0,
     "print the JSON schema of recipes and write nothing"},
    {0},
    /* clang-format on */
};
static const OptionGroup group = {"Init", rows};
static const OptionGroup *const groups[] = {&group, &options_common, NULL};

/* Every key that most recipes need, each with what it is for; valid as it stands. */
static const char starter[] =
    "# yaml-language-server: $schema=" SCHEMA_FILE "\n"
    "# A recipe for ramekin: what the image is made of, in the order in which pip would install "
    "it.\n"
    "#   ramekin plan     what each stage will do, before anything is built\n"
    "#   ramekin lock     write ramekin.lock: every file of every stage, by digest\n"
    "#   ramekin render   a Dockerfile that installs exactly that\n"
    "version: 1\n"
    "name: %s\n"
    "\n"
    "# The base is not read yet where it lies in a registry, so say what is in it.\n"
    "base: python:3.11-slim-bookworm\n"
    "python: 3.11\n"
    "libc: glibc 2.36\n"
    "\n"
    "stages:\n"
    "  # Each stage is one pip command and sees what the stages before it installed. The keys are\n"
    "  # pip's own flags: requirements, constraints, index, extra_indexes, no_deps, upgrade …\n"
    "  - pip: [requests]\n"
    "  #- torch: {version: 2.6.0, cuda: 12.4}     # torch from its CUDA index, protected from then "
    "on\n"
    "  #- runpod-serverless: {handler: handler.py} # `ramekin help stages` lists all of this kind\n"
    "  #- pip: {requirements: requirements.txt, constraints: constraints.txt}\n"
    "  #- files: {app/: /srv/app/}\n"
    "\n"
    "checks:\n"
    "  build:                  # no GPU needed; a failing one stops the image\n"
    "    - import: [requests]\n"
    "\n"
    "#env: {PYTHONUNBUFFERED: \"1\"}\n"
    "#workdir: /srv\n"
    "cmd: [python3, -c, \"import requests; print(requests.__version__)\"]\n";

/* After the folder that the recipe is in. */
static char *image_name(const char *recipe_path)
{
    g_autofree char *absolute = g_canonicalize_filename(recipe_path, NULL);
    g_autofree char *dir = g_path_get_dirname(absolute);
    g_autofree char *base = g_path_get_basename(dir);
    return draft_image_name(base);
}

static gboolean write_starter(const char *path, bool force, GError **error)
{
    if (!force && g_file_test(path, G_FILE_TEST_EXISTS)) {
        error_set(error, ERROR_INPUT, SPAN_NONE, "%s is there already", path);
        if (error)
            error_set_hint(*error, "--force replaces it");
        return FALSE;
    }
    g_autofree char *name = image_name(path);
    g_autofree char *text = g_strdup_printf(starter, name);
    g_autofree char *dir = g_path_get_dirname(path);
    g_autofree char *schema_path = g_build_filename(dir, SCHEMA_FILE, NULL);
    g_autofree char *schema = recipe_schema_json();
    return io_make_dirs(dir, error) && io_save(schema_path, schema, strlen(schema), error) &&
           io_save(path, text, strlen(text), error);
}

static int run_init(Invocation *invocation)
{
    const Options *options = invocation->options;
    if (options->schema) {
        g_autofree char *schema = recipe_schema_json();
        output_result(invocation->output, schema);
        return 0;
    }
    const char *path = options->arguments->len > 0 ? options->arguments->pdata[0] : "ramekin.yaml";
    g_autofree char *inside = g_file_test(path, G_FILE_TEST_IS_DIR)
                                  ? g_build_filename(path, "ramekin.yaml", NULL)
                                  : g_strdup(path);
    GError *error = NULL;
    if (!write_starter(inside, options->force, &error))
        return output_error(invocation->output, error);
    output_note(invocation->output,
                "wrote %s, and " SCHEMA_FILE " beside it for editors\ntry `ramekin plan%s%s`",
                inside, g_str_equal(inside, "ramekin.yaml") ? "" : " ",
                g_str_equal(inside, "ramekin.yaml") ? "" : inside);
    return 0;
}

const Command command_init = {"init", run_init, "[RECIPE]", 0, 1, "write a recipe to begin with",
                              groups};
