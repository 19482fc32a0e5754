#include "cli/import_check.h"

#include "check/lint_report.h"
#include "dockerfile/pip_command.h"

/* One pip command of the file. */
typedef struct {
    unsigned line;
    char *text;
} PipLine;

static void pip_line_free(void *data)
{
    PipLine *line = data;
    g_free(line->text);
    g_free(line);
}

/* The commands that install or remove, in order. */
static GPtrArray *pip_lines(const BuildStages *stages)
{
    static const char *const verbs[] = {"install", "uninstall", "sync", NULL};
    GPtrArray *lines = g_ptr_array_new_with_free_func(pip_line_free);
    g_autoptr(GPtrArray) scripts = run_scripts_new(stages);
    for (guint i = 0; i < scripts->len; i++) {
        const RunScript *script = scripts->pdata[i];
        for (guint k = 0; k < script->commands->len; k++) {
            const RunCommand *command = script->commands->pdata[k];
            g_autoptr(PipCommand) pip = pip_command_read(command);
            if (!pip || !g_strv_contains(verbs, pip->verb))
                continue;
            PipLine *line = g_new0(PipLine, 1);
            line->line = run_command_span(command).line;
            line->text = run_command_text(command);
            g_ptr_array_add(lines, line);
        }
    }
    return lines;
}

/* The stages of the draft that stand for the command of that line. */
static guint stages_of(const Draft *draft, const char *name, unsigned line,
                       const DraftStage **ret_stages, guint limit)
{
    g_autofree char *origin = g_strdup_printf("%s:%u", name, line);
    guint count = 0;
    for (guint i = 0; i < draft->stages->len; i++) {
        const DraftStage *stage = draft->stages->pdata[i];
        bool pip = g_str_equal(stage->kind, "pip");
        if (pip && g_strcmp0(stage->origin, origin) == 0 && count < limit)
            ret_stages[count++] = stage;
    }
    return count;
}

static const LockStage *lock_stage_at(const LockTarget *target, unsigned line)
{
    g_autofree char *ending = g_strdup_printf(":%u", line);
    for (guint i = 0; i < target->stages->len; i++) {
        const LockStage *stage = target->stages->pdata[i];
        if (g_str_has_suffix(stage->at, ending))
            return stage;
    }
    return NULL;
}

/* "installs 3, upgrades 1" */
static char *describe_actions(const LockStage *stage)
{
    static const char *const words[][2] = {
        {"install", "installs"},     {"upgrade", "upgrades"}, {"downgrade", "downgrades"},
        {"reinstall", "reinstalls"}, {"remove", "removes"},
    };
    g_autoptr(GString) out = g_string_new(NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(words); i++) {
        guint count = 0;
        for (guint k = 0; k < stage->actions->len; k++) {
            const LockAction *action = stage->actions->pdata[k];
            count += g_str_equal(action->action, words[i][0]);
        }
        if (count > 0)
            g_string_append_printf(out, "%s%s %u", out->len > 0 ? ", " : "", words[i][1], count);
    }
    if (out->len == 0)
        g_string_append(out, "changes nothing");
    return g_string_free(g_steal_pointer(&out), FALSE);
}

static guint count_findings(const LockStage *stage, Severity severity)
{
    guint count = 0;
    for (guint i = 0; i < stage->findings->len; i++) {
        const Finding *finding = stage->findings->pdata[i];
        count += finding->severity == severity;
    }
    return count;
}

/* Whether all is well with the stage. */
static bool report_stage(Output *output, const LockStage *stage)
{
    if (stage->status == STAGE_UNSATISFIABLE) {
        output_result_line(output, "  stage '%s' (%s): no solution", stage->name, stage->at);
        return false;
    }
    if (stage->status == STAGE_SKIPPED) {
        output_result_line(output,
                           "  stage '%s' (%s): not looked at, as one before has no solution",
                           stage->name, stage->at);
        return false;
    }
    guint errors = count_findings(stage, SEVERITY_ERROR);
    guint warnings = count_findings(stage, SEVERITY_WARNING);
    g_autofree char *actions = describe_actions(stage);
    output_result_line(output, "  stage '%s' (%s): %s; %u error%s, %u warning%s", stage->name,
                       stage->at, actions, errors, errors == 1 ? "" : "s", warnings,
                       warnings == 1 ? "" : "s");
    for (guint i = 0; i < stage->findings->len; i++) {
        const Finding *finding = stage->findings->pdata[i];
        if (finding->severity != SEVERITY_NOTE)
            output_result_line(output, "    %s: %s [%s]",
                               finding->severity == SEVERITY_ERROR ? "error" : "warning",
                               finding->message, finding->code);
    }
    return errors == 0;
}

