/* The frame of a Dockerfile: what it was made from, the base, the stages in recipe order, checks
 * and configuration. */
#include "emit/dockerfile.h"

#include "check/build_script.h"
#include "emit/emitter.h"
#include "emit/runpod.h"
#include "plan/wheel_script.h"
#include "recipe/config.h"

typedef gboolean (*EmitFunc)(Emitter *emitter, GError **error);

static const EmitFunc emit_kinds[STAGE_KIND_COUNT] = {
    [STAGE_PIP] = emit_pip, [STAGE_APT] = emit_apt,           [STAGE_FILES] = emit_files,
    [STAGE_GIT] = emit_git, [STAGE_DOWNLOAD] = emit_download, [STAGE_MODEL] = emit_model,
    [STAGE_RUN] = emit_run, [STAGE_REMOVE] = emit_remove,
};

void emitted_file_free(EmittedFile *file)
{
    if (!file)
        return;
    g_free(file->path);
    g_free(file->text);
    g_free(file);
}

static void file_free_func(void *data)
{
    emitted_file_free(data);
}

static EmittedDockerfile *emitted_dockerfile_new(void)
{
    EmittedDockerfile *dockerfile = g_new(EmittedDockerfile, 1);
    dockerfile->files = g_ptr_array_new_with_free_func(file_free_func);
    dockerfile->context = g_ptr_array_new_with_free_func(g_free);
    dockerfile->secrets = g_ptr_array_new_with_free_func(g_free);
    return dockerfile;
}

void emitted_dockerfile_free(EmittedDockerfile *dockerfile)
{
    if (!dockerfile)
        return;
    g_ptr_array_unref(dockerfile->files);
    g_ptr_array_unref(dockerfile->context);
    g_ptr_array_unref(dockerfile->secrets);
    g_free(dockerfile);
}

static void write_header(Emitter *emitter)
{
    const DockerfileOptions *options = emitter->options;
    if (options->heredocs)
        dockerfile_comment(emitter->writer, "syntax=docker/dockerfile:1");
    const Recipe *recipe = emitter->recipe;
    g_autofree char *name = g_path_get_basename(recipe_file_path(recipe->file));
    g_autofree char *from = g_strdup_printf(
        "Made by ramekin from %s%s%s for %s; change the recipe, not this file.", name,
        recipe->row ? "#" : "", recipe->row ? recipe->row : "", emitter->target->platform);
    dockerfile_comment(emitter->writer, from);
    if (options->build_command) {
        g_autofree char *build = g_strdup_printf("Build: %s", options->build_command);
        dockerfile_comment(emitter->writer, build);
    }
    dockerfile_comment(emitter->writer, options->remark);
    dockerfile_blank(emitter->writer);
}

static bool is_local_reference(const char *reference)
{
    static const char *const transports[] = {"oci:", "oci-archive:", "docker-archive:", "rootfs:"};
    for (size_t i = 0; i < G_N_ELEMENTS(transports); i++) {
        if (g_str_has_prefix(reference, transports[i]))
            return true;
    }
    return false;
}

/* A base on this machine has no name that every builder knows; buildah takes the layout itself. */
static void write_local_base(Emitter *emitter, const RecipeBase *base)
{
    bool is_rootfs = g_str_has_prefix(base->reference, "rootfs:");
    g_autofree char *comment =
        g_strdup_printf("The base, %s, lies beside the recipe.%s Give other builders\n"
                        "the name that it has in their store: --build-arg BASE=NAME",
                        base->reference, is_rootfs ? "" : " buildah reads it from there.");
    dockerfile_comment(emitter->writer, comment);
    dockerfile_instruction(emitter->writer, "ARG", "BASE%s%s", is_rootfs ? "" : "=",
                           is_rootfs ? "" : base->reference);
}

static char *base_reference(const Emitter *emitter, const RecipeBase *base)
{
    if (base->kind == BASE_SCRATCH)
        return g_strdup("scratch");
    if (base->kind == BASE_DEBIAN)
        return g_strdup_printf("%s:%s", base->distribution, base->suite);
    if (is_local_reference(base->reference))
        return g_strdup("${BASE}");
    const LockTarget *target = emitter->target;
    bool is_own = base == &emitter->recipe->base && !target->substituted_base;
    const char *digest = base->digest ? base->digest : is_own ? target->base.digest : NULL;
    if (!digest || strchr(base->reference, '@'))
        return g_strdup(base->reference);
    return g_strdup_printf("%s@%s", base->reference, digest);
}

static bool has_package(const GPtrArray *packages, const char *name)
{
    for (guint i = 0; packages && i < packages->len; i++) {
        if (g_str_equal(((const Text *)packages->pdata[i])->text, name))
            return true;
    }
    return false;
}

