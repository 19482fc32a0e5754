#include "cli/commands.h"
#include "cli/locked_target.h"
#include "cli/machine.h"
#include "emit/image.h"
#include "image/base_image.h"
#include "lock/base_facts.h"
#include "lock/fetch.h"
#include "sandbox/sandbox.h"

#undef g_getenv

static const OptionRow rows[] = {
    /* clang-format off */
    {"network", 0, OPTION_SWITCH, NULL, offsetof(Options, network), 0,
     "give the program this machine's network; without it there is none but \"lo\""},
    {"env", 'e', OPTION_LIST, "NAME=VALUE", offsetof(Options, env), 0,
     "set a variable of the program's environment; may be repeated"},
    OPTION_ROW_RUNNER("what runs the program"),
    {"no-overlay", 0, OPTION_SWITCH, NULL, offsetof(Options, no_overlay), 0,
     "unpack the image as one tree, to which the program can't write"},
    {"locked", 0, OPTION_SWITCH, NULL, offsetof(Options, locked), 0,
     "fail where there is no lock, instead of making one"},
    {"force", 0, OPTION_SWITCH, NULL, offsetof(Options, force), 0,
     "build in spite of error findings"},
    {"strict", 0, OPTION_SWITCH, NULL, offsetof(Options, strict), 0,
     "warnings count as errors"},
    {0},
    /* clang-format on */
};
static const OptionGroup group = {"Run", rows};
static const OptionGroup *const groups[] = {&group, &options_recipe, &options_resolve,
                                            &options_common, NULL};

typedef struct {
    const Invocation *invocation;
    const char *operand; /* as the user wrote it */
    char **words;        /* behind "--"; NULL-terminated */
} RunCommand;

static int fail(const RunCommand *run, GError *error)
{
    return output_error(run->invocation->output, error);
}

/* The program */

static void add_words(GPtrArray *words, char *const *more)
{
    for (guint i = 0; more && more[i]; i++)
        g_ptr_array_add(words, more[i]);
}

/* What stands behind "--", else what the image starts, else a shell; strings are borrowed. */
static GPtrArray *choose_program(const RunCommand *run, const ImageConfig *config)
{
    static char shell[] = "/bin/sh";
    GPtrArray *words = g_ptr_array_new();
    add_words(words, run->words);
    if (words->len == 0) {
        add_words(words, config->entrypoint);
        add_words(words, config->cmd);
    }
    if (words->len == 0)
        g_ptr_array_add(words, shell);
    g_ptr_array_add(words, NULL);
    return words;
}

static gboolean check_env(const Options *options, GError **error)
{
    for (guint i = 0; i < options->env->len; i++) {
        const char *entry = options->env->pdata[i], *equals = strchr(entry, '=');
        if (!equals || equals == entry)
            return error_set(error, ERROR_USAGE, SPAN_NONE, "--env takes NAME=VALUE, not \"%s\"",
                             entry);
    }
    return TRUE;
}

/* Strings are borrowed but for the terminal's, which *ret_term keeps. */
static GPtrArray *choose_env(const Options *options, char **ret_term)
{
    GPtrArray *env = g_ptr_array_new();
    const char *term = g_getenv("TERM");
    *ret_term = term ? g_strconcat("TERM=", term, NULL) : NULL;
    if (term)
        g_ptr_array_add(env, *ret_term);
    for (guint i = 0; i < options->env->len; i++)
        g_ptr_array_add(env, options->env->pdata[i]);
    g_ptr_array_add(env, NULL);
    return env;
}

static int run_program(const RunCommand *run, SandboxRoot *root)
{
    const Options *options = run->invocation->options;
    g_autoptr(GPtrArray) words = choose_program(run, sandbox_root_config(root));
    g_autofree char *term = NULL;
    g_autoptr(GPtrArray) env = choose_env(options, &term);
    SandboxCommand command = {
        .argv = (const char *const *)words->pdata,
        .env = (const char *const *)env->pdata,
        .network = options->network,
        .runner = (SandboxRunner)options->runner,
        .interactive = true,
    };
    GError *error = NULL;
    SandboxResult result;
    const char *why;
    if (!sandbox_root_is_writable(root, &why))
        output_note(run->invocation->output, "the program can't write to the image's files: %s",
                    why);
    progress_finish(output_progress(run->invocation->output));
    return sandbox_run(root, &command, &result, &error) ? result.status : fail(run, error);
}

static int run_image(const RunCommand *run, Cache *cache, const SandboxImage *image)
{
    Output *output = run->invocation->output;
    SandboxRootOptions options = {
        .cache = cache,
        .no_overlay = run->invocation->options->no_overlay,
        .progress = output_progress(output),
    };
    GError *error = NULL;
    g_autoptr(SandboxRoot) root = sandbox_root_open(image, &options, &error);
    if (!root) {
        GError *cause = g_steal_pointer(&error);
        error_wrap(&error, cause, SPAN_NONE, "%s", run->operand ? run->operand : DEFAULT_RECIPE);
        return fail(run, error);
    }
    return run_program(run, root);
}