static bool report_line(Output *output, const Draft *draft, const LockTarget *target,
                        const char *name, const PipLine *line)
{
    enum {
        LIMIT = 16
    };
    const DraftStage *stages[LIMIT];
    guint count = stages_of(draft, name, line->line, stages, LIMIT);
    output_result_line(output, "%s:%u: %s", name, line->line, line->text);
    bool ok = true;
    for (guint i = 0; i < count; i++) {
        const LockStage *stage = lock_stage_at(target, stages[i]->line);
        if (stage)
            ok &= report_stage(output, stage);
        else
            output_result_line(output, "  not done with these values of the variables");
    }
    if (count > 0)
        return ok;
    for (guint i = 0; i < draft->notes->len; i++) {
        const DraftNote *note = draft->notes->pdata[i];
        if (note->at.line != line->line)
            continue;
        output_result_line(output, "  %s",
                           note->kind == NOTE_KEPT ? "in a `run:` stage, which nobody looks into"
                                                   : note->text);
        return true;
    }
    output_result_line(output, "  in no stage of its own: see the notes above");
    return true;
}

static void report_lints(Invocation *invocation, const Dockerfile *file)
{
    const LintContext context = {0};
    g_autoptr(LintResult) result = dockerfile_lint(file, &context);
    ReportStyle style = {invocation->options->verbose, false,
                         output_result_colour(invocation->output),
                         output_columns(invocation->output)};
    g_autofree char *text = lint_result_format_text(result, &style, REWRITES_SILENT);
    output_result(invocation->output, text);
}

static int report_pips(Invocation *invocation, const BuildStages *stages, const char *name,
                       const Draft *draft)
{
    g_autoptr(Workspace) workspace = NULL;
    int status =
        workspace_open_recipe(invocation, TARGETS_ONE, invocation->options->output, &workspace);
    if (status != 0)
        return status;
    g_autoptr(Lock) lock = lock_new();
    LockTarget *target = NULL;
    status = workspace_resolve(workspace, workspace_target(workspace, 0), lock, &target);
    if (status != 0)
        return status;
    g_autoptr(GPtrArray) lines = pip_lines(stages);
    bool ok = lock_target_is_solved(target);
    output_result_line(invocation->output, "\n%s", "What became of the pip commands:");
    for (guint i = 0; i < lines->len; i++)
        ok &= report_line(invocation->output, draft, target, name, lines->pdata[i]);
    if (lines->len == 0)
        output_result_line(invocation->output, "There are none.");
    if (!lock_target_is_solved(target))
        workspace_explain_unsolved(workspace, target);
    return ok ? 0 : 1;
}

int import_check(Invocation *invocation, const ImportKind *kind, const ImportInput *input,
                 const Draft *draft)
{
    GError *error = NULL;
    if (!g_str_equal(kind->name, "dockerfile")) {
        error_set(&error, ERROR_USAGE, SPAN_NONE, "--check is for Dockerfiles, and %s is %s",
                  input->path, kind->title);
        error_set_hint(error, "`ramekin plan %s` shows what the recipe does",
                       invocation->options->output);
        return output_error(invocation->output, error);
    }
    g_autoptr(Dockerfile) file = dockerfile_parse(input->source, &error);
    if (!file)
        return output_error(invocation->output, error);
    g_autoptr(BuildStages) stages = build_stages_new(file);
    report_lints(invocation, file);
    return report_pips(invocation, stages, input->name, draft);
}
