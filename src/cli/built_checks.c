#include "cli/built_checks.h"

#include "check/build_script.h"
#include "cli/locked_target.h"
#include "cli/machine.h"
#include "sandbox/sandbox.h"

/* Why nothing is executed; NULL: it is. Caller frees. */
static char *why_not_executed(const BuiltChecks *checks)
{
    const char *platform = checks->wanted->platform;
    if (checks->workspace->options->no_sandbox)
        return g_strdup("--no-sandbox");
    if (!g_str_equal(platform, machine_platform()))
        return g_strdup_printf("this machine is no %s", platform);
    return NULL;
}

static void on_begun(void *data, const BuildCheck *check)
{
    const Workspace *workspace = data;
    progress_step(output_progress(workspace->output), "checking %s: %s",
                  check_kind_name(check->check->kind), check->item);
}

static void on_line(void *data, SandboxStream stream G_GNUC_UNUSED, const char *line)
{
    const Workspace *workspace = data;
    if (workspace->options->verbose)
        output_note(workspace->output, "  | %s", line);
}

static SandboxRoot *open_root(const BuiltChecks *checks, const BuiltImage *built, GError **error)
{
    SandboxImage image = {built->config, built->image->layers, checks->layout};
    SandboxRootOptions options = {.cache = checks->cache,
                                  .progress = output_progress(checks->workspace->output)};
    GError *cause = NULL;
    SandboxRoot *root = sandbox_root_open(&image, &options, &cause);
    if (root)
        return root;
    error_wrap(error, cause, SPAN_NONE, "cannot run the build checks in the image");
    if (error && !error_hint(*error))
        error_set_hint(*error, "--no-sandbox builds without running them");
    return NULL;
}

static int report_failure(const Workspace *workspace, const BuildCheck *check)
{
    g_auto(GStrv) lines = g_strsplit(check->reason ? check->reason : "", "\n", -1);
    bool short_one = lines[0] && !lines[1];
    GError *error = NULL;
    error_set(&error, ERROR_INPUT, check->check->at, "the check `%s: %s` fails%s%s%s",
              check_kind_name(check->check->kind), check->item,
              check->executed ? " in the image" : "", short_one ? ": " : "",
              short_one ? lines[0] : "");
    for (guint i = 0; !short_one && lines[i]; i++)
        error_add_note(error, SPAN_NONE, "%s", lines[i]);
    return output_error(workspace->output, error);
}

/* A look around in what was checked; its status changes nothing. */
static void open_shell(const BuiltChecks *checks, SandboxRoot *root)
{
    static const char *const words[] = {"/bin/sh", NULL};
    Output *output = checks->workspace->output;
    SandboxCommand command = {.argv = words,
                              .interactive = true,
                              .runner = (SandboxRunner)checks->workspace->options->runner};
    GError *error = NULL;
    SandboxResult result;
    progress_finish(output_progress(output));
    output_note(output, "a shell in the image; nothing that it changes is kept");
    if (!sandbox_run(root, &command, &result, &error))
        output_error(output, error);
}

static int judge(const BuiltChecks *checks, const BuildChecks *done, SandboxRoot *root)
{
    Workspace *workspace = checks->workspace;
    int status = 0;
    for (guint i = 0; i < done->checks->len; i++) {
        const BuildCheck *check = done->checks->pdata[i];
        if (check->state == BUILD_CHECK_FAILS)
            status = worse_status(status, report_failure(workspace, check));
    }
    guint counted = workspace_report(workspace, checks->wanted->recipe, done->findings);
    if (status != 0 && root && workspace->options->on_failure == ON_FAILURE_SHELL)
        open_shell(checks, root);
    if (status != 0)
        output_note(workspace->output, "the image was not written");
    else if (counted > 0 && !workspace->options->force)
        status = workspace_refuse_findings(workspace, counted);
    return status;
}

int built_checks_run(const BuiltChecks *checks, BuiltImage *built)
{
    const RecipeChecks *wanted = checks->wanted->recipe->checks;
    if (!wanted || !wanted->build || wanted->build->len == 0)
        return 0;
    GError *error = NULL;
    g_autofree char *why_not = why_not_executed(checks);
    g_autoptr(SandboxRoot) root = why_not ? NULL : open_root(checks, built, &error);
    BuildCheckOptions options = {
        .session = workspace_session(checks->workspace),
        .plan = checks->plan,
        .root = root,
        .runner = (SandboxRunner)checks->workspace->options->runner,
        .why_not = why_not,
        .begun = on_begun,
        .line = on_line,
        .data = checks->workspace,
    };
    if (error || !build_checks_run(&options, &built->build_checks, &error))
        return output_error(checks->workspace->output, error);
    return judge(checks, built->build_checks, root);
}

/* What would have been executed is counted, what nothing decides is named. */
static void note_open(const Workspace *workspace, const BuildChecks *checks)
{
    guint not_run = 0;
    const char *why_not = NULL;
    for (guint i = 0; i < checks->checks->len; i++) {
        const BuildCheck *check = checks->checks->pdata[i];
        if (check->state != BUILD_CHECK_OPEN)
            continue;
        if (build_check_is_executed(check->check->kind)) {
            not_run++;
            why_not = check->reason;
        } else
            output_note(workspace->output, "the check `%s: %s` is undecided: %s",
                        check_kind_name(check->check->kind), check->item,
                        check->reason ? check->reason : "unknown");
    }
    if (not_run > 0)
        output_note(workspace->output, "%u build check%s not run (%s)", not_run,
                    not_run == 1 ? " was" : "s were", why_not);
}

void built_checks_note(const Workspace *workspace, const BuiltImage *built)
{
    const BuildChecks *checks = built->build_checks;
    guint held = checks ? build_checks_count(checks, BUILD_CHECK_HOLDS) : 0;
    if (held > 0)
        output_note(workspace->output, "%u build check%s", held, held == 1 ? " holds" : "s hold");
    if (checks)
        note_open(workspace, checks);
    else if (built->checks > 0)
        output_note(workspace->output, "%u build check%s not run", built->checks,
                    built->checks == 1 ? " was" : "s were");
}
