/* The stages that are neither pip's nor files: apt, git, run, remove. */
#include "emit/emitter.h"
#include "recipe/config.h"
#include "recipe/stage_apt.h"
#include "recipe/stage_git.h"
#include "recipe/stage_remove.h"
#include "recipe/stage_run.h"

static bool has_https_source(const AptStage *apt)
{
    for (guint i = 0; apt->sources && i < apt->sources->len; i++) {
        const AptSource *source = apt->sources->pdata[i];
        if (source->ppa || (source->uri && g_str_has_prefix(source->uri, "https:")))
            return true;
    }
    return false;
}

/* The archive's key where apt looks for it: from the recipe's folder, or fetched by the builder. */
static gboolean copy_key(Emitter *emitter, const AptSource *source, const char *target,
                         GError **error)
{
    g_autofree char *word = word_shell(source->key);
    if (strstr(source->key, "://")) {
        dockerfile_instruction(emitter->writer, "ADD", "--chmod=0644 %s %s", word, target);
        return TRUE;
    }
    g_autofree char *path = emitter_context_path(emitter, source->key, source->at, error);
    if (!path)
        return FALSE;
    g_autofree char *path_word = word_shell(path);
    dockerfile_instruction(emitter->writer, "COPY", "--chmod=0644 %s %s", path_word, target);
    return TRUE;
}

static gboolean add_source(Emitter *emitter, RunStep *run, const AptSource *source, guint rank,
                           GError **error)
{
    if (source->ppa) {
        g_autofree char *word = word_shell(source->ppa);
        run_step_command(run, "apt-get install -y --no-install-recommends "
                              "software-properties-common");
        run_step_command(run, "add-apt-repository -y %s", word);
        return TRUE;
    }
    g_autofree char *name = emitter_file_name(emitter, "");
    g_autofree char *key = g_strdup_printf("/etc/apt/keyrings/%s-%u.asc", name, rank + 1);
    if (source->key && !copy_key(emitter, source, key, error))
        return FALSE;
    g_autoptr(GString) line = g_string_new("deb ");
    if (source->key)
        g_string_append_printf(line, "[signed-by=%s] ", key);
    g_string_append_printf(line, "%s %s", source->uri, source->suite);
    for (guint i = 0; source->components && i < source->components->len; i++)
        g_string_append_printf(line, " %s", ((const Text *)source->components->pdata[i])->text);
    if (!source->components || source->components->len == 0)
        g_string_append(line, " main");
    g_autofree char *word = word_shell(line->str);
    run_step_command(run, "echo %s >/etc/apt/sources.list.d/%s-%u.list", word, name, rank + 1);
    return TRUE;
}

static gboolean add_sources(Emitter *emitter, RunStep *run, const AptStage *apt, GError **error)
{
    if (!apt->sources || apt->sources->len == 0)
        return TRUE;
    if (has_https_source(apt)) {
        run_step_command(run, "apt-get update");
        run_step_command(run, "apt-get install -y --no-install-recommends ca-certificates");
    }
    for (guint i = 0; i < apt->sources->len; i++) {
        if (!add_source(emitter, run, apt->sources->pdata[i], i, error))
            return FALSE;
    }
    return TRUE;
}

/* The recipe's own archive in place of the base's sources. */
static void add_mirror(const Emitter *emitter, RunStep *run)
{
    const RecipeConfig *config = emitter->recipe->config;
    if (!config || !config->mirror.text)
        return;
    g_autofree char *url = word_shell(config->mirror.text);
    run_step_command(run, ". /etc/os-release");
    run_step_command(run, "rm -f /etc/apt/sources.list.d/*.sources");
    run_step_command(run, "echo deb %s \"$VERSION_CODENAME\" main >/etc/apt/sources.list", url);
}

static void add_packages(RunStep *run, const GPtrArray *packages, bool recommends)
{
    run_step_command(run, "DEBIAN_FRONTEND=noninteractive apt-get install -y");
    if (!recommends)
        run_step_argument(run, "--no-install-recommends");
    for (guint i = 0; packages && i < packages->len; i++) {
        g_autofree char *word = word_shell(((const Text *)packages->pdata[i])->text);
        run_step_argument(run, "%s", word);
    }
    run_step_command(run, "rm -rf /var/lib/apt/lists/*");
}

gboolean emit_apt(Emitter *emitter, GError **error)
{
    const AptStage *apt = emitter->stage->body.apt;
    g_autoptr(RunStep) run = run_step_new();
    if (apt->snapshot.text) {
        g_autofree char *note = g_strdup_printf(
            "The recipe means the archive as of %s; apt takes what its sources have now.",
            apt->snapshot.text);
        dockerfile_comment(emitter->writer, note);
    }
    add_mirror(emitter, run);
    if (!add_sources(emitter, run, apt, error))
        return FALSE;
    run_step_command(run, "apt-get update");
    add_packages(run, apt->packages, apt->recommends);
    emitter_run(emitter, run);
    return TRUE;
}

static const Text *git_reference(const GitStage *git)
{
    return git->commit.text ? &git->commit : git->tag.text ? &git->tag : &git->branch;
}

