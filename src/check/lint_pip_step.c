/* The pip commands of a Dockerfile, and the requirements in them. */
#include "check/lint_private.h"

#include "python/name.h"

static void free_pip(void *pip)
{
    pip_command_free(pip);
}

static bool configures_pip(const RunCommand *command)
{
    if (!command->program || !run_is_versioned(command->program, "pip"))
        return false;
    return g_strcmp0(run_argument(command, 1), "config") == 0;
}

static bool copies_configuration(const DockerInstruction *instruction)
{
    return (instruction->keyword == DOCKER_COPY || instruction->keyword == DOCKER_ADD) &&
           strstr(instruction->line->text->str, "pip.conf");
}

GPtrArray *lint_pips_new(Lint *lint)
{
    GPtrArray *pips = g_ptr_array_new_with_free_func(free_pip);
    for (guint i = 0; i < lint->file->instructions->len; i++)
        lint->pip_configured |= copies_configuration(lint_action(lint, i));
    for (guint i = 0; i < lint->scripts->len; i++) {
        const RunScript *script = lint->scripts->pdata[i];
        for (guint k = 0; k < script->commands->len; k++) {
            const RunCommand *command = script->commands->pdata[k];
            lint->pip_configured |= configures_pip(command);
            PipCommand *pip = pip_command_read(command);
            if (pip)
                g_ptr_array_add(pips, pip);
        }
    }
    return pips;
}

/* Requirements */

char *lint_requirement_name(const RunArgument *argument)
{
    const char *text = argument->value;
    if (!text || !g_ascii_isalnum(*text) || strstr(text, "://") || strchr(text, '/') ||
        g_str_has_suffix(text, ".whl") || g_str_has_suffix(text, ".tar.gz"))
        return NULL;
    size_t length = 0;
    while (g_ascii_isalnum(text[length]) || (text[length] && strchr("-_.", text[length])))
        length++;
    if (text[length] && !strchr("[=<>!~; @,", text[length]))
        return NULL;
    g_autofree char *name = g_strndup(text, length);
    return name_canonicalize(name);
}

bool lint_is_pinned(const RunArgument *argument)
{
    return argument->value && (strstr(argument->value, "==") || strstr(argument->value, " @ "));
}

/* Stages, from the one that builds on `ancestor` down to it. */
static bool builds_on(const Lint *lint, int stage, int ancestor)
{
    for (guint i = 0; stage >= 0 && i <= lint->stages->stages->len; i++) {
        if (stage == ancestor)
            return true;
        stage = ((const BuildStage *)lint->stages->stages->pdata[stage])->base_stage;
    }
    return false;
}

bool lint_pip_follows(const Lint *lint, const PipCommand *first, const PipCommand *second)
{
    return g_str_equal(first->environment, second->environment) &&
           (second->command->script->triggered || !first->command->script->triggered) &&
           builds_on(lint, second->command->script->stage, first->command->script->stage);
}
