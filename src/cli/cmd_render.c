#include "base/io.h"
#include "cli/commands.h"
#include "cli/copy_tree.h"
#include "cli/locked_target.h"
#include "emit/bake.h"
#include "emit/dockerfile.h"
#include "emit/kubernetes.h"
#include "emit/runpod.h"
#include "emit/script.h"
#include "plan/runpod_files.h"

#include <sys/stat.h>

static const OptionRow rows[] = {
    /* clang-format off */
    {"as", 0, OPTION_CHOICE, "dockerfile|script|runpod|kubernetes|bake", offsetof(Options, as), 0,
     "what to make: a script is what `target: env` recipes get, runpod its .runpod/ files alone, kubernetes a Deployment, bake a docker-bake.json of all rows"},
    {"output", 'o', OPTION_VALUE, "DIR", offsetof(Options, output), 0,
     "write a build context into DIR (DIR/ROW for each row of a matrix) instead of one text to stdout"},
    {"no-pins", 0, OPTION_SWITCH, NULL, offsetof(Options, no_pins), 0,
     "render the recipe literally, without the versions of the lock"},
    {"locked", 0, OPTION_SWITCH, NULL, offsetof(Options, locked), 0,
     "fail where there is no lock, instead of making one"},
    {"force", 0, OPTION_SWITCH, NULL, offsetof(Options, force), 0,
     "render in spite of error findings; the result says so"},
    {"strict", 0, OPTION_SWITCH, NULL, offsetof(Options, strict), 0,
     "warnings count as errors"},
    OPTION_ROW_ALLOW_SUBSTITUTED,
    {0},
    /* clang-format on */
};
static const OptionGroup group = {"Render", rows};
static const OptionGroup *const groups[] = {&group, &options_recipe, &options_resolve,
                                            &options_common, NULL};

/* What the Dockerfile says of a render that findings or substitutes speak against. */
static char *make_remark(const LockTarget *target, unsigned counted)
{
    GString *out = g_string_new(NULL);
    if (counted > 0)
        g_string_append_printf(out, "Rendered with --force in spite of %u error finding%s.",
                               counted, counted == 1 ? "" : "s");
    if (target->substituted && target->substituted[0]) {
        g_autofree char *names = g_strjoinv(", ", target->substituted);
        g_string_append_printf(out, "%sLocked with another index in place of %s.",
                               out->len ? "\n" : "", names);
    }
    if (target->substituted_base)
        g_string_append_printf(out, "%sLocked on another base in place of %s.",
                               out->len ? "\n" : "", target->substituted_base);
    return g_string_free(out, FALSE);
}

static bool several_platforms(const Workspace *workspace, const WorkTarget *wanted)
{
    return wanted->recipe->platforms->len > 1 && !workspace->options->platform;
}

/* DIR, DIR/row for each of several rows, DIR/row/linux-arm64 for each of several platforms. */
static char *output_dir(const Workspace *workspace, const WorkTarget *wanted)
{
    bool in_row = wanted->row && !workspace->wanted_row;
    g_autofree char *platform =
        several_platforms(workspace, wanted) ? g_strdup(wanted->platform) : NULL;
    if (platform)
        g_strdelimit(platform, "/", '-');
    const char *parts[] = {workspace->options->output, in_row ? wanted->row : platform,
                           in_row ? platform : NULL, NULL};
    return g_build_filenamev((char **)parts);
}

static char *image_tag(const WorkTarget *wanted)
{
    const char *name = wanted->recipe->name ? wanted->recipe->name : "image";
    return wanted->row ? g_strdup_printf("%s:%s", name, wanted->row) : g_strdup(name);
}