static bool has_pip_stage(const Recipe *recipe)
{
    for (guint i = 0; i < recipe->stages->len; i++) {
        if (((const Stage *)recipe->stages->pdata[i])->kind == STAGE_PIP)
            return true;
    }
    return false;
}

/* The packages of a debian: base; and pip, which ramekin itself does not need. */
static void write_packages(Emitter *emitter, const RecipeBase *base)
{
    bool needs_pip = has_pip_stage(emitter->recipe) && !has_package(base->packages, "python3-pip");
    if (base->snapshot) {
        g_autofree char *note = g_strdup_printf(
            "The recipe means the archive as of %s; apt takes what its sources have now.",
            base->snapshot);
        dockerfile_comment(emitter->writer, note);
    }
    g_autoptr(RunStep) run = run_step_new();
    run_step_command(run, "apt-get update");
    run_step_command(run, "DEBIAN_FRONTEND=noninteractive apt-get install -y");
    run_step_argument(run, "--no-install-recommends");
    g_autofree char *words = emitter_shell_words(base->packages);
    if (*words)
        run_step_argument(run, "%s", words);
    if (needs_pip)
        run_step_argument(run, "python3-pip");
    run_step_command(run, "rm -rf /var/lib/apt/lists/*");
    dockerfile_run(emitter->writer, run);
}

gboolean emit_base(Emitter *emitter, const RecipeBase *base, const char *name, GError **error)
{
    if (base->kind == BASE_SCRATCH && has_pip_stage(emitter->recipe) && !name)
        return error_set(error, ERROR_INPUT, base->at,
                         "pip stages need a base with Python, not "
                         "scratch");
    g_autofree char *reference = base_reference(emitter, base);
    g_autofree char *platform = emitter->options->name_platform
                                    ? g_strdup_printf("--platform=%s ", emitter->target->platform)
                                    : g_strdup("");
    dockerfile_instruction(emitter->writer, "FROM", "%s%s%s%s", platform, reference,
                           name ? " AS " : "", name ? name : "");
    if (base->kind == BASE_DEBIAN)
        write_packages(emitter, base);
    return TRUE;
}

static bool sets_path(const RecipeConfig *config)
{
    for (guint i = 0; config && config->env && i < config->env->len; i++) {
        if (g_str_equal(((const Pair *)config->env->pdata[i])->key, "PATH"))
            return true;
    }
    return false;
}

/* The virtual environment, first on the PATH unless the recipe says what PATH is. */
static void write_venv(Emitter *emitter)
{
    const char *venv = emitter->recipe->python.venv;
    if (!venv)
        return;
    g_autofree char *word = word_shell(venv);
    if (!emitter->pip)
        dockerfile_comment(emitter->writer,
                           "The base's pip is too old to install into it from outside.");
    dockerfile_instruction(emitter->writer, "RUN", "python3 -m venv %s%s",
                           emitter->pip ? "--without-pip " : "", word);
    if (!sets_path(emitter->recipe->config))
        dockerfile_instruction(emitter->writer, "ENV", "VIRTUAL_ENV=%s PATH=\"%s/bin:$PATH\"", word,
                               venv);
}

gboolean emit_stage(Emitter *emitter, GError **error)
{
    emitter_stage_comment(emitter);
    if (!emit_kinds[emitter->stage->kind](emitter, error))
        return FALSE;
    dockerfile_blank(emitter->writer);
    return TRUE;
}

static gboolean emit_stages(Emitter *emitter, const GPtrArray *stages, const GPtrArray *locked,
                            GError **error)
{
    for (guint i = 0; i < stages->len; i++) {
        emitter->number++;
        emitter->stage = stages->pdata[i];
        emitter->locked = locked && i < locked->len ? locked->pdata[i] : NULL;
        if (!emit_stage(emitter, error))
            return FALSE;
    }
    return TRUE;
}

static gboolean emit_part(Emitter *emitter, const RecipePart *part, GError **error)
{
    g_autofree char *comment =
        g_strdup_printf("Helper image; only what is copied from %s stays.", part->name);
    dockerfile_comment(emitter->writer, comment);
    if (!emit_base(emitter, &part->base, part->name, error))
        return FALSE;
    for (guint i = 0; part->env && i < part->env->len; i++) {
        const Pair *pair = part->env->pdata[i];
        g_autofree char *value = emitter_value(pair->value, true, pair->at, error);
        if (!value)
            return FALSE;
        dockerfile_instruction(emitter->writer, "ENV", "%s=%s", pair->key, value);
    }
    return !part->stages || emit_stages(emitter, part->stages, NULL, error);
}