static char *git_helper_name(const Emitter *emitter)
{
    return g_strdup_printf("git-%u", emitter->number);
}

static gboolean add_patches(Emitter *emitter, RunStep *run, const GitStage *git, const char *dest,
                            GError **error)
{
    for (guint i = 0; git->patches && i < git->patches->len; i++) {
        const Text *patch = git->patches->pdata[i];
        g_autofree char *inside = NULL;
        if (!emitter_copy_to_temp(emitter, patch->text, patch->at, &inside, error))
            return FALSE;
        g_autofree char *word = word_shell(inside);
        run_step_command(run, "git -C %s apply %s", dest, word);
    }
    return TRUE;
}

static gboolean write_clone(Emitter *emitter, const GitStage *git, const char *mount,
                            GError **error)
{
    g_autofree char *url = word_shell(git->url.text);
    g_autofree char *reference = word_shell(git_reference(git)->text);
    g_autofree char *dest = word_shell(git->dest.text);
    g_autoptr(RunStep) run = run_step_new();
    if (mount)
        run_step_mount(run, "%s", mount);
    run_step_command(run, "git clone --no-checkout %s %s", url, dest);
    run_step_command(run, "git -C %s checkout --quiet %s", dest, reference);
    if (git->submodules)
        run_step_command(run, "git -C %s submodule update --init --recursive", dest);
    if (git->lfs)
        run_step_command(run, "git -C %s lfs pull", dest);
    if (!add_patches(emitter, run, git, dest, error))
        return FALSE;
    if (!git->keep_git)
        run_step_command(run, "find %s -name .git -prune -exec rm -rf '{}' +", dest);
    emitter_run(emitter, run);
    return TRUE;
}

/* Whether an apt stage before this one installs git. */
static bool image_has_git(const Emitter *emitter)
{
    const GPtrArray *stages = emitter->recipe->stages;
    for (guint i = 0; i < stages->len && stages->pdata[i] != emitter->stage; i++) {
        const Stage *stage = stages->pdata[i];
        for (guint j = 0; stage->kind == STAGE_APT && j < stage->body.apt->packages->len; j++) {
            const Text *package = stage->body.apt->packages->pdata[j];
            if (g_str_equal(package->text, "git") || g_str_has_prefix(package->text, "git="))
                return true;
        }
    }
    return false;
}

gboolean emit_git_helper(Emitter *emitter, GError **error)
{
    const GitStage *git = emitter->stage->body.git;
    if (!*git->url.text || image_has_git(emitter))
        return TRUE;
    g_autofree char *name = git_helper_name(emitter);
    g_autofree char *comment =
        g_strdup_printf("Fetches %s, so that the image itself needs no git.", git->dest.text);
    dockerfile_comment(emitter->writer, comment);
    if (!emit_base(emitter, &emitter->recipe->base, name, error))
        return FALSE;
    g_autoptr(RunStep) tools = run_step_new();
    run_step_command(tools, "apt-get update");
    run_step_command(tools,
                     "DEBIAN_FRONTEND=noninteractive apt-get install -y "
                     "--no-install-recommends ca-certificates git%s",
                     git->lfs ? " git-lfs" : "");
    dockerfile_run(emitter->writer, tools);
    if (!write_clone(emitter, git, NULL, error))
        return FALSE;
    dockerfile_blank(emitter->writer);
    return TRUE;
}

gboolean emit_git(Emitter *emitter, GError **error)
{
    const GitStage *git = emitter->stage->body.git;
    if (!*git->url.text) {
        dockerfile_comment(emitter->writer, "Skipped: the repository is empty in this row.");
        return TRUE;
    }
    if (!git->commit.text)
        dockerfile_comment(emitter->writer, "A tag or branch can move; a commit can't.");
    if (image_has_git(emitter))
        return write_clone(emitter, git, NULL, error);
    g_autofree char *name = git_helper_name(emitter);
    g_autofree char *dest = word_shell(git->dest.text);
    dockerfile_instruction(emitter->writer, "COPY", "--from=%s %s %s", name, dest, dest);
    return TRUE;
}

/* Variables that the script names, as its environment. */
static char *variable_prefix(const Emitter *emitter, const char *script)
{
    GString *out = g_string_new(NULL);
    for (guint i = 0; emitter->recipe->vars && i < emitter->recipe->vars->len; i++) {
        const Pair *var = emitter->recipe->vars->pdata[i];
        g_autofree char *pattern = g_strdup_printf("\\b%s\\b", var->key);
        if (!g_regex_match_simple(pattern, script, 0, 0))
            continue;
        g_autofree char *value = word_shell(var->value ? var->value : "");
        g_string_append_printf(out, "%s=%s ", var->key, value);
    }
    return g_string_free(out, FALSE);
}