/* The command that was given, as far as it says what is rendered. */
static char *build_command(const Workspace *workspace, const WorkTarget *wanted, const char *dir)
{
    g_autofree char *tag = image_tag(wanted);
    if (dir)
        return g_strdup_printf("docker build -t %s .", tag);
    g_autofree char *name = g_path_get_basename(workspace->recipe_path);
    bool is_default = g_str_equal(name, "ramekin.yaml") && !wanted->row;
    g_autofree char *recipe = g_strconcat(" ", name, wanted->row ? "#" : NULL, wanted->row, NULL);
    return g_strdup_printf("ramekin render%s | docker build -t %s -f - .", is_default ? "" : recipe,
                           tag);
}

static gboolean save_files(const GPtrArray *files, const char *dir, GError **error)
{
    for (guint i = 0; i < files->len; i++) {
        const EmittedFile *file = files->pdata[i];
        g_autofree char *path = g_build_filename(dir, file->path, NULL);
        g_autofree char *parent = g_path_get_dirname(path);
        if (!io_make_dirs(parent, error) || !io_save(path, file->text, strlen(file->text), error))
            return FALSE;
        if ((file->mode & 0111) && chmod(path, 0755) < 0)
            return error_set(error, ERROR_FAILED, SPAN_NONE, "cannot make %s executable", path);
    }
    return TRUE;
}

/* A folder of its own is a whole build context: what the Dockerfile copies goes there too. */
static gboolean copy_context(const Workspace *workspace, const GPtrArray *context, const char *dir,
                             GError **error)
{
    g_autofree char *recipe_dir = g_canonicalize_filename(recipe_file_dir(workspace->file), NULL);
    g_autofree char *own = g_canonicalize_filename(dir, NULL);
    if (g_str_equal(recipe_dir, own))
        return TRUE;
    for (guint i = 0; i < context->len; i++) {
        const char *path = context->pdata[i];
        if (g_str_equal(path, "."))
            return error_set(error, ERROR_INPUT, SPAN_NONE,
                             "a stage copies the recipe's whole folder; render into that folder "
                             "(-o %s)",
                             recipe_file_dir(workspace->file));
        if (!copy_tree(recipe_dir, path, own, error))
            return FALSE;
    }
    return TRUE;
}

static gboolean copy_ignore(const Workspace *workspace, const char *dir, GError **error)
{
    g_autofree char *recipe_dir = g_canonicalize_filename(recipe_file_dir(workspace->file), NULL);
    g_autofree char *own = g_canonicalize_filename(dir, NULL);
    g_autofree char *ignore = g_build_filename(recipe_dir, ".dockerignore", NULL);
    return g_str_equal(recipe_dir, own) || !g_file_test(ignore, G_FILE_TEST_EXISTS) ||
           copy_tree(recipe_dir, ".dockerignore", own, error);
}

/* What the Hub would miss. */
static void note_left_out(const Workspace *workspace, const Plan *plan)
{
    for (guint i = 0; i < plan->values->len; i++) {
        const PlanValue *value = plan->values->pdata[i];
        bool of_hub = g_str_equal(value->of, RUNPOD_HUB) || g_str_equal(value->of, RUNPOD_TESTS);
        if (of_hub && !value->value)
            output_note(workspace->output, "%s lacks %s: %s", value->of, value->key,
                        (const char *)value->because->pdata[0]);
    }
}

static gboolean write_context(const Workspace *workspace, const WorkTarget *wanted,
                              const Plan *plan, const EmittedDockerfile *dockerfile,
                              const char *dir, GError **error)
{
    if (!io_make_dirs(dir, error) || !copy_context(workspace, dockerfile->context, dir, error) ||
        !copy_ignore(workspace, dir, error) || !save_files(dockerfile->files, dir, error))
        return FALSE;
    g_autofree char *tag = image_tag(wanted);
    output_note(workspace->output, "wrote %s/Dockerfile; build it with: docker build -t %s %s", dir,
                tag, dir);
    note_left_out(workspace, plan);
    return TRUE;
}

static bool is_to_stdout(const Workspace *workspace)
{
    const char *output = workspace->options->output;
    return !output || g_str_equal(output, "-");
}

