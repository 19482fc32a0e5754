/* The file itself: what builders refuse, names of stages and variables, platforms, instructions
 * that others override. */
#include "check/lint_private.h"

#include "base/names.h"

static const BuildStage *stage_at(const Lint *lint, guint number)
{
    return lint->stages->stages->pdata[number];
}

/* Syntax */

static void check_first(Lint *lint)
{
    for (guint i = 0; i < lint->file->instructions->len; i++) {
        const DockerInstruction *instruction = lint_instruction(lint, i);
        if (instruction->keyword == DOCKER_FROM)
            return;
        if (instruction->keyword == DOCKER_ARG || instruction->keyword == DOCKER_UNKNOWN)
            continue;
        lint_add(
            lint, "docker-syntax", docker_instruction_span(lint->file, instruction),
            g_strdup_printf("%s before the first FROM", docker_keyword_name(instruction->keyword)),
            "only ARG can stand there, so no builder takes the file", g_strdup("FROM IMAGE:TAG"));
        return;
    }
}

/* Whether no line begins with an instruction, or with what is nearly one. */
static bool is_no_dockerfile(const Lint *lint)
{
    for (guint i = 0; i < lint->file->instructions->len; i++) {
        if (lint_instruction(lint, i)->keyword != DOCKER_UNKNOWN)
            return false;
    }
    for (guint i = 0; i < lint->file->problems->len; i++) {
        if (strstr(((const GError *)lint->file->problems->pdata[i])->message, "did you mean"))
            return false;
    }
    return lint->file->instructions->len > 0;
}

void lint_syntax(Lint *lint)
{
    if (is_no_dockerfile(lint)) {
        lint_add(
            lint, "docker-syntax", docker_instruction_span(lint->file, lint_instruction(lint, 0)),
            g_strdup("this is no Dockerfile: no line of it begins with an instruction"),
            "no builder takes the file",
            g_strdup("`ramekin check RECIPE` is for recipes, `ramekin import` for other files"));
        return;
    }
    for (guint i = 0; i < lint->file->problems->len; i++) {
        const GError *problem = lint->file->problems->pdata[i];
        lint_add(lint, "docker-syntax", error_span(problem), g_strdup(problem->message),
                 "no builder takes the file", g_strdup(error_hint(problem)));
    }
    check_first(lint);
    if (lint->file->blank_lines->len == 0)
        return;
    unsigned line = g_array_index(lint->file->blank_lines, unsigned, 0);
    LintFinding *finding =
        lint_add(lint, "docker-syntax", span_at(lint->file->source, line, 1, 1),
                 g_strdup("an empty line inside a continued instruction"),
                 "builders read over it with a warning, and say that they will refuse it one day",
                 g_strdup("take the line out"));
    finding->finding->severity = SEVERITY_NOTE;
    lint_rewrite(finding, "take the empty lines out");
    for (guint i = 0; i < lint->file->blank_lines->len; i++) {
        line = g_array_index(lint->file->blank_lines, unsigned, i);
        lint_cut_lines(lint, finding, line, line);
    }
}

/* Stages */

static void report_stage(Lint *lint, Span at, const char *name, guint stage)
{
    guint count = lint->stages->stages->len;
    g_autofree const char **names = g_new0(const char *, count);
    for (guint i = 0; i < MIN(stage, count); i++)
        names[i] = stage_at(lint, i)->name;
    int later = build_stage_find(lint->stages, name, count);
    bool number = g_ascii_isdigit(*name) && strspn(name, "0123456789") == strlen(name);
    const char *near = names_nearest(name, names, count);
    if (number || later >= 0) {
        lint_add(
            lint, "docker-unknown-stage", at,
            later == (int)stage  ? g_strdup_printf("stage '%s' copies from itself", name)
            : later > (int)stage ? g_strdup_printf("stage '%s' begins behind this line", name)
                                 : g_strdup_printf("there is no stage %s before this one", name),
            "no builder takes the file", g_strdup("name a stage that stands above: --from=NAME"));
    } else if (near) {
        lint_add(lint, "docker-unknown-stage", at,
                 g_strdup_printf("there is no stage '%s'; did you mean '%s'?", name, near),
                 "a name that no stage has is taken for an image, which is pulled if there is one",
                 g_strdup_printf("--from=%s", near))
            ->finding->severity = SEVERITY_WARNING;
    }
}

