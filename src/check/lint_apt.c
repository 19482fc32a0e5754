/* apt: questions, lists that are old, lists that stay. */
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

/* "-y" behind the verb. */
static void answer(const Lint *lint, LintFinding *finding, const RunCommand *command)
{
    static const char *const verbs[] = {"install", "upgrade", "dist-upgrade", "full-upgrade", NULL};
    for (guint i = 1; i < command->arguments->len; i++) {
        const RunArgument *argument = command->arguments->pdata[i];
        if (!argument->value || !g_strv_contains(verbs, argument->value))
            continue;
        lint_rewrite(finding, "answer with -y");
        lint_add_argument(lint, finding, command->script, argument->word, "-y");
        return;
    }
}

static void check_apt_command(Lint *lint, const RunCommand *command, bool configured)
{
    Span at = run_command_span(command);
    bool installs = runs_apt(command, "install");
    bool upgrades = runs_apt(command, "upgrade") || runs_apt(command, "dist-upgrade") ||
                    runs_apt(command, "full-upgrade");
    if ((installs || upgrades) && !configured && !says_yes(command) &&
        command->shell->before != SHELL_LINK_PIPE) {
        LintFinding *finding =
            lint_add(lint, "docker-apt-prompt", at,
                     g_strdup("apt asks whether to go on, and a build has nobody to answer"),
                     "the step stops with `Abort.` wherever a package brings others along",
                     g_strdup_printf("apt-get %s -y …", installs ? "install" : "upgrade"));
        answer(lint, finding, command);
    }
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
           strstr(script->instruction->line->text->str, "dst=/var/lib/apt") ||
           strstr(script->instruction->line->text->str, "destination=/var/lib/apt");
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

/* Rewrites */

static const RunCommand *find_apt(const RunScript *script, const char *verb)
{
    for (guint i = 0; i < script->commands->len; i++) {
        if (runs_apt(script->commands->pdata[i], verb))
            return script->commands->pdata[i];
    }
    return NULL;
}

/* Whether apt has lists of this very step when it comes to the command. */
static bool has_own_lists(const RunCommand *wanted)
{
    for (guint i = 0; i < wanted->script->commands->len; i++) {
        const RunCommand *command = wanted->script->commands->pdata[i];
        if (command == wanted)
            return false;
        if (runs_apt(command, "update"))
            return true;
    }
    return false;
}

/* A script of the image, which may do anything. */
static bool runs_script(const RunCommand *command)
{
    static const char *const shells[] = {"sh", "bash", "dash", "source", ".", "eval", NULL};
    const char *path = run_argument(command, 0);
    return command->arguments->len > 0 &&
           (!path || g_strv_contains(shells, command->program) || g_str_has_suffix(path, ".sh") ||
            g_str_has_prefix(path, "./") || g_str_has_prefix(path, "../"));
}

static bool needs_lists(const RunScript *script)
{
    for (guint i = 0; i < script->commands->len; i++) {
        const RunCommand *command = script->commands->pdata[i];
        bool asks = is_apt(command) && !runs_apt(command, "update") && !runs_apt(command, "clean");
        if ((asks && !has_own_lists(command)) || runs_script(command))
            return true;
    }
    return false;
}

static bool builds_on(const Lint *lint, int stage, int ancestor)
{
    const GPtrArray *stages = lint->stages->stages;
    for (guint i = 0; stage >= 0 && stage != ancestor && i <= stages->len; i++)
        stage = ((const BuildStage *)stages->pdata[stage])->base_stage;
    return stage == ancestor;
}

/* Whether a step behind the script may read lists that it left. */
static bool lists_are_needed(const Lint *lint, const RunScript *script)
{
    for (guint i = script->index + 1; i < lint->file->instructions->len; i++) {
        bool read = lint_action(lint, i)->keyword != DOCKER_RUN ||
                    !builds_on(lint, build_stage_of(lint->stages, i), script->stage);
        for (guint k = 0; k < lint->scripts->len; k++) {
            const RunScript *later = lint->scripts->pdata[k];
            if (later->index != i || read)
                continue;
            if (!later->shell->understood || needs_lists(later))
                return true;
            read = later->depth == 0;
        }
        if (!read)
            return true;
    }
    return false;
}

/* "&& rm -rf /var/lib/apt/lists" behind the last step, on a line of its own where steps stand so.
 */
static void remove_lists(const Lint *lint, LintFinding *finding, const RunCommand *install)
{
    const RunScript *script = install->script;
    const ShellStep *last = script->shell->steps->pdata[script->shell->steps->len - 1];
    size_t end;
    if (!lint_is_outermost(script) || !has_own_lists(install) || lists_are_needed(lint, script) ||
        last->after == SHELL_LINK_BACKGROUND ||
        !lint_place(script->shell->text, last->offset + last->length - 1, 1, &end)) {
        lint_rewrite_drop(finding);
        return;
    }
    Source *source = lint->file->source;
    unsigned line = span_of_bytes(source, end, 1).line;
    size_t length;
    const char *text = source_line(source, line, &length);
    bool folded = script->instruction->heredocs->len == 0 && line > script->instruction->first_line;
    g_autofree char *indent = g_strndup(text, strspn(text, " \t"));
    g_autofree char *step =
        folded ? g_strdup_printf(" %c%s%s&& rm -rf /var/lib/apt/lists/*", lint->file->escape,
                                 lint_line_end(lint, line), indent)
               : g_strdup(" && rm -rf /var/lib/apt/lists/*");
    lint_replace(finding, end + 1, 0, step);
}

/* The script of the RUN that stands next, where the step can be joined to it: what fails in either
 * fails the joined one. */
static const RunScript *next_script(const Lint *lint, guint index)
{
    const RunScript *script = lint->scripts->pdata[index];
    const RunScript *next = index + 1 < lint->scripts->len ? lint->scripts->pdata[index + 1] : NULL;
    if (!next || next->index != script->index + 1 || next->triggered != script->triggered ||
        !lint_is_outermost(next) || !next->shell->understood || next->instruction->flags->len > 0 ||
        next->instruction->heredocs->len > 0)
        return NULL;
    for (guint i = 0; i < next->shell->steps->len; i++) {
        const ShellStep *step = next->shell->steps->pdata[i];
        bool last = i + 1 == next->shell->steps->len;
        if (step->negated || step->after == SHELL_LINK_BACKGROUND ||
            (!last && step->after != SHELL_LINK_AND && step->after != SHELL_LINK_PIPE))
            return NULL;
    }
    const RunCommand *install = find_apt(next, "install");
    return install && !has_own_lists(install) ? next : NULL;
}

static bool changes_shell(const RunScript *script)
{
    static const char *const names[] = {"set", "export", "cd", "umask", NULL};
    for (guint i = 0; i < script->commands->len; i++) {
        const RunCommand *command = script->commands->pdata[i];
        if (!command->program || g_strv_contains(names, command->program))
            return true;
    }
    return false;
}

/* Makes the next RUN the rest of this one. */
static void join_update(const Lint *lint, LintFinding *finding, guint index)
{
    const RunScript *script = lint->scripts->pdata[index], *next = next_script(lint, index);
    const ShellScript *shell = script->shell;
    const ShellStep *last = shell->steps->pdata[shell->steps->len - 1];
    size_t end = last->offset + last->length, place, keyword;
    if (!next || !lint_is_outermost(script) || script->triggered || changes_shell(script) ||
        script->instruction->flags->len > 0 || script->instruction->heredocs->len > 0 ||
        end != shell->text->text->len || last->after == SHELL_LINK_BACKGROUND ||
        !lint_place(shell->text, end - 1, 1, &place) ||
        !lint_place(next->instruction->line, 0, next->instruction->name, &keyword))
        return;
    unsigned line = script->instruction->last_line;
    lint_rewrite(finding, "install in the same RUN");
    const char mark[] = {' ', lint->file->escape, '\0'};
    lint_replace(finding, place + 1, 0, mark);
    for (unsigned i = line + 1; i < next->instruction->first_line; i++) {
        size_t length;
        const char *text = source_line(lint->file->source, i, &length);
        if (strspn(text, " \t") >= length)
            lint_cut_lines(lint, finding, i, i);
    }
    lint_replace(finding, keyword, next->instruction->name, "    &&");
}

static const RunCommand *keeps_lists(const Lint *lint, const RunScript *script)
{
    const RunCommand *install = find_apt(script, "install");
    return install && !cleans_lists(script) && is_in_image(lint, script) ? install : NULL;
}

static void check_update(Lint *lint, guint index)
{
    const RunCommand *update = lone_update(lint->scripts->pdata[index]);
    if (!update)
        return;
    LintFinding *finding =
        lint_add(lint, "docker-apt-update", run_command_span(update),
                 g_strdup("apt-get update in a layer of its own"),
                 "a builder that has this layer does not run it again: the install behind it works "
                 "with old lists, and fails when the archive has moved on",
                 g_strdup("RUN apt-get update && apt-get install -y … && rm -rf "
                          "/var/lib/apt/lists/*"));
    join_update(lint, finding, index);
}

/* One finding for all of the file, at the first. */
static void check_lists(Lint *lint)
{
    LintFinding *finding = NULL;
    for (guint i = 0; i < lint->scripts->len; i++) {
        const RunCommand *install = keeps_lists(lint, lint->scripts->pdata[i]);
        if (!install)
            continue;
        if (!finding) {
            finding = lint_add(
                lint, "docker-cache-kept", run_command_span(install),
                g_strdup("the package lists of apt stay in the image"),
                "they are tens of megabytes that nothing in the image reads, and are old soon",
                g_strdup("&& rm -rf /var/lib/apt/lists/* in the same RUN"));
            lint_rewrite(finding, "remove the lists in the step that reads them");
        }
        if (finding->edits)
            remove_lists(lint, finding, install);
    }
}

void lint_apt(Lint *lint)
{
    size_t length;
    const char *text = source_text(lint->file->source, &length);
    bool configured = strstr(text, "Assume-Yes") != NULL;
    check_lists(lint);
    for (guint i = 0; i < lint->scripts->len; i++) {
        const RunScript *script = lint->scripts->pdata[i];
        check_update(lint, i);
        for (guint k = 0; k < script->commands->len; k++)
            check_apt_command(lint, script->commands->pdata[k], configured);
    }
}