/* Every image that the last one copies from stands above it. */
static gboolean emit_helpers(Emitter *emitter, GError **error)
{
    const Recipe *recipe = emitter->recipe;
    for (guint i = 0; recipe->parts && i < recipe->parts->len; i++) {
        if (!emit_part(emitter, recipe->parts->pdata[i], error))
            return FALSE;
    }
    unsigned parts = emitter->number;
    for (guint i = 0; i < recipe->stages->len; i++) {
        emitter->number++;
        emitter->stage = recipe->stages->pdata[i];
        if (emitter->stage->kind == STAGE_GIT && !emit_git_helper(emitter, error))
            return FALSE;
    }
    emitter->number = parts;
    return TRUE;
}

/* A stage takes part in a FROM, which may use the ARG only if it stands above the first one. */
static void write_base_argument(Emitter *emitter)
{
    const Recipe *recipe = emitter->recipe;
    if (recipe->base.kind == BASE_IMAGE && is_local_reference(recipe->base.reference))
        write_local_base(emitter, &recipe->base);
}

/* Only root may write where pip installs, and what the lock says is the outcome for root. */
static void write_root(Emitter *emitter)
{
    const char *user = emitter->target->base.user;
    if (!user)
        return;
    bool own = emitter->recipe->config && emitter->recipe->config->user;
    g_autofree char *comment =
        g_strdup_printf("The base runs as %s, who may not install into its Python; %s at the end.",
                        user, own ? "the recipe's user is set" : "that user is set again");
    dockerfile_comment(emitter->writer, comment);
    dockerfile_instruction(emitter->writer, "USER", "root");
}

static gboolean emit_image(Emitter *emitter, GError **error)
{
    write_header(emitter);
    write_base_argument(emitter);
    if (!emit_helpers(emitter, error))
        return FALSE;
    if (!emit_base(emitter, &emitter->recipe->base, NULL, error))
        return FALSE;
    write_root(emitter);
    write_venv(emitter);
    dockerfile_blank(emitter->writer);
    if (!emit_stages(emitter, emitter->recipe->stages, emitter->target->stages, error) ||
        !emit_environment(emitter, error) || !emit_checks(emitter, error))
        return FALSE;
    emit_start_check(emitter);
    dockerfile_blank(emitter->writer);
    return emit_config(emitter, error);
}

static int compare_strings(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void add_dockerfile(Emitter *emitter)
{
    g_autofree char *text = dockerfile_writer_finish(emitter->writer);
    size_t length = strlen(text);
    while (length > 1 && text[length - 1] == '\n' && text[length - 2] == '\n')
        text[--length] = '\0';
    EmittedFile *file = g_new(EmittedFile, 1);
    *file = (EmittedFile){g_strdup("Dockerfile"), g_steal_pointer(&text), 0644};
    g_ptr_array_insert(emitter->result->files, 0, file);
}

/* What RunPod reads beside it. */
static void add_runpod(Emitter *emitter)
{
    g_autoptr(GPtrArray) files = runpod_emit(emitter->plan);
    while (!emitter->options->heredocs && files->len > 0)
        g_ptr_array_add(emitter->result->files, g_ptr_array_steal_index(files, 0));
}

/* A virtual environment holds what the stages install and no pip of its own: the base's installs
 * into it, as of the version that can. */
static char *outer_pip(const Plan *plan, const char *python_word)
{
    const char *version = plan->target->base.pip_version;
    if (!plan->recipe->python.venv || (version && pip_is_older(version, 22, 3)))
        return NULL;
    return g_strdup_printf("pip --python %s", python_word);
}

gboolean dockerfile_emit(const Plan *plan, const DockerfileOptions *options,
                         EmittedDockerfile **ret_dockerfile, GError **error)
{
    g_autoptr(EmittedDockerfile) result = emitted_dockerfile_new();
    g_autoptr(DockerfileWriter) writer = dockerfile_writer_new();
    g_autoptr(GHashTable) context = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    g_autoptr(GHashTable) secrets = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    g_autofree char *python = build_checks_python(plan->recipe);
    g_autofree char *python_word = word_shell(python);
    g_autofree char *pip = outer_pip(plan, python_word);
    Emitter emitter = {.plan = plan,
                       .recipe = plan->recipe,
                       .target = plan->target,
                       .options = options,
                       .writer = writer,
                       .result = result,
                       .context = context,
                       .secrets = secrets,
                       .python = python_word,
                       .pip = pip};
    gboolean ok = emit_image(&emitter, error);
    g_clear_pointer(&emitter.copies, g_ptr_array_unref);
    if (!ok)
        return FALSE;
    add_dockerfile(&emitter);
    add_runpod(&emitter);
    g_ptr_array_sort(result->context, compare_strings);
    g_ptr_array_sort(result->secrets, compare_strings);
    *ret_dockerfile = g_steal_pointer(&result);
    return TRUE;
}
