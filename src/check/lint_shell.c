/* What shells do with RUN, CMD and ENTRYPOINT. */
#include "check/lint_private.h"

/* State that ends with its RUN */

/* Whether a file is there to be read into a shell, and not a script that does its work there. */
static bool sets_environment(const char *path)
{
    static const char *const endings[] = {"activate",   "env",      "rc",     "profile",
                                          "setvars.sh", "conda.sh", "nvm.sh", "setup.bash"};
    for (size_t i = 0; i < G_N_ELEMENTS(endings); i++) {
        if (g_str_has_suffix(path, endings[i]))
            return true;
    }
    return false;
}

/* `source FILE`, with the file as it is written where a variable is in it. */
static bool sources_environment(const RunCommand *command)
{
    if (command->arguments->len != 2 ||
        (g_strcmp0(command->program, "source") != 0 && g_strcmp0(command->program, ".") != 0))
        return false;
    g_autofree char *text = run_command_text(command);
    g_strdelimit(text, "'\"", ' ');
    return sets_environment(g_strchomp(text));
}

static bool activates_conda(const RunCommand *command)
{
    return g_strcmp0(command->program, "conda") == 0 &&
           g_strcmp0(run_argument(command, 1), "activate") == 0;
}

/* The folder that `cd` enters for good; NULL: it goes back from one, or is not known. */
static const char *entered_folder(const RunScript *script)
{
    const RunCommand *last = script->commands->pdata[script->commands->len - 1];
    const char *target = run_argument(last, 1);
    if (!target || g_str_equal(target, "-") || g_str_equal(target, "/") ||
        g_str_has_prefix(target, ".."))
        return NULL;
    for (guint i = 0; i + 1 < script->commands->len; i++) {
        const RunCommand *command = script->commands->pdata[i];
        if (g_strcmp0(command->program, "cd") == 0 || g_strcmp0(command->program, "pushd") == 0)
            return NULL;
    }
    return target;
}

static void report_state(Lint *lint, const RunCommand *command, const char *what, char *hint)
{
    lint_add(lint, "docker-lost-state", run_command_span(command),
             g_strdup_printf("%s ends with this RUN: the next instruction starts without it", what),
             "every RUN is a shell of its own", hint);
}

static void check_last(Lint *lint, const RunScript *script)
{
    const RunCommand *last = script->commands->pdata[script->commands->len - 1];
    const char *first = run_argument(last, 1);
    if (!last->program || last->arguments->len < 2 || last->shell->isolated ||
        last->shell->conditional)
        return;
    if (g_str_equal(last->program, "cd") && entered_folder(script))
        report_state(lint, last, "the folder",
                     g_strdup_printf("WORKDIR %s", entered_folder(script)));
    else if (g_str_equal(last->program, "export"))
        report_state(lint, last, "the variable",
                     first && strchr(first, '=') ? g_strdup_printf("ENV %s", first)
                                                 : g_strdup("ENV NAME=value"));
    else if (sources_environment(last))
        report_state(lint, last, "the environment",
                     g_strdup(first && g_str_has_suffix(first, "/activate")
                                  ? "ENV VIRTUAL_ENV=/opt/venv PATH=/opt/venv/bin:$PATH"
                                  : "ENV NAME=value for what the file sets, or source it in each "
                                    "RUN that needs it"));
    else if (activates_conda(last))
        report_state(
            lint, last, "the environment",
            g_strdup("SHELL [\"conda\", \"run\", \"-n\", \"NAME\", \"/bin/bash\", \"-c\"]"));
}

void lint_lost_state(Lint *lint)
{
    for (guint i = 0; i < lint->scripts->len; i++) {
        const RunScript *script = lint->scripts->pdata[i];
        if (script->commands->len > 0)
            check_last(lint, script);
    }
}

