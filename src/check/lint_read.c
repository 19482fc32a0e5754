/* What can't be read: words that builders refuse, scripts of which nothing is said. */
#include "check/lint_private.h"

/* Words */

/* Whether builders replace references in its words. */
static bool expands(DockerKeyword keyword)
{
    static const bool keywords[DOCKER_UNKNOWN + 1] = {
        [DOCKER_ADD] = true,        [DOCKER_ARG] = true,    [DOCKER_COPY] = true,
        [DOCKER_ENV] = true,        [DOCKER_EXPOSE] = true, [DOCKER_FROM] = true,
        [DOCKER_LABEL] = true,      [DOCKER_USER] = true,   [DOCKER_VOLUME] = true,
        [DOCKER_STOPSIGNAL] = true, [DOCKER_WORKDIR] = true};
    return keywords[keyword];
}

static LexValue look_up_nothing(G_GNUC_UNUSED const void *data, G_GNUC_UNUSED const char *name,
                                G_GNUC_UNUSED const char **ret_value)
{
    return LEX_UNKNOWN;
}

void lint_words(Lint *lint)
{
    LexStyle style = {.escape = lint->file->escape};
    for (guint i = 0; i < lint->file->instructions->len; i++) {
        const DockerInstruction *instruction = lint_action(lint, i);
        for (guint k = 0; expands(instruction->keyword) && k < instruction->words->len; k++) {
            const Placed *word = instruction->words->pdata[k];
            g_autoptr(GError) error = NULL;
            g_autoptr(LexResult) result =
                lex_text(word->text->str, style, look_up_nothing, NULL, &error);
            if (!result)
                lint_add(lint, "docker-syntax", docker_word_span(lint->file, word),
                         g_strdup(error->message), "no builder takes the file",
                         g_strdup("close it, or put the escape character before it"));
        }
    }
}

/* Scripts */

/* The outermost script of the instruction, or NULL. */
static const RunScript *find_script(const Lint *lint, guint index)
{
    for (guint i = 0; i < lint->scripts->len; i++) {
        const RunScript *script = lint->scripts->pdata[i];
        if (script->index == index && script->depth == 0)
            return script;
    }
    return NULL;
}

/* Why nothing is said of the script; NULL: it is read. */
static const char *unread_reason(const Lint *lint, guint index)
{
    const DockerInstruction *instruction = lint_action(lint, index);
    if (instruction->keyword != DOCKER_RUN || instruction->words->len == 0)
        return NULL;
    const RunScript *script = find_script(lint, index);
    BuildScope scope = build_scope_at(lint->stages, index);
    if (script)
        return script->shell->understood ? NULL : script->shell->reason;
    if (instruction->heredocs->len > 0 && !build_scope_shell(&scope) && lint->file->escape == '\\')
        return "its first line names a program that is no shell";
    return "it is not for a shell of POSIX's kind";
}

void lint_not_judged(Lint *lint)
{
    LintFinding *finding = NULL;
    unsigned more = 0;
    for (guint i = 0; i < lint->file->instructions->len; i++) {
        const char *reason = unread_reason(lint, i);
        more += reason && finding;
        if (reason && !finding)
            finding = lint_add(
                lint, "docker-not-judged",
                docker_instruction_span(lint->file, lint_action(lint, i)),
                g_strdup_printf("nothing is said of what this RUN does: %s", reason),
                "a mistake in it is not found here",
                g_strdup("a file of its own that RUN starts, or what every POSIX shell reads"));
    }
    if (more == 0)
        return;
    g_autofree char *message = finding->finding->message;
    finding->finding->message = g_strdup_printf("%s (%u later %s not read either)", message, more,
                                                more > 1 ? "scripts are" : "script is");
}