/* `dir` NULL: one text for stdout. */
static gboolean emit_one(const Workspace *workspace, const WorkTarget *wanted, const Plan *plan,
                         const char *remark, const char *dir, EmittedDockerfile **ret_dockerfile,
                         GError **error)
{
    g_autofree char *command = build_command(workspace, wanted, dir);
    DockerfileOptions emit = {.pins = !workspace->options->no_pins,
                              .heredocs = dir == NULL,
                              .build_command = command,
                              .remark = *remark ? remark : NULL,
                              .name_platform = wanted->recipe->platforms->len > 1};
    return dockerfile_emit(plan, &emit, ret_dockerfile, error);
}

static gboolean render_dockerfile(Workspace *workspace, const WorkTarget *wanted, const Plan *plan,
                                  const char *remark, GError **error)
{
    g_autofree char *dir = is_to_stdout(workspace) ? NULL : output_dir(workspace, wanted);
    g_autoptr(EmittedDockerfile) dockerfile = NULL;
    if (!emit_one(workspace, wanted, plan, remark, dir, &dockerfile, error))
        return FALSE;
    if (dir)
        return write_context(workspace, wanted, plan, dockerfile, dir, error);
    const EmittedFile *file = dockerfile->files->pdata[0];
    output_result(workspace->output, file->text);
    return TRUE;
}

/* The recipe's folder, as it is seen from the one that the bake file stands in. */
static char *recipe_from_output(const Workspace *workspace)
{
    g_autofree char *to = g_canonicalize_filename(recipe_file_dir(workspace->file), NULL);
    if (is_to_stdout(workspace))
        return g_strdup(".");
    g_autofree char *from = g_canonicalize_filename(workspace->options->output, NULL);
    g_auto(GStrv) a = g_strsplit(from + 1, "/", -1), b = g_strsplit(to + 1, "/", -1);
    guint common = 0;
    while (a[common] && b[common] && g_str_equal(a[common], b[common]))
        common++;
    GPtrArray *parts = g_ptr_array_new();
    for (char **up = a + common; *up && **up; up++)
        g_ptr_array_add(parts, (char *)"..");
    for (char **down = b + common; *down; down++)
        g_ptr_array_add(parts, *down);
    g_ptr_array_add(parts, NULL);
    g_auto(GStrv) path = g_strdupv((char **)parts->pdata);
    g_ptr_array_unref(parts);
    return *path ? g_build_filenamev(path) : g_strdup(".");
}

/* "golden", "golden/linux-arm64", ".": the row's folder, from the one that the bake file stands in.
 */
static char *bake_context(const Workspace *workspace, const WorkTarget *wanted)
{
    g_autofree char *dir = output_dir(workspace, wanted);
    const char *output = workspace->options->output;
    size_t skip = output ? strlen(output) : 0;
    const char *rest = dir + MIN(skip, strlen(dir));
    rest += strspn(rest, "/");
    return g_strdup(*rest ? rest : ".");
}

/* One more target of the bake file; with -o its build context too. */
static gboolean bake_one(Workspace *workspace, const WorkTarget *wanted, const Plan *plan,
                         const char *remark, GPtrArray *baked, GError **error)
{
    g_autofree char *dir = output_dir(workspace, wanted);
    g_autoptr(EmittedDockerfile) dockerfile = NULL;
    if (!emit_one(workspace, wanted, plan, remark, dir, &dockerfile, error) ||
        (!is_to_stdout(workspace) &&
         !write_context(workspace, wanted, plan, dockerfile, dir, error)))
        return FALSE;
    BakeTarget *target = g_new0(BakeTarget, 1);
    target->plan = plan_new(wanted->recipe, plan->target);
    target->context = bake_context(workspace, wanted);
    target->tag = image_tag(wanted);
    if (several_platforms(workspace, wanted)) {
        g_autofree char *bare = target->tag;
        target->tag = g_strdup_printf("%s%c%s", bare, wanted->row ? '-' : ':', wanted->platform);
        g_strdelimit(strrchr(target->tag, ':'), "/", '-');
    }
    target->recipe_dir = recipe_from_output(workspace);
    target->secrets = g_ptr_array_ref(dockerfile->secrets);
    g_ptr_array_add(baked, target);
    return TRUE;
}

