#include "base/names.h"
#include "dockerfile/lexer.h"
#include "dockerfile/parse_private.h"

#define WORD(instruction, i) ((const Placed *)(instruction)->words->pdata[i])

static Span arguments_span(const Dockerfile *file, const DockerInstruction *instruction)
{
    if (instruction->words->len == 0)
        return docker_instruction_span(file, instruction);
    return placed_span(instruction->line, file->source, instruction->arguments,
                       instruction->line->text->len - instruction->arguments);
}

/* The sign behind a flag's name in the table: "?", "+" or 0; -1 where it is not there. */
static int flag_kind(const char *table, const char *name)
{
    g_auto(GStrv) flags = g_strsplit(table, " ", -1);
    size_t length = strlen(name);
    for (guint i = 0; flags[i]; i++) {
        const char *sign = flags[i] + length;
        if (length > 0 && strncmp(flags[i], name, length) == 0 &&
            (*sign == '\0' || g_str_equal(sign, "?") || g_str_equal(sign, "+")))
            return *sign;
    }
    return -1;
}

static void check_switch(Dockerfile *file, const DockerFlag *flag, Span at)
{
    if (flag->value && g_ascii_strcasecmp(flag->value, "true") != 0 &&
        g_ascii_strcasecmp(flag->value, "false") != 0)
        docker_problem(file, at, "--%s is true or false, not '%s'", flag->name, flag->value);
}

static void check_flags(Dockerfile *file, const DockerInstruction *instruction, const char *table)
{
    for (guint i = 0; i < instruction->flags->len; i++) {
        const DockerFlag *flag = instruction->flags->pdata[i];
        Span at = docker_flag_span(file, instruction, flag);
        int kind = flag_kind(table, flag->name);
        if (kind < 0)
            docker_problem(file, at, "%s has no flag --%s",
                           docker_keyword_name(instruction->keyword), flag->name);
        else if (kind != '+' && docker_flag_find(instruction, flag->name) != flag)
            docker_problem(file, at, "--%s stands here twice", flag->name);
        else if (kind == '?')
            check_switch(file, flag, at);
        else if (!flag->value)
            docker_problem(file, at, "--%s has no value", flag->name);
    }
}

static void check_unknown(Dockerfile *file, const DockerInstruction *instruction)
{
    g_autofree char *name = g_strndup(instruction->line->text->str, instruction->name);
    g_autofree char *upper = g_ascii_strup(name, -1);
    const char *names[DOCKER_UNKNOWN];
    for (DockerKeyword keyword = 0; keyword < DOCKER_UNKNOWN; keyword++)
        names[keyword] = docker_keyword_name(keyword);
    const char *near = names_nearest(upper, names, G_N_ELEMENTS(names));
    Span at = docker_instruction_span(file, instruction);
    if (near)
        docker_problem(file, at, "there is no instruction '%s'; did you mean '%s'?", name, near);
    else
        docker_problem(file, at, "there is no instruction '%s'", name);
}

static bool is_stage_name(const char *name)
{
    if (!g_ascii_isalpha(*name))
        return false;
    for (; *name; name++) {
        if (!g_ascii_isalnum(*name) && !strchr("-_.", *name))
            return false;
    }
    return true;
}

static void check_from(Dockerfile *file, const DockerInstruction *instruction)
{
    guint count = instruction->words->len;
    bool named = count == 3 && g_ascii_strcasecmp(WORD(instruction, 1)->text->str, "as") == 0;
    if (count != 1 && !named)
        docker_problem(file, arguments_span(file, instruction),
                       "FROM takes an image, or `IMAGE AS NAME`");
    else if (named && !is_stage_name(WORD(instruction, 2)->text->str))
        docker_problem(file, docker_word_span(file, WORD(instruction, 2)),
                       "'%s' is no name of a stage: letters, digits, '-', '_' and '.', a letter "
                       "first",
                       WORD(instruction, 2)->text->str);
}

static void check_copy(Dockerfile *file, const DockerInstruction *instruction)
{
    guint count = instruction->words->len;
    const char *name = docker_keyword_name(instruction->keyword);
    if (count < 2) {
        docker_problem(file, arguments_span(file, instruction),
                       "%s takes one source or more, and a destination", name);
        return;
    }
    const Placed *last = WORD(instruction, count - 1);
    g_autoptr(GPtrArray) heredocs = heredocs_find(last);
    if (heredocs->len > 0)
        docker_problem(file, docker_word_span(file, last),
                       "a heredoc is a source of %s, not its destination", name);
}