/* Images */

/* The machine's own, since its processor is what runs the program. */
static Platform *choose_platform(const RunCommand *run, GError **error)
{
    const char *wanted = run->invocation->options->platform;
    return platform_parse(wanted ? wanted : machine_platform(), error);
}

static BaseImage *open_image(const RunCommand *run, BlobStore *blobs, GError **error)
{
    g_autofree char *tag = NULL;
    g_autoptr(Platform) platform = choose_platform(run, error);
    g_autoptr(ImageLayout) layout =
        platform ? image_layout_open_named(run->operand, &tag, error) : NULL;
    return layout ? base_image_open_layout(layout, tag, platform, blobs, error) : NULL;
}

static int run_operand_image(const RunCommand *run)
{
    g_autoptr(Cache) cache = cache_new(run->invocation->options->cache_dir);
    g_autoptr(BlobStore) blobs = blob_store_new(cache);
    GError *error = NULL;
    g_autoptr(BaseImage) image = open_image(run, blobs, &error);
    if (!image)
        return fail(run, error);
    SandboxImage input = {image->config, image->layers, NULL};
    return run_image(run, cache, &input);
}

/* Recipes */

static int run_built(const RunCommand *run, Workspace *workspace, LockTarget *target)
{
    const WorkTarget *wanted = workspace_target(workspace, 0);
    g_autoptr(Plan) plan = plan_new(wanted->recipe, target);
    LockSession *session = workspace_session(workspace);
    g_autoptr(BlobStore) blobs = blob_store_new(lock_session_cache(session));
    ImageBuildOptions options = {
        .plan = plan,
        .session = session,
        .blobs = blobs,
        .maker = {.jobs = workspace->lock_options.jobs,
                  .progress = output_progress(workspace->output)},
        .format = -1,
        .source_date_epoch = -1,
    };
    GError *error = NULL;
    LayerMaker *maker = NULL;
    BuiltImage *built = NULL;
    if (!image_build(&options, &maker, &built, &error))
        return fail(run, error);
    unsigned counted = workspace_report(workspace, wanted->recipe, built->findings);
    int status = counted == 0 || workspace->options->force
                     ? 0
                     : workspace_refuse_findings(workspace, counted);
    SandboxImage input = {built->config, built->image->layers, NULL};
    if (status == 0)
        status = run_image(run, lock_session_cache(session), &input);
    built_image_free(built);
    layer_maker_free(maker);
    return status;
}

static int run_recipe(const RunCommand *run)
{
    g_autoptr(Workspace) workspace = NULL;
    unsigned counted = 0;
    LockTarget *target = NULL;
    int status = workspace_open_recipe(run->invocation, TARGETS_ONE, run->operand, &workspace);
    if (status != 0)
        return status;
    workspace->lock_options.accept_substituted = true;
    const WorkTarget *wanted = workspace_target(workspace, 0);
    if (wanted->recipe->target == TARGET_ENV)
        return workspace_refuse(workspace, "`ramekin render --as script` writes what installs it",
                                "%s has `target: env`, which makes no image",
                                workspace->recipe_path);
    status = workspace_need_locked(workspace, wanted, &target);
    if (status == 0)
        status = workspace_check_findings(workspace, wanted, target, &counted);
    return status == 0 ? run_built(run, workspace, target) : status;
}

static bool is_image(const char *text)
{
    BaseForm form = text ? base_form(text) : BASE_FORM_REGISTRY;
    return form == BASE_FORM_OCI || form == BASE_FORM_OCI_ARCHIVE ||
           form == BASE_FORM_DOCKER_ARCHIVE;
}

static gboolean take_arguments(RunCommand *run, GError **error)
{
    const Options *options = run->invocation->options;
    guint operands = MIN(options->before_dashes, options->arguments->len);
    run->operand = operands > 0 ? options->arguments->pdata[0] : NULL;
    run->words = (char **)options->arguments->pdata + operands;
    if (operands <= 1)
        return check_env(options, error);
    error_set(error, ERROR_USAGE, SPAN_NONE, "unexpected argument \"%s\"",
              (const char *)options->arguments->pdata[1]);
    if (error)
        error_set_hint(*error, "a command stands behind --: ramekin run %s -- %s", run->operand,
                       (const char *)options->arguments->pdata[1]);
    return FALSE;
}

static int run_run(Invocation *invocation)
{
    RunCommand run = {.invocation = invocation};
    GError *error = NULL;
    if (!take_arguments(&run, &error))
        return fail(&run, error);
    return is_image(run.operand) ? run_operand_image(&run) : run_recipe(&run);
}

const Command command_run = {
    "run",  run_run,   "[IMAGE|RECIPE[#ROW]] [-- COMMAND…]",
    0,      G_MAXUINT, "run a program in an image, or in what a recipe builds: no docker, no root",
    groups,
};