void lint_sudo(Lint *lint)
{
    for (guint i = 0; i < lint->scripts->len; i++) {
        const RunScript *script = lint->scripts->pdata[i];
        for (guint k = 0; k < script->commands->len; k++) {
            const RunCommand *command = script->commands->pdata[k];
            if (!command->sudo)
                continue;
            lint_add(
                lint, "docker-sudo", lint_word_span(lint, script, command->sudo),
                g_strdup("sudo in a build"),
                "a build is root until USER says otherwise; sudo in the image is a way back to "
                "root for whatever runs in it",
                g_strdup("USER root before the step, and USER NAME behind it"));
            return;
        }
    }
}

/* A comment that goes on in the next lines of the file, since they are one line for the shell */

/* Puts it below the line that it ends. */
static void move_comment(const Lint *lint, LintFinding *finding, const RunScript *script,
                         size_t offset, size_t shown)
{
    size_t start;
    if (!lint_is_outermost(script) || script->instruction->heredocs->len > 0 ||
        !lint_place(script->shell->text, offset, shown, &start))
        return;
    g_autofree char *comment = g_strndup(script->shell->text->text->str + offset, shown);
    unsigned line = span_of_bytes(lint->file->source, start, 1).line;
    g_autofree char *moved = g_strconcat(g_strchomp(comment), lint_line_end(lint, line), NULL);
    lint_rewrite(finding, "put the comment on a line of its own");
    lint_replace(finding, start, shown, "");
    lint_replace(finding, lint_line_start(lint, line + 1), 0, moved);
}

static void check_comment(Lint *lint, const RunScript *script, size_t offset, size_t length)
{
    const Placed *text = script->shell->text;
    Span begin = placed_span(text, lint->file->source, offset, 1);
    Span end = placed_span(text, lint->file->source, offset + length - 1, 1);
    if (begin.line == end.line)
        return;
    size_t shown = length;
    while (shown > 1 &&
           placed_span(text, lint->file->source, offset + shown - 1, 1).line != begin.line)
        shown--;
    const char *rest = text->text->str + offset + shown;
    if (strspn(rest, " \t") >= length - shown)
        return;
    LintFinding *finding = lint_add(
        lint, "docker-comment", placed_span(text, lint->file->source, offset, shown),
        begin.line + 1 == end.line
            ? g_strdup_printf("the comment does not end with its line: line %u is part of it",
                              end.line)
            : g_strdup_printf("the comment does not end with its line: lines %u to %u are "
                              "part of it",
                              begin.line + 1, end.line),
        "a continued instruction is one line for the shell, so nothing behind the '#' is run",
        g_strdup("put the comment on a line of its own, which the builder takes out"));
    move_comment(lint, finding, script, offset, shown);
}

void lint_comment(Lint *lint)
{
    for (guint i = 0; i < lint->scripts->len; i++) {
        const RunScript *script = lint->scripts->pdata[i];
        const GArray *comments = script->shell->comments;
        for (guint k = 0; script->shell->understood && k + 1 < comments->len; k += 2)
            check_comment(lint, script, g_array_index(comments, size_t, k),
                          g_array_index(comments, size_t, k + 1));
    }
}

/* Shell form */

/* The last instruction of that kind in the last stage, or NULL. */
static const DockerInstruction *find_last(const Lint *lint, DockerKeyword keyword)
{
    if (lint->stages->stages->len == 0)
        return NULL;
    const BuildStage *stage = lint->stages->stages->pdata[lint->stages->stages->len - 1];
    for (guint i = stage->end; i-- > stage->begin;) {
        if (lint_instruction(lint, i)->keyword == keyword)
            return lint_instruction(lint, i);
    }
    return NULL;
}

/* What only a shell can do. */
static bool is_builtin(const char *program)
{
    static const char *const names[] = {"cd",   "exec",  "source", ".",    ":",    "export",
                                        "set",  "unset", "ulimit", "eval", "trap", "umask",
                                        "wait", "alias", "read",   "exit", NULL};
    return g_strv_contains(names, program);
}