static int finish_bake(Workspace *workspace, const GPtrArray *baked)
{
    g_autoptr(EmittedFile) file = bake_emit(baked);
    const char *output = workspace->options->output;
    if (is_to_stdout(workspace)) {
        output_result(workspace->output, file->text);
        return 0;
    }
    GError *error = NULL;
    g_autofree char *path = g_build_filename(output, file->path, NULL);
    if (!io_save(path, file->text, strlen(file->text), &error))
        return output_error(workspace->output, error);
    output_note(workspace->output, "wrote %s; build all with: cd %s && docker buildx bake", path,
                output);
    return 0;
}

/* Files alone: the first to stdout, or all into the folder. */
static gboolean put_files(Workspace *workspace, const WorkTarget *wanted, const GPtrArray *files,
                          GError **error)
{
    const EmittedFile *first = files->pdata[0];
    if (is_to_stdout(workspace)) {
        output_result(workspace->output, first->text);
        return TRUE;
    }
    g_autofree char *dir = output_dir(workspace, wanted);
    if (!save_files(files, dir, error))
        return FALSE;
    for (guint i = 0; i < files->len; i++)
        output_note(workspace->output, "wrote %s/%s", dir,
                    ((const EmittedFile *)files->pdata[i])->path);
    return TRUE;
}

static gboolean put_file(Workspace *workspace, const WorkTarget *wanted, EmittedFile *file,
                         GError **error)
{
    g_autoptr(GPtrArray) files = g_ptr_array_new();
    g_ptr_array_add(files, file);
    return put_files(workspace, wanted, files, error);
}

static gboolean render_script(Workspace *workspace, const WorkTarget *wanted, const Plan *plan,
                              const char *remark, GError **error)
{
    const Options *options = workspace->options;
    bool to_stdout = !options->output || g_str_equal(options->output, "-");
    ScriptOptions emit = {
        .pins = !options->no_pins, .single = to_stdout, .remark = *remark ? remark : NULL};
    g_autoptr(EmittedScript) script = NULL;
    if (!script_emit(plan, &emit, &script, error))
        return FALSE;
    if (to_stdout)
        return put_files(workspace, wanted, script->files, error);
    g_autofree char *dir = output_dir(workspace, wanted);
    if (!io_make_dirs(dir, error) || !copy_context(workspace, script->context, dir, error) ||
        !save_files(script->files, dir, error))
        return FALSE;
    const EmittedFile *first = script->files->pdata[0];
    output_note(workspace->output, "wrote %s/%s; make the environment with: %s%s/%s .venv", dir,
                first->path,
                g_str_has_suffix(first->path, ".ps1") ? "powershell -ExecutionPolicy Bypass -File "
                                                      : "",
                dir, first->path);
    return TRUE;
}

static gboolean render_kubernetes(Workspace *workspace, const WorkTarget *wanted, const Plan *plan,
                                  GError **error)
{
    g_autofree char *image = image_tag(wanted);
    g_autoptr(EmittedFile) file = NULL;
    return kubernetes_emit(plan, image, &file, error) && put_file(workspace, wanted, file, error);
}

static gboolean render_runpod(Workspace *workspace, const WorkTarget *wanted, const Plan *plan,
                              GError **error)
{
    g_autoptr(GPtrArray) files = runpod_emit(plan);
    if (files->len == 0) {
        error_set(error, ERROR_INPUT, SPAN_NONE, "%s has no `runpod:` for the Hub",
                  workspace->recipe_path);
        error_set_hint(*error, "`runpod: {type: serverless, handler: /app/handler.py}`");
        return FALSE;
    }
    if (!put_files(workspace, wanted, files, error))
        return FALSE;
    note_left_out(workspace, plan);
    return TRUE;
}

