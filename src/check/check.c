#include "check/check.h"

#include "check/library_load.h"
#include "check/rules.h"
#include "check/verdict.h"

typedef struct {
    void (*judge)(CheckRun *run);
    bool unsolved; /* for targets too that are not solved */
} Family;

static const Family families[] = {
    {rule_indexes, false}, {rule_platform, false},   {rule_files, false},
    {rule_imports, false}, {rule_gpu, false},        {rule_cuda_twice, false},
    {rule_cuda, false},    {rule_abi, false},        {rule_image, true},
    {rule_runpod, true},   {rule_runpod_hub, false}, {rule_scripts, true},
};

static void free_finding(void *finding)
{
    finding_free(finding);
}

static void free_wheel(void *data)
{
    CheckWheel *wheel = data;
    wheel_native_free(wheel->native);
    g_free(wheel);
}

CheckRun *check_run_new(const Recipe *recipe, const LockTarget *target)
{
    CheckRun *run = g_new0(CheckRun, 1);
    run->recipe = recipe;
    run->target = target;
    run->plan = plan_new(recipe, target);
    run->wheels = g_ptr_array_new_with_free_func(free_wheel);
    run->sources = g_ptr_array_new_with_free_func(g_free);
    run->findings = g_ptr_array_new_with_free_func(free_finding);
    run->results = g_ptr_array_new_with_free_func(check_result_free);
    run->refusals = g_ptr_array_new_with_free_func(library_refusal_free);
    return run;
}

void check_run_free(CheckRun *run)
{
    if (!run)
        return;
    plan_free((Plan *)run->plan);
    g_ptr_array_unref(run->wheels);
    g_ptr_array_unref(run->sources);
    g_ptr_array_unref(run->findings);
    g_ptr_array_unref(run->results);
    g_ptr_array_unref(run->refusals);
    g_clear_pointer(&run->roots, g_ptr_array_unref);
    g_clear_pointer(&run->found, g_ptr_array_unref);
    g_clear_pointer(&run->deferred, g_ptr_array_unref);
    g_free(run);
}

void check_result_free(void *data)
{
    CheckResult *result = data;
    g_free(result->item);
    g_free(result->reason);
    g_free(result);
}

Finding *check_add(CheckRun *run, const char *code, Span at, char *message)
{
    Finding *finding = finding_new(code, at, message);
    g_ptr_array_add(run->findings, finding);
    return finding;
}

Finding *check_add_at(CheckRun *run, const char *code, const char *at, char *message)
{
    Finding *finding = check_add(run, code, SPAN_NONE, message);
    finding->at = g_strdup(at);
    return finding;
}

const CheckWheel *check_find_wheel(const CheckRun *run, const char *distribution)
{
    const LockDistribution *installed = check_installed(run, distribution);
    for (guint i = 0; installed && installed->file && i < run->wheels->len; i++) {
        const CheckWheel *wheel = run->wheels->pdata[i];
        if (wheel->file == installed->file)
            return wheel;
    }
    return NULL;
}

const LockStage *check_last_stage(const CheckRun *run)
{
    const GPtrArray *stages = run->target->stages;
    return stages->len > 0 ? stages->pdata[stages->len - 1] : NULL;
}

const LockDistribution *check_installed(const CheckRun *run, const char *distribution)
{
    const LockStage *last = check_last_stage(run);
    if (last)
        return lock_stage_find(last, distribution);
    const GPtrArray *installed = run->target->base.installed;
    for (guint i = 0; i < installed->len; i++) {
        const LockDistribution *one = installed->pdata[i];
        if (!one->ghost && g_str_equal(one->name, distribution))
            return one;
    }
    return NULL;
}

static const LockStage *find_stage(const CheckRun *run, const char *name)
{
    for (guint i = 0; i < run->target->stages->len; i++) {
        const LockStage *stage = run->target->stages->pdata[i];
        if (g_str_equal(stage->name, name))
            return stage;
    }
    return NULL;
}

char *check_place_of(const CheckRun *run, const LockDistribution *distribution)
{
    const LockStage *stage = distribution->stage ? find_stage(run, distribution->stage) : NULL;
    for (guint i = 0; stage && i < stage->actions->len; i++) {
        const LockAction *action = stage->actions->pdata[i];
        if (!g_str_equal(action->name, distribution->name))
            continue;
        for (guint k = 0; k < action->edges->len; k++) {
            const LockEdge *edge = action->edges->pdata[k];
            if (edge->from_line)
                return g_strdup(edge->from);
        }
    }
    return stage ? g_strdup(stage->at) : NULL;
}

/* The stage's own words for why it can't be satisfied. */
static void add_unsatisfiable(CheckRun *run, const LockStage *stage)
{
    Span at = stage->conflict ? error_span(stage->conflict) : SPAN_NONE;
    const char *message = stage->conflict ? stage->conflict->message : "a stage can't be satisfied";
    Finding *finding = check_add(run, "unsatisfiable", at, g_strdup(message));
    if (!finding->at)
        finding->at = g_strdup(stage->at);
    finding->hint = g_strdup(stage->conflict ? error_hint(stage->conflict) : NULL);
    g_autoptr(GStrvBuilder) lines = g_strv_builder_new();
    for (guint i = 0; i < stage->conflict_lines->len; i++) {
        const LockConflictLine *line = stage->conflict_lines->pdata[i];
        g_autofree char *text =
            g_strdup_printf("%s%s%s%s", line->at ? line->at : "", line->at ? ": " : "",
                            line->constraint ? "constraint " : "", line->line);
        g_strv_builder_add(lines, text);
    }
    if (stage->conflict_lines->len > 0)
        finding->evidence = g_strv_builder_end(lines);
}

void check_judge(CheckRun *run)
{
    bool solved = lock_target_is_solved(run->target);
    for (guint i = 0; i < run->target->stages->len; i++) {
        const LockStage *stage = run->target->stages->pdata[i];
        if (stage->status == STAGE_UNSATISFIABLE)
            add_unsatisfiable(run, stage);
    }
    for (size_t i = 0; i < G_N_ELEMENTS(families); i++) {
        if (solved || families[i].unsolved)
            families[i].judge(run);
    }
    verdict_decide(run);
}
