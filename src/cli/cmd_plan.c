#include "cli/commands.h"
#include "cli/locked_target.h"
#include "emit/wheel_facts.h"
#include "plan/plan.h"

static const OptionRow rows[] = {
    /* clang-format off */
    {"format", 0, OPTION_CHOICE, "text|json|html", offsetof(Options, plan_format), 0,
     "text for people, JSON (ramekin.plan/1) for scripts, or one self-contained HTML page"},
    {"all", 'a', OPTION_SWITCH, NULL, offsetof(Options, all), 0,
     "list everything: what stays as it is too, and each of findings that are alike"},
    OPTION_ROW_LOCKED,
    {0},
    /* clang-format on */
};
static const OptionGroup group = {"Plan", rows};
static const OptionGroup *const groups[] = {&group, &options_recipe, &options_resolve,
                                            &options_common, NULL};

static bool find_wheel(void *data, const char *sha256, gint64 *ret_members, gint64 *ret_raw_size)
{
    return wheel_facts_load(data, sha256, ret_members, ret_raw_size);
}

static char *format_plan(const Plan *plan, const Invocation *invocation)
{
    const Options *options = invocation->options;
    Output *output = invocation->output;
    TextStyle style = output_text_style(output);
    switch ((PlanFormat)options->plan_format) {
    case PLAN_FORMAT_JSON:
        return plan_encode_json(plan, options->all, NULL);
    case PLAN_FORMAT_HTML:
        return plan_format_html(plan, options->all);
    case PLAN_FORMAT_TEXT:
    default:
        return plan_format_text(plan, &style);
    }
}

static void print_plan(const Invocation *invocation, const WorkTarget *wanted,
                       const LockTarget *target)
{
    g_autoptr(Plan) plan = plan_new(wanted->recipe, target);
    g_autoptr(Cache) cache = cache_new(invocation->options->cache_dir);
    g_autoptr(BlobStore) blobs = blob_store_new(cache);
    WheelFacts facts = {find_wheel, blobs};
    plan_add_layers(plan, &facts);
    g_autofree char *text = format_plan(plan, invocation);
    output_result(invocation->output, text);
}

static int run_plan(Invocation *invocation)
{
    g_autoptr(Workspace) workspace = NULL;
    int status = workspace_open(invocation, TARGETS_ONE, &workspace);
    if (status != 0)
        return status;
    const WorkTarget *wanted = workspace_target(workspace, 0);
    g_autoptr(Lock) fresh = lock_new();
    LockTarget *target = NULL;
    status = workspace_find_or_resolve(workspace, wanted, fresh, &target);
    bool changed;
    if (status == 0 && fresh->targets->len > 0)
        status = workspace_decide_imports(workspace, wanted, target, &changed);
    if (status != 0)
        return status;
    print_plan(invocation, wanted, target);
    if (lock_target_is_solved(target))
        return 0;
    workspace_explain_unsolved(workspace, target);
    return 1;
}

const Command command_plan = {
    "plan", run_plan, "[RECIPE[#ROW]]", 0, 1, "print what each stage will do", groups};
