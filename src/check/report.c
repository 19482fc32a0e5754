#include "check/report.h"

#include "recipe/ignore_entry.h"

static void free_target(void *data)
{
    ReportTarget *target = data;
    g_ptr_array_unref(target->findings);
    check_run_free(target->run);
    g_free(target);
}

CheckReport *check_report_new(RecipeFile *file)
{
    CheckReport *report = g_new0(CheckReport, 1);
    report->book = source_book_new(file);
    report->targets = g_ptr_array_new_with_free_func(free_target);
    return report;
}

void check_report_free(CheckReport *report)
{
    if (!report)
        return;
    g_ptr_array_unref(report->targets);
    source_book_free(report->book);
    g_free(report);
}

bool check_report_counts(const ReportFinding *finding)
{
    return !finding->ignored && !finding->finding->acknowledged;
}

static void add_finding(CheckReport *report, ReportTarget *target, const Finding *finding)
{
    ReportFinding *one = g_new0(ReportFinding, 1);
    one->finding = finding;
    one->ignored = recipe_find_ignore(target->run->recipe, finding);
    g_ptr_array_add(target->findings, one);
    if (finding->acknowledged)
        report->counts.acknowledged++;
    else if (one->ignored)
        report->counts.ignored++;
    else
        report->counts.severities[finding->severity]++;
}

static void count_results(CheckReport *report, const CheckRun *run)
{
    ReportCounts *counts = &report->counts;
    unsigned *const places[] = {
        [RESULT_HOLDS] = &counts->holds,
        [RESULT_FAILS] = &counts->fails,
        [RESULT_MOVED] = &counts->moved,
        [RESULT_UNKNOWN] = &counts->unknown,
    };
    for (guint i = 0; i < run->results->len; i++)
        (*places[((const CheckResult *)run->results->pdata[i])->kind])++;
}

/* The words of the solver for the findings that say that a stage can't be satisfied. */
static void find_conflicts(ReportTarget *target)
{
    guint next = 0;
    const GPtrArray *stages = target->run->target->stages;
    for (guint i = 0; i < stages->len; i++) {
        const LockStage *stage = stages->pdata[i];
        if (stage->status != STAGE_UNSATISFIABLE)
            continue;
        for (; next < target->findings->len; next++) {
            ReportFinding *one = target->findings->pdata[next];
            if (!g_str_equal(one->finding->code, "unsatisfiable"))
                continue;
            one->conflict = stage->conflict;
            next++;
            break;
        }
    }
}

/* The ways out, to the findings that they are for. */
static void find_fixes(ReportTarget *target, const GPtrArray *fixes)
{
    for (guint i = 0; i < fixes->len; i++) {
        const CheckFix *fix = fixes->pdata[i];
        for (guint k = 0; k < target->findings->len; k++) {
            ReportFinding *one = target->findings->pdata[k];
            if (one->finding == fix->finding)
                one->fix = fix;
        }
    }
}

void check_report_take(CheckReport *report, CheckRun *run, const GPtrArray *fixes)
{
    ReportTarget *target = g_new0(ReportTarget, 1);
    target->run = run;
    target->findings = g_ptr_array_new_with_free_func(g_free);
    g_ptr_array_add(report->targets, target);
    for (guint i = 0; i < run->target->stages->len; i++) {
        const LockStage *stage = run->target->stages->pdata[i];
        bool told = stage->status == STAGE_UNSATISFIABLE; /* by its explanation */
        for (guint k = 0; !told && k < stage->findings->len; k++)
            add_finding(report, target, stage->findings->pdata[k]);
    }
    for (guint i = 0; i < run->findings->len; i++)
        add_finding(report, target, run->findings->pdata[i]);
    find_conflicts(target);
    find_fixes(target, fixes);
    count_results(report, run);
}

static bool same_entry(const RecipeIgnore *a, const RecipeIgnore *b)
{
    return a->at.source == b->at.source && a->at.line == b->at.line &&
           a->at.column == b->at.column && g_str_equal(a->finding, b->finding);
}

/* Entries are decoded for every row anew: they are the same where they stand in the same place. */
static bool is_used(const CheckReport *report, const RecipeIgnore *entry)
{
    for (guint i = 0; i < report->targets->len; i++) {
        const ReportTarget *target = report->targets->pdata[i];
        for (guint k = 0; k < target->findings->len; k++) {
            const ReportFinding *one = target->findings->pdata[k];
            if (one->ignored && same_entry(one->ignored, entry))
                return true;
        }
    }
    return false;
}

void check_report_note_unused(CheckReport *report)
{
    if (report->targets->len == 0)
        return;
    ReportTarget *last = report->targets->pdata[report->targets->len - 1];
    const GPtrArray *entries = last->run->recipe->ignore;
    for (guint i = 0; i < entries->len; i++) {
        const RecipeIgnore *entry = entries->pdata[i];
        if (is_used(report, entry))
            continue;
        Finding *finding = check_add(
            last->run, "ignore-unused", entry->at,
            g_strdup_printf("nothing is found that `ignore:` of %s%s%s covers", entry->finding,
                            entry->match ? " with match " : "", entry->match ? entry->match : ""));
        finding->hint = g_strdup("remove the entry, so that a later finding is not hidden by it");
        add_finding(report, last, finding);
    }
}

const char *result_kind_name(ResultKind kind)
{
    static const char *const names[] = {"holds", "fails", "moved", "unknown"};
    return names[kind];
}
