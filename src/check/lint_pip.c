/* pip's command lines: what the shell or pip reads in another way than it looks. */
#include "check/lint_private.h"

static bool is_install(const PipCommand *pip)
{
    return g_str_equal(pip->verb, "install");
}

/* Redirections that were meant as version specifiers */

static bool looks_like_version(const ShellScript *script, const ShellRedirect *redirect)
{
    char c = script->text->text->str[redirect->target->offset];
    bool plain = redirect->kind == REDIRECT_OUT || redirect->kind == REDIRECT_IN;
    return redirect->glued && plain && (c == '=' || g_ascii_isdigit(c));
}

/* The word that ends where the redirection begins. */
static const ShellWord *word_before(const ShellCommand *command, const ShellRedirect *redirect)
{
    for (guint i = 0; i < command->words->len; i++) {
        const ShellWord *word = command->words->pdata[i];
        if (word->offset + word->length == redirect->offset)
            return word;
    }
    return NULL;
}

static bool is_conda(const RunCommand *command)
{
    static const char *const names[] = {"conda", "mamba", "micromamba", NULL};
    return command->program && g_strv_contains(names, command->program) &&
           (run_has_argument(command, "install") || run_has_argument(command, "create"));
}

static const char *installer_name(const RunCommand *command)
{
    return is_conda(command) ? command->program : "pip";
}

/* A name with version specifiers, the shell's variables where a version can stand. */
static bool is_requirement(const char *text)
{
    static const char pattern[] =
        "^[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?(?:\\[[A-Za-z0-9,._-]+\\])?"
        "(?:(?:^|,|(?<!,)(?=[<>=!~]))(?:===?|[<>!~]=|[<>])"
        "(?:[0-9]+(?:\\.[0-9]+)*(?:\\.\\*)?(?:-?(?:a|b|rc|\\.?post|\\.?dev)[0-9]+)*"
        "(?:\\+[A-Za-z0-9.]+)?|\\$\\w+|\\$\\{\\w+\\}))+$";
    return g_regex_match_simple(pattern, text, 0, 0);
}

/* The quote that the shell sees around what stands there; '\0': none that leaves all else as it is.
 */
static char quote_for(const Lint *lint, const RunScript *script, const char *text, size_t start)
{
    bool variable = strchr(text, '$') != NULL;
    if (lint_is_outermost(script))
        return variable ? '"' : '\'';
    if (variable || script->depth != 1)
        return '\0';
    if (script->instruction->exec)
        return '\'';
    size_t begin;
    const char *file = source_text(lint->file->source, NULL);
    if (!lint_place(script->shell->text, 0, 1, &begin) || begin == 0 || begin > start)
        return '\0';
    return file[begin - 1] == '"' ? '\'' : file[begin - 1] == '\'' ? '"' : '\0';
}

static void quote(const Lint *lint, LintFinding *finding, const RunScript *script, size_t offset,
                  size_t length)
{
    size_t start;
    const Placed *text = script->shell->text;
    g_autofree char *requirement = g_strndup(text->text->str + offset, length);
    if (!is_requirement(requirement) || !lint_place(text, offset, length, &start))
        return;
    const char sign[] = {quote_for(lint, script, requirement, start), '\0'};
    if (*sign == '\0')
        return;
    lint_rewrite(finding, "put the requirement in quotes");
    lint_replace(finding, start, 0, sign);
    lint_replace(finding, start + length, 0, sign);
}

static void report_redirection(Lint *lint, const RunCommand *command, guint first)
{
    const ShellScript *shell = command->script->shell;
    const GPtrArray *redirects = command->shell->redirects;
    const ShellRedirect *redirect = redirects->pdata[first];
    const ShellWord *word = word_before(command->shell, redirect);
    size_t end = redirect->offset + redirect->length;
    for (guint i = first + 1; i < redirects->len; i++) {
        const ShellRedirect *next = redirects->pdata[i];
        end = next->offset == end ? end + next->length : end;
    }
    const char *text = shell->text->text->str;
    g_autofree char *name = g_strndup(text + word->offset, word->length);
    g_autofree char *clause = g_strndup(text + redirect->offset, end - redirect->offset);
    g_autofree char *file = shell_word_value(redirect->target, NULL, NULL);
    Span at =
        placed_span(shell->text, lint->file->source, redirect->offset, end - redirect->offset);
    bool out = redirect->kind == REDIRECT_OUT;
    const char *sign = strchr(clause, '$') ? "\"" : "'";
    LintFinding *finding = lint_add(
        lint, "docker-redirection", at,
        g_strdup_printf("`%s` is a redirection: %s is asked for '%s' without a version, and %s "
                        "file '%s'",
                        clause, installer_name(command), name,
                        out ? "its output goes into the" : "its input comes from the",
                        file ? file : "?"),
        out ? "the newest version is installed, whatever it is on the day, and the log shows "
              "nothing of it"
            : "the command fails where there is no such file, and otherwise installs the newest "
              "version",
        g_strdup_printf("%s%s%s%s", sign, name, clause, sign));
    quote(lint, finding, command->script, word->offset, end - word->offset);
}

