#include "base/io.h"
#include "check/fix.h"
#include "check/report.h"
#include "check/scene.h"
#include "cli/check_dockerfile.h"
#include "cli/commands.h"
#include "cli/workspace.h"

static const OptionRow rows[] = {
    /* clang-format off */
    {"format", 0, OPTION_CHOICE, "text|json|sarif", offsetof(Options, format), 0,
     "text for people, JSON (ramekin.check/1) for scripts, SARIF 2.1.0 for code review tools"},
    {"fail-on", 0, OPTION_CHOICE, "error|warning|never", offsetof(Options, fail_on), 0,
     "which findings make the exit status 1 (default error)"},
    {"deep", 0, OPTION_SWITCH, NULL, offsetof(Options, deep), 0,
     "read every library, whole wheels where they are not on this machine: gigabytes, once; later "
     "checks know what it found"},
    {"fix", 0, OPTION_SWITCH, NULL, offsetof(Options, fix), 0,
     "show the changes that make findings go away, and write them into the recipe and its files, or "
     "into the Dockerfile"},
    {"all", 'a', OPTION_SWITCH, NULL, offsetof(Options, all), 0,
     "show each of findings that are alike"},
    {"dockerfile", 0, OPTION_VALUE, "FILE", offsetof(Options, dockerfile), 0,
     "look at this Dockerfile instead of a recipe, without network (JSON: ramekin.dockerfile-check/1)"},
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
    GPtrArray *fixes; /* GPtrArray of CheckFix, one for each target */
} Checking;

static void free_lock(void *lock)
{
    lock_free(lock);
}

/* "42 wheels, 3.1 MB of 2.7 GB read; wheels opened 0.8 s, files placed 0.1 s" */
static void print_effort(const Checking *checking, const WorkTarget *wanted,
                         const CheckScene *scene)
{
    guint64 read, total;
    guint wheels = check_scene_traffic(scene, &read, &total);
    g_autofree char *label = work_target_label(checking->workspace, wanted);
    g_autofree char *read_size = layout_size(read), *total_size = layout_size(total);
    g_autoptr(GString) text = g_string_new(NULL);
    g_string_append_printf(text, "%s: %u wheels, %s of %s read", label, wheels, read_size,
                           total_size);
    const GArray *phases = check_scene_phases(scene);
    for (guint i = 0; i < phases->len; i++) {
        const ScenePhase *phase = &g_array_index(phases, ScenePhase, i);
        g_string_append_printf(text, "%s %s %.2f s", i > 0 ? "," : ";", phase->name,
                               (double)phase->usec / 1e6);
    }
    output_note(checking->workspace->output, "%s", text->str);
}

/* Looks into what the target installs, and judges it. */
static int judge_target(Checking *checking, const WorkTarget *wanted, CheckRun *run)
{
    Workspace *workspace = checking->workspace;
    SceneOptions options = {.deep = workspace->options->deep};
    GError *error = NULL;
    g_autoptr(CheckScene) scene =
        check_scene_open(workspace_session(workspace), run, &options, &error);
    check_judge(run);
    if (scene && workspace->options->verbose)
        print_effort(checking, wanted, scene);
    return scene ? 0 : output_error(workspace->output, error);
}