static gboolean render_plan(Workspace *workspace, const WorkTarget *wanted, const Plan *plan,
                            const char *remark, GPtrArray *baked, GError **error)
{
    switch (workspace->options->as) {
    case RENDER_AS_BAKE:
        return bake_one(workspace, wanted, plan, remark, baked, error);
    case RENDER_AS_SCRIPT:
        return render_script(workspace, wanted, plan, remark, error);
    case RENDER_AS_RUNPOD:
        return render_runpod(workspace, wanted, plan, error);
    case RENDER_AS_KUBERNETES:
        return render_kubernetes(workspace, wanted, plan, error);
    case RENDER_AS_DOCKERFILE:
    default:
        return render_dockerfile(workspace, wanted, plan, remark, error);
    }
}

static gboolean check_kind(const Workspace *workspace, const WorkTarget *wanted, GError **error)
{
    bool is_env = wanted->recipe->target == TARGET_ENV;
    bool wants_script = workspace->options->as == RENDER_AS_SCRIPT;
    if (is_env == wants_script)
        return TRUE;
    return error_set(error, ERROR_INPUT, SPAN_NONE, "%s has `target: %s`; render it with --as %s",
                     workspace->recipe_path, is_env ? "env" : "image",
                     is_env ? "script" : "dockerfile");
}

static int render_one(Workspace *workspace, const WorkTarget *wanted, GPtrArray *baked)
{
    GError *error = NULL;
    if (!check_kind(workspace, wanted, &error))
        return output_error(workspace->output, error);
    LockTarget *target = NULL;
    int status = workspace_need_locked(workspace, wanted, &target);
    if (status == 0)
        status = workspace_check_substituted(workspace, target);
    unsigned counted = 0;
    if (status == 0)
        status = workspace_check_findings(workspace, wanted, target, &counted);
    if (status != 0)
        return status;
    g_autoptr(Plan) plan = plan_new(wanted->recipe, target);
    g_autofree char *remark = make_remark(target, counted);
    return render_plan(workspace, wanted, plan, remark, baked, &error)
               ? 0
               : output_error(workspace->output, error);
}

/* One text can't hold two images. */
static int check_single(const Workspace *workspace)
{
    bool one_for_all = workspace->options->as == RENDER_AS_BAKE;
    if (workspace->targets->len == 1 || one_for_all || !is_to_stdout(workspace))
        return 0;
    bool rows_differ = workspace->recipes->len > 1;
    const WorkTarget *first = workspace_target(workspace, 0);
    g_autofree char *hint =
        rows_differ ? g_strdup_printf("name one (%s#%s), or write all with -o DIR",
                                      workspace->recipe_path, first->row)
                    : g_strdup_printf("name one (--platform %s), or write all with -o DIR",
                                      first->platform);
    GError *error = NULL;
    error_set(&error, ERROR_USAGE, SPAN_NONE, "%s has several %s, and stdout takes one",
              workspace->recipe_path, rows_differ ? "rows" : "platforms");
    error_set_hint(error, "%s", hint);
    return output_error(workspace->output, error);
}

static int run_render(Invocation *invocation)
{
    g_autoptr(Workspace) workspace = NULL;
    int status = workspace_open(invocation, TARGETS_ALL, &workspace);
    if (status == 0) {
        workspace->lock_options.accept_substituted = true;
        status = check_single(workspace);
    }
    g_autoptr(GPtrArray) baked = g_ptr_array_new_with_free_func(bake_target_free);
    for (guint i = 0; status != 2 && workspace && i < workspace->targets->len; i++)
        status = worse_status(status, render_one(workspace, workspace_target(workspace, i), baked));
    if (status == 0 && workspace->options->as == RENDER_AS_BAKE)
        status = finish_bake(workspace, baked);
    return status;
}

const Command command_render = {
    "render", run_render, "[RECIPE[#ROW]]",
    0,        1,          "write a Dockerfile that installs exactly what is locked",
    groups};