static void check_health(Dockerfile *file, const DockerInstruction *instruction)
{
    if (instruction->words->len == 0) {
        docker_problem(file, docker_instruction_span(file, instruction),
                       "HEALTHCHECK takes `CMD command` or `NONE`");
        return;
    }
    const char *kind = WORD(instruction, 0)->text->str;
    bool none = g_ascii_strcasecmp(kind, "none") == 0;
    bool command = g_ascii_strcasecmp(kind, "cmd") == 0;
    if (!none && !command)
        docker_problem(file, docker_word_span(file, WORD(instruction, 0)),
                       "HEALTHCHECK takes `CMD command` or `NONE`, not '%s'", kind);
    else if (none && instruction->words->len > 1)
        docker_problem(file, arguments_span(file, instruction),
                       "HEALTHCHECK NONE takes no command");
    else if (command && instruction->words->len == 1)
        docker_problem(file, docker_word_span(file, WORD(instruction, 0)),
                       "HEALTHCHECK CMD lacks its command");
}

static void check_trigger(Dockerfile *file, DockerInstruction *instruction)
{
    DockerInstruction *trigger = instruction->trigger;
    if (!trigger) {
        docker_problem(file, docker_instruction_span(file, instruction),
                       "ONBUILD takes an instruction");
        return;
    }
    if (trigger->keyword == DOCKER_ONBUILD || trigger->keyword == DOCKER_FROM ||
        trigger->keyword == DOCKER_MAINTAINER)
        docker_problem(file, docker_instruction_span(file, trigger), "ONBUILD takes no %s",
                       docker_keyword_name(trigger->keyword));
    else
        instruction_check(file, trigger);
}

static void check_names(Dockerfile *file, const DockerInstruction *instruction, guint step)
{
    for (guint i = 0; i < instruction->words->len; i += step) {
        const Placed *word = WORD(instruction, i);
        if (word->text->len == 0 || (step == 1 && word->text->str[0] == '='))
            docker_problem(file, arguments_span(file, instruction), "a name is empty");
    }
}

static void check_count(Dockerfile *file, const DockerInstruction *instruction)
{
    docker_problem(file, docker_instruction_span(file, instruction), "%s lacks its argument",
                   docker_keyword_name(instruction->keyword));
}

void instruction_check(Dockerfile *file, DockerInstruction *instruction)
{
    if (keyword_spec(instruction->keyword)->flags)
        check_flags(file, instruction, keyword_spec(instruction->keyword)->flags);
    bool empty = instruction->words->len == 0;
    switch (instruction->keyword) {
    case DOCKER_UNKNOWN:
        check_unknown(file, instruction);
        break;
    case DOCKER_FROM:
        check_from(file, instruction);
        break;
    case DOCKER_ADD:
    case DOCKER_COPY:
        check_copy(file, instruction);
        break;
    case DOCKER_HEALTHCHECK:
        check_health(file, instruction);
        break;
    case DOCKER_ONBUILD:
        check_trigger(file, instruction);
        break;
    case DOCKER_ENV:
    case DOCKER_LABEL:
        check_names(file, instruction, 2);
        if (empty && instruction->line->text->len == instruction->name)
            check_count(file, instruction);
        break;
    case DOCKER_ARG:
        check_names(file, instruction, 1);
        if (empty)
            check_count(file, instruction);
        break;
    case DOCKER_SHELL:
        if (!instruction->exec || empty)
            docker_problem(file, arguments_span(file, instruction),
                           "SHELL takes the JSON form: SHELL [\"/bin/bash\", \"-c\"]");
        break;
    case DOCKER_RUN:
    case DOCKER_CMD:
    case DOCKER_ENTRYPOINT:
        break;
    case DOCKER_EXPOSE:
    case DOCKER_MAINTAINER:
    case DOCKER_STOPSIGNAL:
    case DOCKER_USER:
    case DOCKER_VOLUME:
    case DOCKER_WORKDIR:
        if (empty)
            check_count(file, instruction);
        break;
    }
}