static void check_redirects(Lint *lint, const RunCommand *command)
{
    const GPtrArray *redirects = command->shell->redirects;
    size_t end = 0;
    for (guint i = 0; i < redirects->len; i++) {
        const ShellRedirect *redirect = redirects->pdata[i];
        bool follows = i > 0 && redirect->offset == end;
        end = redirect->offset + redirect->length;
        if (!follows && looks_like_version(command->script->shell, redirect) &&
            word_before(command->shell, redirect))
            report_redirection(lint, command, i);
    }
}

void lint_redirection(Lint *lint)
{
    for (guint i = 0; i < lint->pips->len; i++) {
        const PipCommand *pip = lint->pips->pdata[i];
        if (!g_str_equal(pip->verb, "uninstall"))
            check_redirects(lint, pip->command);
    }
    for (guint i = 0; i < lint->scripts->len; i++) {
        const RunScript *script = lint->scripts->pdata[i];
        for (guint k = 0; k < script->commands->len; k++) {
            if (is_conda(script->commands->pdata[k]))
                check_redirects(lint, script->commands->pdata[k]);
        }
    }
}

/* --ignore-installed NAME */

void lint_ignore_installed(Lint *lint)
{
    for (guint i = 0; i < lint->pips->len; i++) {
        const PipCommand *pip = lint->pips->pdata[i];
        if (!pip->ignore_installed || !is_install(pip) || pip->uv || !pip->understood)
            continue;
        const ShellWord *word = pip->ignore_installed->word;
        Span at = lint_word_span(lint, pip->command->script, word);
        const RunArgument *named = NULL;
        for (guint k = 0; k < pip->requirements->len && !named; k++) {
            const RunArgument *argument = pip->requirements->pdata[k];
            named = argument->word->offset > word->offset ? argument : NULL;
        }
        bool others = pip->files->len > 0 || pip->requirements->len > 1;
        if (named && named->value && others)
            lint_add(lint, "docker-ignore-installed", at,
                     g_strdup_printf("%s takes no name: it holds for everything that this command "
                                     "installs, not for '%s' alone",
                                     pip->ignore_installed->value, named->value),
                     "all of it is written again, torch too, over what is there, and nothing is "
                     "uninstalled first: files of two versions remain",
                     g_strdup_printf("RUN pip install --ignore-installed --no-deps '%s' in a step "
                                     "of its own, and the rest without the option",
                                     named->value));
        else
            lint_add(lint, "docker-ignore-installed", at,
                     g_strdup_printf("%s installs over what is there and uninstalls nothing",
                                     pip->ignore_installed->value),
                     "stale files and the records of two versions remain where one was installed "
                     "already",
                     g_strdup("--force-reinstall --no-deps, which uninstalls first"));
    }
}

/* Names without a version, or with nothing above it */

static bool is_open(const RunArgument *argument)
{
    g_autofree char *name = lint_requirement_name(argument);
    if (!name || g_str_equal(name, "pip") || g_str_equal(name, "setuptools") ||
        g_str_equal(name, "wheel"))
        return false;
    return !lint_is_pinned(argument) && !strstr(argument->value, "~=") &&
           !strchr(argument->value, '<');
}

/* What a redirection took away from the requirement, which is a finding of its own; "" for none. */
static char *cut_clause(const RunCommand *command, const RunArgument *argument)
{
    const GPtrArray *redirects = command->shell->redirects;
    const char *text = command->script->shell->text->text->str;
    size_t begin = argument->word->offset + argument->word->length, end = begin;
    for (guint i = 0; i < redirects->len; i++) {
        const ShellRedirect *redirect = redirects->pdata[i];
        if (redirect->offset == end)
            end = redirect->offset + redirect->length;
    }
    return g_strndup(text + begin, end - begin);
}