/* The words of a simple command; NULL: a shell does more with them than to split them. */
static GPtrArray *plain_words(const ShellScript *script)
{
    const ShellCommand *command = script->commands->len == 1 ? script->commands->pdata[0] : NULL;
    if (!script->understood || !command || command->assignments->len > 0 ||
        command->redirects->len > 0 || command->depth > 0 || command->words->len == 0 ||
        command->before != SHELL_LINK_NONE || command->after == SHELL_LINK_BACKGROUND)
        return NULL;
    GPtrArray *values = g_ptr_array_new_with_free_func(g_free);
    for (guint i = 0; i < command->words->len; i++) {
        char *value = shell_word_value(command->words->pdata[i], NULL, NULL);
        if (value)
            g_ptr_array_add(values, value);
        if (!value || strpbrk(value, "\"\\*?~[{\n") || (i == 0 && is_builtin(value))) {
            g_ptr_array_unref(values);
            return NULL;
        }
    }
    return values;
}

/* ["PROGRAM", "ARGUMENT"] */
static char *exec_form(const GPtrArray *values)
{
    GString *out = g_string_new("[");
    for (guint i = 0; i < values->len; i++)
        g_string_append_printf(out, "%s\"%s\"", i > 0 ? ", " : "", (const char *)values->pdata[i]);
    g_string_append_c(out, ']');
    return g_string_free(out, FALSE);
}

/* The same word by word, so that what lies between them stays. */
static void say_exec(const Lint *lint, LintFinding *finding, const ShellScript *script,
                     const GPtrArray *values)
{
    const GPtrArray *words = ((const ShellCommand *)script->commands->pdata[0])->words;
    lint_rewrite(finding, "start the program itself");
    for (guint i = 0; i < words->len; i++) {
        const ShellWord *word = words->pdata[i];
        size_t start;
        if (!lint_place(script->text, word->offset, word->length, &start)) {
            lint_rewrite_drop(finding);
            return;
        }
        g_autofree char *text =
            g_strdup_printf("%s\"%s\"%s", i == 0 ? "[" : "", (const char *)values->pdata[i],
                            i + 1 < words->len ? "," : "]");
        lint_replace(finding, start, word->length, text);
    }
}

/* `alone`: no instruction of the stage hangs on it being run by a shell. */
static void check_form(Lint *lint, const DockerInstruction *instruction, bool alone)
{
    if (!instruction || instruction->exec || instruction->words->len == 0)
        return;
    const Placed *text = instruction->words->pdata[0];
    if (g_str_has_prefix(text->text->str, "exec "))
        return;
    const char *name = docker_keyword_name(instruction->keyword);
    g_autoptr(ShellScript) script = shell_parse(placed_slice(text, 0, text->text->len));
    g_autoptr(GPtrArray) values = plain_words(script);
    g_autofree char *exec = values ? exec_form(values) : NULL;
    LintFinding *finding =
        lint_add(lint, "docker-shell-form", docker_instruction_span(lint->file, instruction),
                 g_strdup_printf("%s in shell form: process 1 is /bin/sh, not the program", name),
                 "a shell need not hand on the signal that ends a container, so the work under way "
                 "is killed after ten seconds",
                 exec ? g_strdup_printf("%s %s", name, exec)
                      : g_strdup_printf("%s [\"PROGRAM\", \"ARGUMENT\"], or `exec` before the "
                                        "program",
                                        name));
    BuildScope scope = build_scope_at(lint->stages, lint->file->instructions->len - 1);
    if (values && alone && !build_scope_shell(&scope) && script->comments->len == 0 &&
        instruction->flags->len == 0)
        say_exec(lint, finding, script, values);
}

void lint_shell_form(Lint *lint)
{
    const DockerInstruction *entrypoint = find_last(lint, DOCKER_ENTRYPOINT);
    const DockerInstruction *command = find_last(lint, DOCKER_CMD);
    check_form(lint, entrypoint, command == NULL);
    if (!entrypoint)
        check_form(lint, command, true);
    else if (!entrypoint->exec && command && command->words->len > 0)
        lint_add(lint, "docker-overridden", docker_instruction_span(lint->file, command),
                 g_strdup("CMD is never used: an ENTRYPOINT in shell form takes no arguments"),
                 "what is written here looks like a default and is none",
                 g_strdup("ENTRYPOINT [\"PROGRAM\"], the JSON form"));
}
