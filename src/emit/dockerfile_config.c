/* The image's configuration: what is left when the last stage is done. */
#include "recipe/config.h"

#include "emit/emitter.h"
#include "plan/start_check.h"

static gboolean write_pairs(Emitter *emitter, const char *instruction, const GPtrArray *pairs,
                            bool expand, GError **error)
{
    if (!pairs || pairs->len == 0)
        return TRUE;
    g_autoptr(GString) text = g_string_new(NULL);
    for (guint i = 0; i < pairs->len; i++) {
        const Pair *pair = pairs->pdata[i];
        g_autofree char *value = emitter_value(pair->value, expand, pair->at, error);
        g_autofree char *key = expand ? g_strdup(pair->key) : word_value(pair->key, false);
        if (!value || !key)
            return FALSE;
        g_string_append_printf(text, "%s%s=%s", i ? " \\\n    " : "", key, value);
    }
    dockerfile_instruction(emitter->writer, instruction, "%s", text->str);
    return TRUE;
}

static bool is_number(const char *text)
{
    return *text && text[strspn(text, "0123456789:")] == '\0';
}

static void add_groups(RunStep *run, const GPtrArray *groups)
{
    for (guint i = 0; groups && i < groups->len; i++) {
        g_autofree char *word = word_shell(((const Text *)groups->pdata[i])->text);
        run_step_command(run, "{ getent group %s >/dev/null || groupadd %s; }", word, word);
    }
}

static void add_user(RunStep *run, const RecipeUser *user)
{
    g_autofree char *name = word_shell(user->name);
    if (user->gid.text)
        run_step_command(run, "{ getent group %s >/dev/null || groupadd --gid %s %s; }",
                         user->gid.text, user->gid.text, name);
    add_groups(run, user->groups);
    g_autoptr(GString) words = g_string_new("useradd --create-home");
    if (user->uid.text)
        g_string_append_printf(words, " --uid %s", user->uid.text);
    if (user->gid.text)
        g_string_append_printf(words, " --gid %s", user->gid.text);
    g_autofree char *home = user->home ? word_shell(user->home) : NULL;
    g_autofree char *shell = word_shell(user->shell ? user->shell : "/bin/bash");
    if (home)
        g_string_append_printf(words, " --home-dir %s", home);
    g_string_append_printf(words, " --shell %s", shell);
    for (guint i = 0; user->groups && i < user->groups->len; i++) {
        g_autofree char *group = word_shell(((const Text *)user->groups->pdata[i])->text);
        g_string_append_printf(words, "%s%s", i ? "," : " --groups ", group);
    }
    run_step_command(run, "{ id -u %s >/dev/null 2>&1 || %s %s; }", name, words->str, name);
    if (user->sudo) {
        run_step_command(run, "echo %s 'ALL=(ALL) NOPASSWD:ALL' >/etc/sudoers.d/%s", name, name);
        run_step_command(run, "chmod 0440 /etc/sudoers.d/%s", name);
    }
}

static void write_user(Emitter *emitter, const RecipeUser *user)
{
    if (!user)
        return;
    /* "user:group" names what the base has. */
    if (!is_number(user->name) && !g_str_equal(user->name, "root") && !strchr(user->name, ':')) {
        g_autoptr(RunStep) run = run_step_new();
        add_user(run, user);
        dockerfile_run(emitter->writer, run);
    }
}

static void append_duration(GString *out, const char *option, guint64 milliseconds)
{
    if (milliseconds == 0)
        return;
    if (milliseconds % 1000 == 0)
        g_string_append_printf(out, "--%s=%" G_GUINT64_FORMAT "s ", option, milliseconds / 1000);
    else
        g_string_append_printf(out, "--%s=%" G_GUINT64_FORMAT "ms ", option, milliseconds);
}