/* Whether the clause holds a version from above, once it is read as one. */
static bool is_bounded(const char *clause)
{
    return *clause == '=' || strchr(clause, '<') || strstr(clause, "==") || strstr(clause, "~=");
}

void lint_pip_unpinned(Lint *lint)
{
    g_autoptr(GString) names = g_string_new(NULL);
    const RunArgument *first = NULL;
    const RunScript *script = NULL;
    g_autoptr(GHashTable) told = g_hash_table_new(g_str_hash, g_str_equal);
    unsigned count = 0;
    for (guint i = 0; i < lint->pips->len; i++) {
        const PipCommand *pip = lint->pips->pdata[i];
        bool counts = is_install(pip) && pip->understood && !pip->constrained;
        for (guint k = 0; counts && k < pip->requirements->len; k++) {
            const RunArgument *argument = pip->requirements->pdata[k];
            g_autofree char *cut = cut_clause(pip->command, argument);
            if (!is_open(argument) || is_bounded(cut) || !g_hash_table_add(told, argument->value))
                continue;
            if (!first) {
                first = argument;
                script = pip->command->script;
            }
            if (++count <= 6)
                g_string_append_printf(names, "%s%s", count > 1 ? ", " : "", argument->value);
        }
    }
    if (!first)
        return;
    if (count > 6)
        g_string_append_printf(names, " and %u more", count - 6);
    lint_add(
        lint, "docker-pip-unpinned", lint_word_span(lint, script, first->word),
        g_strdup_printf("%s installed in whatever version is the newest: %s",
                        count > 1 ? "distributions are" : "a distribution is", names->str),
        "the same file makes another image tomorrow, and a release of any of them can break it",
        g_strdup("NAME==VERSION for each, or a constraints file: pip install -c "
                 "constraints.txt …; `ramekin lock` works the versions out"));
}

/* pip's cache */

static bool has_cache_mount(const DockerInstruction *run)
{
    for (guint i = 0; i < run->flags->len; i++) {
        const DockerFlag *flag = run->flags->pdata[i];
        if (g_str_equal(flag->name, "mount") && flag->value &&
            (strstr(flag->value, "cache") || strstr(flag->value, "tmpfs")))
            return true;
    }
    return false;
}

static bool clears_cache(const RunScript *script)
{
    for (guint i = 0; i < script->commands->len; i++) {
        const RunCommand *command = script->commands->pdata[i];
        g_autofree char *text = run_command_text(command);
        if (strstr(text, "pip cache purge") || strstr(text, "uv cache clean") ||
            (g_strcmp0(command->program, "rm") == 0 && strstr(text, ".cache")))
            return true;
    }
    return false;
}

static bool is_in_image(const Lint *lint, const RunScript *script)
{
    return script->stage >= 0 &&
           ((const BuildStage *)lint->stages->stages->pdata[script->stage])->in_image;
}

static bool keeps_cache(const Lint *lint, const PipCommand *pip)
{
    const RunScript *script = pip->command->script;
    return is_install(pip) && pip->understood && !pip->no_cache && is_in_image(lint, script) &&
           !has_cache_mount(script->instruction) && !clears_cache(script);
}

void lint_pip_cache(Lint *lint)
{
    LintFinding *finding = NULL; /* one says it for all */
    for (guint i = 0; i < lint->pips->len; i++) {
        const PipCommand *pip = lint->pips->pdata[i];
        const RunScript *script = pip->command->script;
        const ShellWord *verb = pip->verb_argument->word;
        if (!keeps_cache(lint, pip))
            continue;
        if (!finding) {
            finding = lint_add(
                lint, "docker-cache-kept", lint_word_span(lint, script, verb),
                g_strdup("what pip downloads stays in the image: its cache is a second copy of "
                         "the wheels"),
                "wheels of torch and CUDA are gigabytes",
                g_strdup(pip->uv ? "RUN --mount=type=cache,target=/root/.cache/uv …, or --no-cache"
                                 : "RUN --mount=type=cache,target=/root/.cache/pip …, or "
                                   "--no-cache-dir"));
            lint_rewrite(finding, "tell pip to keep no cache");
        }
        if (finding->edits)
            lint_add_argument(lint, finding, script, verb,
                              pip->uv ? "--no-cache" : "--no-cache-dir");
    }
}
