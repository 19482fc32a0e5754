/* What makes an image larger, or a build slower, than it need be: apt, COPY, ADD. */
#include "check/lint_private.h"

static bool is_apt(const RunCommand *command)
{
    return command->program &&
           (g_str_equal(command->program, "apt-get") || g_str_equal(command->program, "apt"));
}

static bool runs_apt(const RunCommand *command, const char *verb)
{
    return is_apt(command) && run_has_argument(command, verb);
}

/* "-y", "-qy", "-qq", "--yes" … */
static bool says_yes(const RunCommand *command)
{
    for (guint i = 1; i < command->arguments->len; i++) {
        const char *text = run_argument(command, i);
        if (!text)
            return true; /* nobody knows what is in the variable */
        bool letters = *text == '-' && text[1] != '-';
        if (g_str_equal(text, "--yes") || g_str_equal(text, "--assume-yes") ||
            g_str_equal(text, "--force-yes") || strstr(text, "Assume-Yes") ||
            (letters && (strchr(text, 'y') || strstr(text, "qq"))))
            return true;
    }
    return false;
}

static void check_apt_command(Lint *lint, const RunCommand *command, bool configured)
{
    Span at = run_command_span(command);
    bool installs = runs_apt(command, "install");
    bool upgrades = runs_apt(command, "upgrade") || runs_apt(command, "dist-upgrade") ||
                    runs_apt(command, "full-upgrade");
    if ((installs || upgrades) && !configured && !says_yes(command) &&
        command->shell->before != SHELL_LINK_PIPE)
        lint_add(lint, "docker-apt-prompt", at,
                 g_strdup("apt asks whether to go on, and a build has nobody to answer"),
                 "the step stops with `Abort.` wherever a package brings others along",
                 g_strdup_printf("apt-get %s -y …", installs ? "install" : "upgrade"));
    if (upgrades)
        lint_add(lint, "docker-apt-upgrade", at,
                 g_strdup("apt upgrades all packages of the base to what the archive has today"),
                 "the files of the base are kept below the new ones, and the same file makes "
                 "another image tomorrow",
                 g_strdup("raise the base's tag or digest instead"));
}

static bool cleans_lists(const RunScript *script)
{
    for (guint i = 0; i < script->commands->len; i++) {
        const RunCommand *command = script->commands->pdata[i];
        g_autofree char *text = run_command_text(command);
        if ((g_strcmp0(command->program, "rm") == 0 || g_strcmp0(command->program, "find") == 0) &&
            strstr(text, "/var/lib/apt"))
            return true;
    }
    return strstr(script->instruction->line->text->str, "target=/var/lib/apt") ||
           strstr(script->instruction->line->text->str, "target=/var/cache/apt");
}

static bool is_in_image(const Lint *lint, const RunScript *script)
{
    return script->stage >= 0 &&
           ((const BuildStage *)lint->stages->stages->pdata[script->stage])->in_image;
}

/* Nothing but an update: what installs stands in another layer, which the builder may have from a
 * day on which the lists were others. */
static const RunCommand *lone_update(const RunScript *script)
{
    const RunCommand *update = NULL;
    for (guint i = 0; i < script->commands->len; i++) {
        const RunCommand *command = script->commands->pdata[i];
        static const char *const idle[] = {"set", "echo", "rm", "true", "mkdir", "export", NULL};
        if (runs_apt(command, "update"))
            update = command;
        else if (!command->program ||
                 (!g_strv_contains(idle, command->program) && !runs_apt(command, "clean")))
            return NULL;
    }
    return update;
}

static void check_apt_script(Lint *lint, const RunScript *script, bool *kept)
{
    const RunCommand *update = lone_update(script), *install = NULL;
    if (update)
        lint_add(lint, "docker-apt-update", run_command_span(update),
                 g_strdup("apt-get update in a layer of its own"),
                 "a builder that has this layer does not run it again: the install behind it works "
                 "with old lists, and fails when the archive has moved on",
                 g_strdup("RUN apt-get update && apt-get install -y … && rm -rf "
                          "/var/lib/apt/lists/*"));
    for (guint i = 0; i < script->commands->len && !install; i++) {
        if (runs_apt(script->commands->pdata[i], "install"))
            install = script->commands->pdata[i];
    }
    if (!install || *kept || cleans_lists(script) || !is_in_image(lint, script))
        return;
    *kept = true;
    lint_add(lint, "docker-cache-kept", run_command_span(install),
             g_strdup("the package lists of apt stay in the image"),
             "they are tens of megabytes that nothing in the image reads, and are old soon",
             g_strdup("&& rm -rf /var/lib/apt/lists/* in the same RUN"));
}