static void check_from(Lint *lint, guint index, const char *value, Span at)
{
    BuildScope scope = build_scope_at(lint->stages, index);
    LexStyle style = {.escape = lint->file->escape};
    g_autoptr(LexResult) result = lex_text(value, style, build_scope_look_up, &scope, NULL);
    int stage = build_stage_of(lint->stages, index);
    if (!result || !result->text || stage < 0 || *result->text == '\0' ||
        build_stage_find(lint->stages, result->text, (guint)stage) >= 0)
        return;
    report_stage(lint, at, result->text, (guint)stage);
}

/* "from=NAME" in "type=bind,from=NAME,target=/x" */
static char *mount_from(const char *value)
{
    g_auto(GStrv) parts = g_strsplit(value, ",", -1);
    for (guint i = 0; parts[i]; i++) {
        if (g_str_has_prefix(parts[i], "from="))
            return g_strdup(parts[i] + strlen("from="));
    }
    return NULL;
}

static void check_duplicates(Lint *lint)
{
    for (guint i = 0; i < lint->stages->stages->len; i++) {
        const BuildStage *stage = stage_at(lint, i);
        if (!stage->name || build_stage_find(lint->stages, stage->name, i) < 0)
            continue;
        lint_add(
            lint, "docker-unknown-stage",
            docker_word_span(lint->file, stage->from->words->pdata[2]),
            g_strdup_printf("a stage above has the name '%s' too", stage->name),
            "from here on the name stands for this stage, and the other can only be reached by "
            "its number",
            g_strdup("give each stage a name of its own"))
            ->finding->severity = SEVERITY_WARNING;
    }
}

void lint_stages(Lint *lint)
{
    for (guint i = 0; i < lint->file->instructions->len; i++) {
        const DockerInstruction *instruction = lint_instruction(lint, i);
        for (guint k = 0; k < instruction->flags->len; k++) {
            const DockerFlag *flag = instruction->flags->pdata[k];
            bool mount = g_str_equal(flag->name, "mount");
            g_autofree char *from = !flag->value                      ? NULL
                                    : mount                           ? mount_from(flag->value)
                                    : g_str_equal(flag->name, "from") ? g_strdup(flag->value)
                                                                      : NULL;
            if (from)
                check_from(lint, i, from, docker_flag_span(lint->file, instruction, flag));
        }
    }
    check_duplicates(lint);
}

/* Variables */

/* Whether the name is given a value before the first FROM, and not in the stage that uses it. */
static bool is_out_of_scope(const Lint *lint, const BuildScope *scope, const char *name)
{
    if (scope->stage < 0 || !g_hash_table_contains(lint->stages->globals, name))
        return false;
    for (int i = scope->stage, steps = 0; i >= 0 && steps < 64; steps++) {
        const BuildStage *stage = stage_at(lint, (guint)i);
        if (g_hash_table_contains(stage->variables, name))
            return false;
        i = stage->base_stage;
    }
    return true;
}

/* Whether the image that the stage begins with is likely to set the name itself: images of
 * languages and tools give their version as NAME_VERSION. */
static bool image_may_set(const Lint *lint, const BuildScope *scope, const char *name)
{
    static const char *const bare[] = {"ubuntu", "debian", "alpine", NULL};
    const BuildStage *stage = stage_at(lint, (guint)scope->stage);
    for (guint i = 0; stage->base_stage >= 0 && i < lint->stages->stages->len; i++)
        stage = stage_at(lint, (guint)stage->base_stage);
    const char *image = stage->base ? stage->base : stage->image ? stage->image->text->str : "";
    if (!g_str_has_suffix(name, "_VERSION"))
        return false;
    const char *slash = strrchr(image, '/');
    g_autofree char *upper = g_strndup(name, strlen(name) - strlen("_VERSION"));
    g_autofree char *stem = g_ascii_strdown(upper, -1);
    return *stem && !g_strv_contains(bare, stem) && strstr(slash ? slash : image, stem);
}