static void find_fixes(Checking *checking, const WorkTarget *wanted, const Lock *lock,
                       const CheckRun *run)
{
    Workspace *workspace = checking->workspace;
    FixContext context = {
        .session = workspace_session(workspace),
        .recipe_options = &workspace->recipe_options,
        .book = checking->report->book,
        .recipe = wanted->recipe,
        .lock = lock,
        .target = run->target,
        .run = run,
    };
    g_ptr_array_add(checking->fixes, check_fixes_find(&context));
    lock_session_prefer(workspace_session(workspace), workspace->lock);
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
    status = judge_target(checking, wanted, run);
    bool is_fresh = fresh->targets->len > 0;
    find_fixes(checking, wanted, is_fresh ? fresh : checking->workspace->lock, run);
    check_report_take(checking->report, run, checking->fixes->pdata[checking->fixes->len - 1]);
    return status;
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

static bool is_fixed(const Checking *checking, const Finding *finding)
{
    for (guint i = 0; checking->workspace->options->fix && i < checking->fixes->len; i++) {
        const GPtrArray *fixes = checking->fixes->pdata[i];
        for (guint k = 0; k < fixes->len; k++) {
            if (((const CheckFix *)fixes->pdata[k])->finding == finding)
                return true;
        }
    }
    return false;
}

/* A stage that can't be satisfied fails whatever counts; what --fix has changed does not. */
static bool fails(const Checking *checking, const ReportFinding *one)
{
    static const Severity thresholds[] = {SEVERITY_ERROR, SEVERITY_WARNING, SEVERITY_ERROR + 1};
    int fail_on = checking->workspace->options->fail_on;
    bool severe = one->finding->severity >= thresholds[fail_on] && check_report_counts(one);
    return (severe || g_str_equal(one->finding->code, "unsatisfiable")) &&
           !is_fixed(checking, one->finding);
}

static int judge_exit(const Checking *checking)
{
    for (guint i = 0; i < checking->report->targets->len; i++) {
        const ReportTarget *target = checking->report->targets->pdata[i];
        for (guint k = 0; k < target->findings->len; k++) {
            if (fails(checking, target->findings->pdata[k]))
                return 1;
        }
    }
    return 0;
}

/* Every edit once: rows have lines in common. The first of two that touch one place wins. */
static GPtrArray *collect_edits(const Checking *checking)
{
    GPtrArray *edits = g_ptr_array_new();
    for (guint i = 0; i < checking->fixes->len; i++) {
        const GPtrArray *fixes = checking->fixes->pdata[i];
        for (guint k = 0; k < fixes->len; k++) {
            const CheckFix *fix = fixes->pdata[k];
            for (guint m = 0; m < fix->edits->len; m++)
                fix_edits_add(edits, fix->edits->pdata[m]);
        }
    }
    return edits;
}

/* The changes as a diff, then the files. */
static int write_fixes(const Checking *checking)
{
    Output *output = checking->workspace->output;
    g_autoptr(GPtrArray) edits = collect_edits(checking);
    if (edits->len == 0) {
        output_note(output, "nothing that can be changed is known to help");
        return 0;
    }
    g_autofree char *diff = fix_edits_diff(checking->report->book, edits);
    output_result(output, diff);
    output_flush(output);
    g_autoptr(GPtrArray) sources = fix_edits_sources(edits);
    for (guint i = 0; i < sources->len; i++) {
        GError *error = NULL;
        g_autofree char *path = source_book_path(checking->report->book, sources->pdata[i]);
        g_autofree char *text = fix_edits_apply(edits, sources->pdata[i]);
        if (!io_replace(path, text, strlen(text), &error))
            return output_error(output, error);
        output_note(output, "wrote %s", path);
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
    status = worse_status(status, judge_exit(checking));
    return workspace->options->fix ? worse_status(status, write_fixes(checking)) : status;
}

static void free_fixes(void *fixes)
{
    g_ptr_array_unref(fixes);
}

static int run_check(Invocation *invocation)
{
    if (invocation->options->dockerfile)
        return check_dockerfile(invocation, invocation->options->dockerfile);
    g_autoptr(Workspace) workspace = NULL;
    int status = workspace_open(invocation, TARGETS_ALL, &workspace);
    if (status != 0)
        return status;
    g_autoptr(GPtrArray) locks = g_ptr_array_new_with_free_func(free_lock);
    g_autoptr(CheckReport) report = check_report_new(workspace->file);
    g_autoptr(GPtrArray) fixes = g_ptr_array_new_with_free_func(free_fixes);
    Checking checking = {workspace, report, locks, fixes};
    return check_all(&checking);
}

const Command command_check = {"check", run_check, "[RECIPE[#ROW]]",
                               0,       1,         "say what will break, before anything is built",
                               groups};