void lint_apt(Lint *lint)
{
    size_t length;
    const char *text = source_text(lint->file->source, &length);
    bool configured = strstr(text, "Assume-Yes") != NULL;
    bool kept = false;
    for (guint i = 0; i < lint->scripts->len; i++) {
        const RunScript *script = lint->scripts->pdata[i];
        check_apt_script(lint, script, &kept);
        for (guint k = 0; k < script->commands->len; k++)
            check_apt_command(lint, script->commands->pdata[k], configured);
    }
}

/* COPY */

/* The word of a COPY that takes all of the context; NULL: none. */
static const Placed *whole_context(const DockerInstruction *instruction)
{
    if ((instruction->keyword != DOCKER_COPY && instruction->keyword != DOCKER_ADD) ||
        docker_flag_find(instruction, "from"))
        return NULL;
    for (guint i = 0; i + 1 < instruction->words->len; i++) {
        const Placed *word = instruction->words->pdata[i];
        if (g_str_equal(word->text->str, ".") || g_str_equal(word->text->str, "./"))
            return word;
    }
    return NULL;
}

static bool installs_context(const PipCommand *pip)
{
    for (guint i = 0; i < pip->requirements->len + pip->editables->len; i++) {
        const RunArgument *argument = i < pip->requirements->len
                                          ? pip->requirements->pdata[i]
                                          : pip->editables->pdata[i - pip->requirements->len];
        if (!argument->value || *argument->value == '.' || *argument->value == '/')
            return true;
    }
    return false;
}

/* A pip step behind the instruction, in its stage, that does not install the copied project. */
static const PipCommand *pip_behind(const Lint *lint, guint index)
{
    const PipCommand *found = NULL;
    for (guint i = 0; i < lint->pips->len; i++) {
        const PipCommand *pip = lint->pips->pdata[i];
        const RunScript *script = pip->command->script;
        if (script->index < index || script->triggered ||
            script->stage != build_stage_of(lint->stages, index))
            continue;
        if (installs_context(pip))
            return NULL;
        if (!found && g_str_equal(pip->verb, "install"))
            found = pip;
    }
    return found;
}

void lint_copy_early(Lint *lint)
{
    for (guint i = 0; i < lint->file->instructions->len; i++) {
        const Placed *word = whole_context(lint_instruction(lint, i));
        const PipCommand *pip = word ? pip_behind(lint, i) : NULL;
        if (!pip)
            continue;
        lint_add(
            lint, "docker-copy-early", docker_word_span(lint->file, word),
            g_strdup_printf("every change of any file runs the pip step of line %u again",
                            run_command_span(pip->command).line),
            "a builder keeps a layer until something above it changes",
            g_strdup("COPY requirements.txt ./ before the pip step, and `COPY . .` behind it"));
        return;
    }
}

void lint_ignore_file(Lint *lint)
{
    if (!lint->context->knows_ignore_file || lint->context->has_ignore_file)
        return;
    for (guint i = 0; i < lint->file->instructions->len; i++) {
        const Placed *word = whole_context(lint_instruction(lint, i));
        if (!word)
            continue;
        lint_add(
            lint, "docker-ignore-file", docker_word_span(lint->file, word),
            g_strdup("all of the folder is copied, and there is no .dockerignore"),
            "the history of git, virtual environments, models and .env files come along",
            g_strdup("a .dockerignore beside it: .git, .venv, __pycache__, .env, *.safetensors"));
        return;
    }
}

/* ADD */

static bool is_archive(const char *name)
{
    static const char *const endings[] = {".tar", ".tar.gz",  ".tgz",  ".tar.xz",
                                          ".txz", ".tar.bz2", ".tbz2", ".tar.zst"};
    for (guint i = 0; i < G_N_ELEMENTS(endings); i++) {
        if (g_str_has_suffix(name, endings[i]))
            return true;
    }
    return strpbrk(name, "*?[$<") != NULL || strstr(name, "://") || g_str_has_prefix(name, "git@");
}

void lint_add_instruction(Lint *lint)
{
    for (guint i = 0; i < lint->file->instructions->len; i++) {
        const DockerInstruction *instruction = lint_action(lint, i);
        bool plain = instruction->keyword == DOCKER_ADD && instruction->words->len > 1;
        for (guint k = 0; plain && k + 1 < instruction->words->len; k++)
            plain = !is_archive(((const Placed *)instruction->words->pdata[k])->text->str);
        if (!plain)
            continue;
        g_autofree char *rest = g_strdup(instruction->line->text->str + instruction->arguments);
        lint_add(lint, "docker-add", docker_instruction_span(lint->file, instruction),
                 g_strdup("ADD where COPY does the same"),
                 "ADD unpacks archives and fetches URLs, which a reader has to rule out",
                 strchr(rest, '\n') ? g_strdup("COPY …") : g_strdup_printf("COPY %s", rest));
    }
}
