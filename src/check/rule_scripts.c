/* What the scripts of `run:` stages ask of a build that no build has: a GPU, its driver. A script
 * is read as the RUN of a Dockerfile that it will be, with the lints of such files; those for whom
 * it is not a shell's or Python's say nothing of it. */
#include "check/lint.h"
#include "check/rules.h"
#include "recipe/stage_run.h"

enum {
    LINES_BEFORE = 2, /* of the Dockerfile that holds the script */
    SHOWN_BYTES = 200,
};

#define MARKER "END_OF_THE_SCRIPT"

/* What runs the script; NULL: nobody that lints know. */
static const char *interpreter_of(const RunStage *run)
{
    const Text *program = run->shell && run->shell->len > 0 ? run->shell->pdata[0] : NULL;
    const char *slash = program ? strrchr(program->text, '/') : NULL;
    const char *name = slash ? slash + 1 : program ? program->text : "bash";
    if (g_str_equal(name, "sh") || g_str_equal(name, "bash") || g_str_equal(name, "dash"))
        return "";
    return g_str_has_prefix(name, "python") ? "python3 " : NULL;
}

/* The findings of the script as a RUN; NULL: it can't be one. */
static LintResult *lint_script(const RunStage *run)
{
    const char *interpreter = interpreter_of(run);
    if (!interpreter || strstr(run->script.text, MARKER))
        return NULL;
    g_autofree char *text = g_strdup_printf("FROM scratch\nRUN %s<<'" MARKER "'\n%s\n" MARKER "\n",
                                            interpreter, run->script.text);
    Source *source = source_new("script", text, strlen(text));
    g_autoptr(Dockerfile) file = dockerfile_parse(source, NULL);
    source_unref(source);
    LintContext context = {.knows_ignore_file = false};
    return file ? dockerfile_lint(file, &context) : NULL;
}

/* "line 2 of the script: nvidia-smi"; NULL: all of it is one command. */
static char **show_line(const Source *source, unsigned line)
{
    size_t length;
    const char *text = source_line(source, line, &length);
    if (line <= LINES_BEFORE)
        return NULL;
    char **lines = g_new0(char *, 2);
    lines[0] = g_strdup_printf("line %u of the script: %.*s", line - LINES_BEFORE,
                               (int)MIN(length, SHOWN_BYTES), text);
    return lines;
}

static void judge_script(CheckRun *run, const Stage *stage)
{
    g_autoptr(LintResult) result = lint_script(stage->body.run);
    for (guint i = 0; result && i < result->findings->len; i++) {
        const LintFinding *found = result->findings->pdata[i];
        if (!g_str_equal(found->finding->code, "docker-gpu-in-build") ||
            found->finding->severity < SEVERITY_WARNING)
            continue;
        Finding *finding = check_add(run, "gpu-at-build", stage->body.run->script.at,
                                     g_strdup_printf("the script of stage '%s' uses a GPU: %s",
                                                     stage->name, found->finding->message));
        finding->evidence = show_line(result->source, found->at.line);
        finding->hint =
            g_strdup("move it to `checks: {gpu: ...}` or to the start of the container");
        return;
    }
}

void rule_scripts(CheckRun *run)
{
    for (guint i = 0; i < run->recipe->stages->len; i++) {
        const Stage *stage = run->recipe->stages->pdata[i];
        if (stage->kind == STAGE_RUN)
            judge_script(run, stage);
    }
}
