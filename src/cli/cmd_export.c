#include "base/io.h"
#include "cli/commands.h"
#include "cli/locked_target.h"
#include "emit/export.h"
#include "lock/fetch.h"

typedef enum {
    EXPORT_REQUIREMENTS,
    EXPORT_CONSTRAINTS,
    EXPORT_PYLOCK,
} ExportAs;

static const OptionRow rows[] = {
    /* clang-format off */
    {"as", 0, OPTION_CHOICE, "requirements|constraints|pylock", offsetof(Options, export_as), 0,
     "what to make: pip's requirements with hashes, pip's constraints, or a pylock.toml (PEP 751)"},
    {"output", 'o', OPTION_VALUE, "FILE", offsetof(Options, output), 0,
     "write it to FILE instead of stdout"},
    {"locked", 0, OPTION_SWITCH, NULL, offsetof(Options, locked), 0,
     "fail where there is no lock, instead of making one"},
    OPTION_ROW_ALLOW_SUBSTITUTED,
    {0},
    /* clang-format on */
};
static const OptionGroup group = {"Export", rows};
static const OptionGroup *const groups[] = {&group, &options_recipe, &options_resolve,
                                            &options_common, NULL};

static gboolean make_pylock(Workspace *workspace, const WorkTarget *wanted, const Plan *plan,
                            const char *source, char **ret_text, GError **error)
{
    g_autoptr(GPtrArray) files = export_files(plan);
    g_autoptr(GPtrArray) urls = NULL;
    return lock_session_find_urls(workspace_session(workspace), wanted->recipe, plan->target, files,
                                  &urls, error) &&
           export_pylock(plan, source, urls, ret_text, error);
}

static gboolean make_text(Workspace *workspace, const WorkTarget *wanted, const Plan *plan,
                          char **ret_text, GError **error)
{
    g_autofree char *source = work_target_label(workspace, wanted);
    switch ((ExportAs)workspace->options->export_as) {
    case EXPORT_PYLOCK:
        return make_pylock(workspace, wanted, plan, source, ret_text, error);
    case EXPORT_CONSTRAINTS:
        *ret_text = export_constraints(plan, source);
        return TRUE;
    case EXPORT_REQUIREMENTS:
    default:
        *ret_text = export_requirements(plan, source);
        return TRUE;
    }
}

static gboolean put_text(const Workspace *workspace, const char *text, GError **error)
{
    const char *path = workspace->options->output;
    if (path && !g_str_equal(path, "-"))
        return io_save(path, text, strlen(text), error);
    output_result(workspace->output, text);
    return TRUE;
}

static int run_export(Invocation *invocation)
{
    g_autoptr(Workspace) workspace = NULL;
    int status = workspace_open(invocation, TARGETS_ONE, &workspace);
    if (status != 0)
        return status;
    workspace->lock_options.accept_substituted = true;
    const WorkTarget *wanted = workspace_target(workspace, 0);
    LockTarget *target = NULL;
    status = workspace_need_locked(workspace, wanted, &target);
    if (status == 0)
        status = workspace_check_substituted(workspace, target);
    if (status != 0)
        return status;
    g_autoptr(Plan) plan = plan_new(wanted->recipe, target);
    g_autofree char *text = NULL;
    GError *error = NULL;
    if (!make_text(workspace, wanted, plan, &text, &error) || !put_text(workspace, text, &error))
        return output_error(workspace->output, error);
    return 0;
}

const Command command_export = {
    "export", run_export, "[RECIPE[#ROW]]",
    0,        1,          "write what is locked as requirements, constraints or pylock.toml",
    groups};
