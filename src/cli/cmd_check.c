#include "check/report.h"
#include "cli/commands.h"
#include "cli/workspace.h"

static const OptionRow rows[] = {
    /* clang-format off */
    {"format", 0, OPTION_CHOICE, "text|json|sarif", offsetof(Options, format), 0,
     "text for people, JSON (ramekin.check/1) for scripts, SARIF 2.1.0 for code review tools"},
    {"fail-on", 0, OPTION_CHOICE, "error|warning|never", offsetof(Options, fail_on), 0,
     "which findings make the exit status 1 (default error)"},
    {"all", 'a', OPTION_SWITCH, NULL, offsetof(Options, all), 0,
     "show each of findings that are alike"},
    OPTION_ROW_LOCKED,
    {0},
    /* clang-format on */
};
static const OptionGroup group = {"Check", rows};
static const OptionGroup *const groups[] = {&group, &options_recipe, &options_resolve,
                                            &options_common, NULL};

typedef struct {
    Workspace *workspace;
    CheckReport *report;
    GPtrArray *locks; /* Lock: of targets that were resolved in memory */
} Checking;

static void free_lock(void *lock)
{
    lock_free(lock);
}

static int check_target(Checking *checking, const WorkTarget *wanted)
{
    Lock *fresh = lock_new();
    g_ptr_array_add(checking->locks, fresh);
    LockTarget *target = NULL;
    int status = workspace_find_or_resolve(checking->workspace, wanted, fresh, &target);
    if (status != 0)
        return status;
    CheckRun *run = check_run_new(wanted->recipe, target);
    check_judge(run);
    check_report_take(checking->report, run);
    return 0;
}

static void print_report(const Workspace *workspace, const CheckReport *report)
{
    const Options *options = workspace->options;
    Output *output = workspace->output;
    ReportStyle style = {options->verbose, options->all, output_result_colour(output),
                         output_columns(output)};
    g_autofree char *text = NULL;
    switch ((OutputFormat)options->format) {
    case FORMAT_TEXT:
        text = check_report_format_text(report, &style);
        break;
    case FORMAT_JSON:
        text = check_report_encode_json(report);
        break;
    case FORMAT_SARIF:
        text = check_report_encode_sarif(report);
        break;
    }
    output_result(output, text);
}

/* A stage that can't be satisfied fails whatever counts. */
static int judge_exit(const Options *options, const CheckReport *report)
{
    for (guint i = 0; i < report->targets->len; i++) {
        const ReportTarget *target = report->targets->pdata[i];
        if (!lock_target_is_solved(target->run->target))
            return 1;
    }
    switch ((FailOn)options->fail_on) {
    case FAIL_ON_ERROR:
        return check_report_count(report, SEVERITY_ERROR) > 0;
    case FAIL_ON_WARNING:
        return check_report_count(report, SEVERITY_WARNING) > 0;
    case FAIL_ON_NEVER:
        break;
    }
    return 0;
}

static int check_all(Checking *checking)
{
    Workspace *workspace = checking->workspace;
    int status = 0;
    for (guint i = 0; i < workspace->targets->len; i++)
        status = worse_status(status, check_target(checking, workspace_target(workspace, i)));
    if (checking->report->targets->len == 0)
        return status;
    if (status == 0 && !workspace->wanted_row && !workspace->options->platform)
        check_report_note_unused(checking->report);
    print_report(workspace, checking->report);
    return worse_status(status, judge_exit(workspace->options, checking->report));
}

static int run_check(Invocation *invocation)
{
    g_autoptr(Workspace) workspace = NULL;
    int status = workspace_open(invocation, TARGETS_ALL, &workspace);
    if (status != 0)
        return status;
    g_autoptr(GPtrArray) locks = g_ptr_array_new_with_free_func(free_lock);
    g_autoptr(CheckReport) report = check_report_new(workspace->file);
    Checking checking = {workspace, report, locks};
    return check_all(&checking);
}

const Command command_check = {"check", run_check, "[RECIPE[#ROW]]",
                               0,       1,         "say what will break, before anything is built",
                               groups};