static void report_scope(Lint *lint, const BuildScope *scope, Span at, const char *name)
{
    if (image_may_set(lint, scope, name))
        return;
    LintFinding *finding = lint_add(
        lint, "docker-unknown-variable", at,
        g_strdup_printf("$%s is not set here: an ARG before FROM is seen by FROM alone", name),
        "the reference is replaced by nothing",
        g_strdup_printf("ARG %s behind FROM, without a value", name));
    const DockerInstruction *from = stage_at(lint, (guint)scope->stage)->from;
    size_t start = lint_line_start(lint, from->last_line + 1);
    g_autofree char *line = g_strdup_printf("ARG %s%s", name, lint_line_end(lint, from->last_line));
    lint_rewrite(finding, "declare it behind FROM");
    lint_replace(finding, start, 0, line);
}

static void check_word(Lint *lint, const BuildScope *scope, const Placed *word)
{
    static const LexStyle slash = {.escape = '\\'};
    LexStyle style = slash;
    style.escape = lint->file->escape;
    g_autoptr(LexResult) result = lex_text(word->text->str, style, NULL, NULL, NULL);
    for (guint i = 0; result && i < result->unset->len; i++) {
        const char *name = result->unset->pdata[i];
        if (is_out_of_scope(lint, scope, name)) {
            report_scope(lint, scope, docker_word_span(lint->file, word), name);
            return;
        }
    }
}

static void check_image(Lint *lint, guint index, const DockerInstruction *from)
{
    if (from->words->len == 0)
        return;
    const Placed *word = from->words->pdata[0];
    BuildScope scope = build_scope_at(lint->stages, index);
    LexStyle style = {.escape = lint->file->escape};
    g_autoptr(LexResult) result =
        lex_text(word->text->str, style, build_scope_look_up, &scope, NULL);
    if (!result || result->unset->len == 0)
        return;
    lint_add(
        lint, "docker-unknown-variable", docker_word_span(lint->file, word),
        g_strdup_printf("no ARG before the first FROM declares $%s",
                        (const char *)result->unset->pdata[0]),
        "the image's name is cut short, and the build fails or takes another image",
        g_strdup_printf("ARG %s=… above the first FROM", (const char *)result->unset->pdata[0]))
        ->finding->severity = SEVERITY_ERROR;
}

static void check_script(Lint *lint, const RunScript *script)
{
    g_autoptr(GHashTable) told = g_hash_table_new(g_str_hash, g_str_equal);
    for (guint i = 0; i < script->shell->commands->len; i++) {
        const ShellCommand *command = script->shell->commands->pdata[i];
        for (guint k = 0; k < command->words->len; k++) {
            const ShellWord *word = command->words->pdata[k];
            for (guint n = 0; n < word->parts->len; n++) {
                const ShellPart *part = &g_array_index(word->parts, ShellPart, n);
                if (part->kind != SHELL_VARIABLE || g_hash_table_contains(told, part->text) ||
                    g_hash_table_contains(script->assigned, part->text) ||
                    !is_out_of_scope(lint, &script->scope, part->text))
                    continue;
                g_hash_table_add(told, part->text);
                report_scope(lint, &script->scope, lint_word_span(lint, script, word), part->text);
            }
        }
    }
}

void lint_variables(Lint *lint)
{
    for (guint i = 0; i < lint->file->instructions->len; i++) {
        const DockerInstruction *instruction = lint_instruction(lint, i);
        BuildScope scope = build_scope_at(lint->stages, i);
        if (instruction->keyword == DOCKER_FROM)
            check_image(lint, i, instruction);
        if (instruction->keyword == DOCKER_RUN || instruction->keyword == DOCKER_CMD ||
            instruction->keyword == DOCKER_ENTRYPOINT || instruction->keyword == DOCKER_SHELL ||
            instruction->keyword == DOCKER_HEALTHCHECK || instruction->keyword == DOCKER_UNKNOWN)
            continue;
        for (guint k = 0; k < instruction->words->len; k++)
            check_word(lint, &scope, instruction->words->pdata[k]);
    }
    for (guint i = 0; i < lint->scripts->len; i++) {
        const RunScript *script = lint->scripts->pdata[i];
        if (!script->triggered) /* what is set where it runs is not known */
            check_script(lint, script);
    }
}