/* bash -euo pipefail FILE: a shell that ends in -c reads the file instead of an argument. */
static char *shell_command(const RunStage *body, const char *script)
{
    g_autofree char *word = word_shell(script);
    if (!body->shell || body->shell->len == 0)
        return g_strdup_printf("bash -euo pipefail %s", word);
    const Text *last = body->shell->pdata[body->shell->len - 1];
    g_autofree char *words = emitter_shell_words(body->shell);
    if (!g_str_equal(last->text, "-c"))
        return g_strdup_printf("%s \"$(cat %s)\"", words, word);
    words[strlen(words) - strlen(" -c")] = '\0';
    return g_strdup_printf("%s %s", words, word);
}

static gboolean add_run_mounts(Emitter *emitter, RunStep *run, const RunStage *body, GError **error)
{
    for (guint i = 0; body->mounts && i < body->mounts->len; i++) {
        const RunMount *mount = body->mounts->pdata[i];
        run_step_mount(run, "type=%s,target=%s", mount->tmpfs ? "tmpfs" : "cache", mount->target);
    }
    for (guint i = 0; body->secrets && i < body->secrets->len; i++) {
        const Text *secret = body->secrets->pdata[i];
        g_autofree char *file = NULL;
        if (!emitter_mount_secret(emitter, run, secret->text, secret->at, &file, error))
            return FALSE;
    }
    return TRUE;
}

static gboolean copy_inputs(Emitter *emitter, const RunStage *body, GError **error)
{
    for (guint i = 0; body->inputs && i < body->inputs->len; i++) {
        const Text *input = body->inputs->pdata[i];
        g_autofree char *inside = NULL;
        if (!emitter_copy_to_temp(emitter, input->text, input->at, &inside, error))
            return FALSE;
    }
    return TRUE;
}

static gboolean check_run(const RunStage *body, GError **error)
{
    if (!body->keep || body->keep->len == 0)
        return TRUE;
    const Text *first = body->keep->pdata[0];
    error_set(error, ERROR_INPUT, first->at, "a Dockerfile can't say `keep:` of a run stage");
    if (error)
        error_set_hint(*error, "put the stage into `parts:` and take what is kept with `files: "
                               "{from: NAME}`");
    return FALSE;
}

gboolean emit_run(Emitter *emitter, GError **error)
{
    const RunStage *body = emitter->stage->body.run;
    g_autoptr(RunStep) run = run_step_new();
    if (!check_run(body, error) || !add_run_mounts(emitter, run, body, error) ||
        !copy_inputs(emitter, body, error))
        return FALSE;
    dockerfile_comment(emitter->writer,
                       body->network ? "Uses the network, so its result may change from day to day."
                                     : "Needs no network.");
    g_autofree char *name = emitter_file_name(emitter, ".script");
    g_autofree char *path = g_build_filename("scripts", name, NULL);
    g_autofree char *target = g_build_filename(BUILD_TEMP, name, NULL);
    emitter_copy_generated(emitter, path, body->script.text, target);
    const char *workdir = body->workdir.text                      ? body->workdir.text
                          : body->inputs && body->inputs->len > 0 ? BUILD_TEMP
                                                                  : NULL;
    if (workdir) {
        g_autofree char *word = word_shell(workdir);
        run_step_command(run, "cd %s", word);
    }
    g_autofree char *vars = variable_prefix(emitter, body->script.text);
    g_autofree char *env = emitter_env_prefix(emitter);
    g_autofree char *command = shell_command(body, target);
    run_step_command(run, "%s%s%s", vars, env, command);
    if (!body->user.text) {
        emitter_run(emitter, run);
        return TRUE;
    }
    emitter_flush_copies(emitter);
    emitter->copied_to_temp = false; /* the user may not remove it */
    dockerfile_instruction(emitter->writer, "USER", "%s", body->user.text);
    dockerfile_run(emitter->writer, run);
    dockerfile_instruction(emitter->writer, "USER", "root");
    dockerfile_instruction(emitter->writer, "RUN", "rm -rf " BUILD_TEMP);
    return TRUE;
}

/* A glob for the shell: what is no wildcard is quoted, but for the "!" of a set. */
static char *shell_glob(const char *glob)
{
    GString *out = g_string_new(NULL);
    const char *start = glob;
    while (*start) {
        size_t plain = strcspn(start, "*?[]");
        if (plain > 0) {
            g_autofree char *part = g_strndup(start, plain);
            g_autofree char *word = word_shell(part);
            g_string_append(out, word);
        }
        start += plain;
        bool negates = start[0] == '[' && (start[1] == '!' || start[1] == '^');
        if (*start)
            g_string_append_c(out, *start++);
        if (negates) {
            g_string_append_c(out, '!');
            start++;
        }
    }
    return g_string_free(out, FALSE);
}

gboolean emit_remove(Emitter *emitter, GError **error)
{
    const RemoveStage *body = emitter->stage->body.remove;
    g_autoptr(RunStep) run = run_step_new();
    run_step_command(run, "rm -rf --");
    for (guint i = 0; i < body->paths->len; i++) {
        g_autofree char *word = shell_glob(((const Text *)body->paths->pdata[i])->text);
        run_step_argument(run, "%s", word);
    }
    dockerfile_run(emitter->writer, run);
    return TRUE;
}
