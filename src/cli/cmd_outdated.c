#include "cli/commands.h"
#include "cli/outdated_moves.h"
#include "cli/workspace.h"

static const OptionRow rows[] = {
    /* clang-format off */
    OPTION_ROW_FORMAT("ramekin.outdated/1"),
    {"solve", 0, OPTION_SWITCH, NULL, offsetof(Options, solve), 0,
     "solve the stages with each newer version: what else it changes, what it breaks"},
    OPTION_ROW_LOCKED,
    {0},
    /* clang-format on */
};
static const OptionGroup group = {"Outdated", rows};
static const OptionGroup *const groups[] = {&group,           &options_file,   &options_recipe,
                                            &options_resolve, &options_common, NULL};

static char *outdated_json(const void *outdated, G_GNUC_UNUSED bool all)
{
    return outdated_encode_json(outdated);
}

static char *outdated_text(const void *outdated, const TextStyle *style)
{
    return outdated_format_text(outdated, style);
}

static const ResultForms forms = {outdated_json, outdated_text};

static int print_outdated(Workspace *workspace, const WorkTarget *wanted, const Lock *held,
                          const LockTarget *target, const LockTarget *upgraded)
{
    GError *error = NULL;
    g_autoptr(LockSurvey) survey = lock_survey_new(workspace_session(workspace), wanted->recipe,
                                                   wanted->platform, workspace->diags, &error);
    g_autoptr(Outdated) outdated =
        survey ? outdated_new(workspace->recipe_path, target, upgraded, survey, &error) : NULL;
    int status = output_diags(workspace->output, workspace->diags);
    if (!outdated)
        return error ? output_error(workspace->output, error) : worse_status(status, 1);
    if (workspace->options->solve)
        status = outdated_find_moves(workspace, wanted, held, target, outdated);
    if (status > 1)
        return status;
    output_form(workspace->output, &forms, outdated);
    return outdated->outdated > 0 ? 1 : 0;
}

/* The target without any pin of the lock: what `lock --upgrade` would write. */
static int upgrade(Workspace *workspace, const WorkTarget *wanted, Lock *lock,
                   LockTarget **ret_target)
{
    LockSession *session = workspace_session(workspace);
    lock_session_prefer(session, NULL);
    int status = workspace_resolve(workspace, wanted, lock, ret_target);
    lock_session_prefer(session, workspace->lock);
    return status;
}

static int run_outdated(Invocation *invocation)
{
    g_autoptr(Workspace) workspace = NULL;
    int status =
        workspace_open_recipe(invocation, TARGETS_ONE, invocation->options->recipe, &workspace);
    if (status != 0)
        return status;
    const WorkTarget *wanted = workspace_target(workspace, 0);
    g_autoptr(Lock) fresh = lock_new();
    g_autoptr(Lock) moved = lock_new();
    LockTarget *target = NULL, *upgraded = NULL;
    status = workspace_find_or_resolve(workspace, wanted, fresh, &target);
    if (status != 0)
        return status;
    if (!lock_target_is_solved(target)) {
        workspace_explain_unsolved(workspace, target);
        return 1;
    }
    upgraded = target;
    if (workspace->lock)
        status = upgrade(workspace, wanted, moved, &upgraded);
    if (status != 0)
        return status;
    if (!lock_target_is_solved(upgraded)) {
        output_note(workspace->output,
                    "without the pins of the lock a stage can't be satisfied any more:");
        workspace_explain_unsolved(workspace, upgraded);
    }
    return print_outdated(workspace, wanted, fresh->targets->len > 0 ? fresh : workspace->lock,
                          target, upgraded);
}

const Command command_outdated = {
    "outdated", run_outdated, "", 0, 0, "list what has newer versions, and what holds it back",
    groups,
};