/* Platforms, MAINTAINER, instructions that come twice */

void lint_platform(Lint *lint)
{
    for (guint i = 0; i < lint->stages->stages->len; i++) {
        const DockerInstruction *from = stage_at(lint, i)->from;
        const DockerFlag *flag = docker_flag_find(from, "platform");
        if (!flag || !flag->value || strchr(flag->value, '$'))
            continue;
        lint_add(lint, "docker-platform", docker_flag_span(lint->file, from, flag),
                 g_strdup_printf("the stage is for %s whatever platform is built", flag->value),
                 "a build for another platform takes this one's files without a word",
                 g_strdup_printf("docker build --platform %s …", flag->value));
    }
}

static void say_label(LintFinding *finding, const DockerInstruction *instruction)
{
    size_t start, length = instruction->line->text->len;
    if (strpbrk(instruction->line->text->str, "\"'\\$`") ||
        !lint_place(instruction->line, 0, length, &start))
        return;
    lint_rewrite(finding, "make it a label");
    lint_replace(finding, start, instruction->arguments,
                 "LABEL org.opencontainers.image.authors=\"");
    lint_replace(finding, start + length, 0, "\"");
}

void lint_maintainer(Lint *lint)
{
    for (guint i = 0; i < lint->file->instructions->len; i++) {
        const DockerInstruction *instruction = lint_instruction(lint, i);
        if (instruction->keyword != DOCKER_MAINTAINER || instruction->words->len == 0)
            continue;
        const Placed *word = instruction->words->pdata[0];
        LintFinding *finding =
            lint_add(lint, "docker-maintainer", docker_instruction_span(lint->file, instruction),
                     g_strdup("MAINTAINER is deprecated"), "builders warn of it",
                     strchr(word->text->str, '"')
                         ? g_strdup("LABEL org.opencontainers.image.authors=\"…\"")
                         : g_strdup_printf("LABEL org.opencontainers.image.authors=\"%s\"",
                                           word->text->str));
        say_label(finding, instruction);
    }
}

/* Its lines, unless there is a comment among them. */
static void take_out(const Lint *lint, LintFinding *finding, const DockerInstruction *instruction)
{
    size_t length;
    for (unsigned i = instruction->first_line; i <= instruction->last_line; i++) {
        const char *line = source_line(lint->file->source, i, &length);
        size_t blank = strspn(line, " \t");
        if (blank < length && line[blank] == '#')
            return;
    }
    lint_rewrite(finding, "take it out");
    lint_cut_lines(lint, finding, instruction->first_line, instruction->last_line);
}

static void check_repeated(Lint *lint, const BuildStage *stage, DockerKeyword keyword)
{
    const DockerInstruction *before = NULL;
    for (guint i = stage->begin; i < stage->end; i++) {
        const DockerInstruction *instruction = lint_instruction(lint, i);
        if (instruction->keyword != keyword)
            continue;
        if (before)
            take_out(
                lint,
                lint_add(lint, "docker-overridden", docker_instruction_span(lint->file, before),
                         g_strdup_printf("the %s of line %u takes the place of this one",
                                         docker_keyword_name(keyword), instruction->first_line),
                         "only the last one of a stage counts", g_strdup("take this one out")),
                before);
        before = instruction;
    }
}

void lint_overridden(Lint *lint)
{
    for (guint i = 0; i < lint->stages->stages->len; i++) {
        check_repeated(lint, stage_at(lint, i), DOCKER_CMD);
        check_repeated(lint, stage_at(lint, i), DOCKER_ENTRYPOINT);
        check_repeated(lint, stage_at(lint, i), DOCKER_HEALTHCHECK);
    }
}