static void write_healthcheck(Emitter *emitter, const Healthcheck *check)
{
    if (check->kind == HEALTHCHECK_NONE)
        dockerfile_instruction(emitter->writer, "HEALTHCHECK", "NONE");
    if (check->kind != HEALTHCHECK_CMD && check->kind != HEALTHCHECK_GENERATED)
        return;
    g_autoptr(GString) text = g_string_new(NULL);
    append_duration(text, "interval", check->interval);
    append_duration(text, "timeout", check->timeout);
    append_duration(text, "start-period", check->start_period);
    if (check->retries)
        g_string_append_printf(text, "--retries=%" G_GUINT64_FORMAT " ", check->retries);
    g_auto(GStrv) generated = start_check_command(emitter->recipe, "--health");
    g_autofree char **given = check->cmd ? emitter_strings(check->cmd) : NULL;
    char **strings = check->kind == HEALTHCHECK_GENERATED ? generated : given;
    g_autofree char *list = words_exec((const char *const *)strings);
    dockerfile_instruction(emitter->writer, "HEALTHCHECK", "%sCMD %s", text->str, list);
}

static void write_list(Emitter *emitter, const char *instruction, const GPtrArray *texts)
{
    if (!texts)
        return;
    g_autofree char **strings = emitter_strings(texts);
    g_autofree char *list = words_exec((const char *const *)strings);
    dockerfile_instruction(emitter->writer, instruction, "%s", list);
}

static void write_ports(Emitter *emitter, const GPtrArray *ports)
{
    if (!ports || ports->len == 0)
        return;
    g_autofree char *words = emitter_shell_words(ports);
    dockerfile_instruction(emitter->writer, "EXPOSE", "%s", words);
}

static void write_bytecode(Emitter *emitter, int bytecode)
{
    if (bytecode != BYTECODE_UNCHECKED_HASH)
        return;
    g_autoptr(RunStep) run = run_step_new();
    run_step_command(run, "%s -m compileall -q --invalidation-mode unchecked-hash",
                     emitter->python);
    run_step_argument(run,
                      "\"$(%s -c 'import sysconfig; print(sysconfig.get_path(\"purelib\"))')\"",
                      emitter->python);
    dockerfile_run(emitter->writer, run);
}

/* Before the recipe's own variables, which win. */
static void write_gate(Emitter *emitter)
{
    const char *gate = emitter->plan->floors->require_cuda;
    g_autofree char *value = gate ? word_value(gate, false) : NULL;
    if (!value)
        return;
    dockerfile_comment(emitter->writer, "The container runtime refuses a host whose driver is too "
                                        "old for the CUDA libraries.");
    dockerfile_instruction(emitter->writer, "ENV", "NVIDIA_REQUIRE_CUDA=%s", value);
}

gboolean emit_environment(Emitter *emitter, GError **error)
{
    const RecipeConfig *config = emitter->recipe->config;
    if (!config)
        return TRUE;
    write_bytecode(emitter, config->bytecode);
    write_user(emitter, config->user);
    write_gate(emitter);
    if (!write_pairs(emitter, "ENV", config->env, true, error))
        return FALSE;
    if (config->workdir.text) {
        g_autofree char *dir =
            emitter_value(config->workdir.text, false, config->workdir.at, error);
        if (!dir)
            return FALSE;
        dockerfile_instruction(emitter->writer, "WORKDIR", "%s", dir);
    }
    return TRUE;
}

gboolean emit_config(Emitter *emitter, GError **error)
{
    const RecipeConfig *config = emitter->recipe->config;
    const char *base_user = emitter->target->base.user;
    if (base_user && !(config && config->user))
        dockerfile_instruction(emitter->writer, "USER", "%s", base_user);
    if (!config)
        return TRUE;
    write_ports(emitter, config->ports);
    if (config->volumes && config->volumes->len > 0)
        write_list(emitter, "VOLUME", config->volumes);
    if (!write_pairs(emitter, "LABEL", config->labels, false, error))
        return FALSE;
    if (config->annotations && config->annotations->len > 0)
        dockerfile_comment(emitter->writer, "A Dockerfile has no `annotations:`; give them to the "
                                            "builder with --annotation.");
    if (config->stop_signal.text)
        dockerfile_instruction(emitter->writer, "STOPSIGNAL", "%s", config->stop_signal.text);
    write_healthcheck(emitter, &config->healthcheck);
    if (config->user)
        dockerfile_instruction(emitter->writer, "USER", "%s", config->user->name);
    write_list(emitter, "ENTRYPOINT", config->entrypoint);
    write_list(emitter, "CMD", config->cmd);
    return TRUE;
}
