#include "cli/commands.h"
#include "cli/workspace.h"
#include "plan/plan.h"

static const OptionRow rows[] = {
    /* clang-format off */
    {"format", 0, OPTION_CHOICE, "text|json", offsetof(Options, format), 0,
     "text for people or JSON (ramekin.plan/1) for scripts"},
    {"all", 'a', OPTION_SWITCH, NULL, offsetof(Options, all), 0,
     "list everything: what stays as it is too, and each of findings that are alike"},
    {"locked", 0, OPTION_SWITCH, NULL, offsetof(Options, locked), 0,
     "fail where there is no lock that describes the recipe"},
    {0},
    /* clang-format on */
};
static const OptionGroup group = {"Plan", rows};
static const OptionGroup *const groups[] = {&group, &options_recipe, &options_resolve,
                                            &options_common, NULL};

static void print_plan(Workspace *workspace, const WorkTarget *wanted, const LockTarget *target)
{
    const Options *options = workspace->options;
    g_autoptr(Plan) plan = plan_new(wanted->recipe, target);
    size_t length;
    g_autofree char *text =
        options->format == FORMAT_JSON
            ? plan_encode_json(plan, options->all, &length)
            : plan_format_text(plan, options->all, output_result_colour(workspace->output),
                               output_columns(workspace->output));
    output_result(workspace->output, text);
}

static int refuse_unlocked(const Workspace *workspace, LockedState state, const char *reason)
{
    GError *error = NULL;
    if (state == LOCKED_STALE)
        error_set(&error, ERROR_INPUT, SPAN_NONE, "%s is stale: %s", workspace->lock_path, reason);
    else
        error_set(&error, ERROR_INPUT, SPAN_NONE, "%s has nothing for this recipe",
                  workspace->lock_path);
    error_set_hint(error, "`ramekin lock %s` brings it up to date", workspace->recipe_path);
    return output_error(workspace->output, error);
}

/* The lock's target when it is current, else one resolved into `fresh` and never written. */
static int find_or_resolve(Workspace *workspace, const WorkTarget *wanted, Lock *fresh,
                           LockTarget **ret_target)
{
    LockedState state;
    g_autofree char *reason = NULL;
    int status = workspace_locked_state(workspace, wanted, &state, &reason);
    if (status != 0)
        return status;
    if (state == LOCKED_CURRENT) {
        *ret_target = lock_find_target(workspace->lock, wanted->row, wanted->platform);
        return 0;
    }
    if (workspace->options->locked)
        return refuse_unlocked(workspace, state, reason);
    if (state == LOCKED_STALE)
        output_note(workspace->output, "%s is stale (%s); resolved again, nothing is written",
                    workspace->lock_path, reason);
    return workspace_resolve(workspace, wanted, fresh, ret_target);
}

static int run_plan(Invocation *invocation)
{
    g_autoptr(Workspace) workspace = NULL;
    int status = workspace_open(invocation, TARGETS_ONE, &workspace);
    if (status != 0)
        return status;
    workspace->lock_options.accept_substituted = true;
    const WorkTarget *wanted = workspace_target(workspace, 0);
    g_autoptr(Lock) fresh = lock_new();
    LockTarget *target = NULL;
    status = find_or_resolve(workspace, wanted, fresh, &target);
    if (status != 0)
        return status;
    print_plan(workspace, wanted, target);
    if (lock_target_is_solved(target))
        return 0;
    workspace_explain_unsolved(workspace, target);
    return 1;
}

const Command command_plan = {
    "plan", run_plan, "[RECIPE[#ROW]]", 0, 1, "print what each stage will do", groups};
