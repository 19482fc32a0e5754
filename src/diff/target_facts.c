#include "diff/target_facts.h"

#include "check/gpu_coverage.h"
#include "facts/drivers.h"
#include "recipe/ignore_entry.h"

enum {
    SHOWN_GPUS = 2, /* by name */
};

/* GPUs */

static void add_gpu(GArray *gpus, const char *name, const GpuTable *table, unsigned capability,
                    const char *cuda)
{
    bool can = gpu_table_has_code(table, capability, cuda);
    GpuFact fact = {name, capability, can ? GPU_POSSIBLE : GPU_IMPOSSIBLE};
    g_array_append_val(gpus, fact);
}

GArray *gpu_facts_of_cuda(const Recipe *recipe, const char *cuda)
{
    GArray *gpus = g_array_new(FALSE, FALSE, sizeof(GpuFact));
    const GpuTable *table = recipe->tables ? recipe->tables->gpus : NULL;
    if (!table || !cuda)
        return gpus;
    for (guint i = 0; i < recipe->gpus->len; i++) {
        const GpuTarget *gpu = recipe->gpus->pdata[i];
        add_gpu(gpus, gpu->name, table, gpu->capability, cuda);
    }
    for (guint i = 0; recipe->gpus->len == 0 && i < table->capabilities->len; i++) {
        const GpuCapability *known = table->capabilities->pdata[i];
        add_gpu(gpus, NULL, table, known->capability, cuda);
    }
    return gpus;
}

static bool is_served(const GpuFact *fact)
{
    return fact->answer == GPU_SERVED || fact->answer == GPU_POSSIBLE;
}

/* "H100, RTX 4090", "2 of 3, not RTX 5090" */
static char *describe_named(const GArray *gpus)
{
    g_autoptr(GString) there = g_string_new(NULL);
    g_autoptr(GString) missing = g_string_new(NULL);
    guint served = 0;
    for (guint i = 0; i < gpus->len; i++) {
        const GpuFact *fact = &g_array_index(gpus, GpuFact, i);
        guint lost = i - served;
        served += is_served(fact);
        if (is_served(fact))
            g_string_append_printf(there, "%s%s", there->len ? ", " : "", fact->name);
        else if (lost < SHOWN_GPUS)
            g_string_append_printf(missing, "%snot %s", missing->len ? ", " : "", fact->name);
    }
    if (served == gpus->len)
        return served <= SHOWN_GPUS ? g_strdup(there->str) : g_strdup_printf("all %u", served);
    if (served == 0 && gpus->len > 1)
        return g_strdup_printf("none of %u", gpus->len);
    if (served == 0)
        return g_strdup(missing->str);
    return g_strdup_printf("%u of %u, %s%s", served, gpus->len, missing->str,
                           gpus->len - served > SHOWN_GPUS ? " ..." : "");
}

/* Capabilities that follow each other in the table are a range: "7.5-9.0, 12.0". */
static char *describe_ranges(const GArray *gpus)
{
    GString *text = g_string_new(NULL);
    guint i = 0;
    while (i < gpus->len) {
        guint end = i;
        while (end < gpus->len && is_served(&g_array_index(gpus, GpuFact, end)))
            end++;
        if (end > i) {
            unsigned first = g_array_index(gpus, GpuFact, i).capability;
            unsigned last = g_array_index(gpus, GpuFact, end - 1).capability;
            g_string_append_printf(text, "%s%u.%u", text->len ? ", " : "", first / 10, first % 10);
            if (last != first)
                g_string_append_printf(text, "-%u.%u", last / 10, last % 10);
        }
        i = end + 1;
    }
    return g_string_free(text, text->len == 0);
}

char *gpu_facts_text(const GArray *gpus)
{
    if (gpus->len == 0)
        return NULL;
    return g_array_index(gpus, GpuFact, 0).name ? describe_named(gpus) : describe_ranges(gpus);
}

void gpu_facts_write(JsonWriter *writer, const GArray *gpus)
{
    static const char *const answers[] = {"served", "not-served", "possible", "impossible"};
    jsonw_key(writer, "gpus");
    jsonw_begin_array(writer, JSONW_INLINE);
    for (guint i = 0; i < gpus->len; i++) {
        const GpuFact *fact = &g_array_index(gpus, GpuFact, i);
        g_autofree char *capability = capability_text(fact->capability);
        jsonw_begin_object(writer, JSONW_INLINE);
        jsonw_string_member(writer, "name", fact->name);
        jsonw_string_member(writer, "capability", capability);
        jsonw_string_member(writer, "answer", answers[fact->answer]);
        jsonw_end_object(writer);
    }
    jsonw_end_array(writer);
}

char *target_facts_gpus_text(const TargetFacts *facts)
{
    char *text = gpu_facts_text(facts->gpus);
    bool unread =
        text && facts->judged && g_array_index(facts->gpus, GpuFact, 0).answer >= GPU_POSSIBLE;
    if (!unread)
        return text;
    g_autofree char *bound = text;
    return g_strdup_printf("at most %s", bound);
}

static void replace(char **text, const char *other)
{
    g_free(*text);
    *text = g_strdup(other);
}

/* The version that torch/version.py has, with the local label that its metadata may lack. */
static void take_torch(TargetFacts *facts, const WheelNative *native)
{
    const HostTables *tables = facts->recipe->tables;
    if (!native->torch_version)
        return;
    replace(&facts->torch, native->torch_version);
    replace(&facts->cuda, native->torch_cuda);
    if (!facts->min_driver && facts->cuda && tables && tables->drivers)
        facts->min_driver = g_strdup(driver_table_floor(tables->drivers, facts->cuda));
    g_array_unref(facts->gpus);
    facts->gpus = gpu_facts_of_cuda(facts->recipe, facts->cuda);
}

/* What torch itself says, and what its extensions were read to have; without that list it stays at
 * what compilers know. */
static void judge_gpus(TargetFacts *facts, const CheckRun *run)
{
    const CheckWheel *torch = check_find_wheel(run, "torch");
    if (!torch || !torch->native)
        return;
    take_torch(facts, torch->native);
    if (!torch->native->torch_arches)
        return;
    for (guint i = 0; i < facts->gpus->len; i++) {
        GpuFact *fact = &g_array_index(facts->gpus, GpuFact, i);
        g_autofree char *reason = NULL;
        bool lacks = gpu_covers(run, fact->capability, &reason) == COVERS_NOT;
        fact->answer = lacks ? GPU_NOT_SERVED : GPU_SERVED;
    }
}

/* Items of `checks:` */

static void check_fact_free(void *data)
{
    CheckFact *fact = data;
    g_free(fact->name);
    g_free(fact->reason);
    g_free(fact);
}

static void take_checks(TargetFacts *facts, const CheckRun *run)
{
    for (guint i = 0; i < run->results->len; i++) {
        const CheckResult *result = run->results->pdata[i];
        CheckFact *fact = g_new0(CheckFact, 1);
        fact->name = g_strdup_printf("%s: %s %s", result->when,
                                     check_kind_name(result->check->kind), result->item);
        fact->kind = result->kind;
        fact->reason = g_strdup(result->reason);
        g_ptr_array_add(facts->checks, fact);
    }
}

const char *target_facts_check(const TargetFacts *facts, const char *name)
{
    static const char *const words[] = {"holds", "fails", "needs a driver", "not known"};
    for (guint i = 0; i < facts->checks->len; i++) {
        const CheckFact *fact = facts->checks->pdata[i];
        if (g_str_equal(fact->name, name))
            return words[fact->kind];
    }
    return NULL;
}

char *target_facts_checks_text(const TargetFacts *facts)
{
    guint counts[RESULT_UNKNOWN + 1] = {0}, all = facts->checks->len;
    for (guint i = 0; i < all; i++)
        counts[((const CheckFact *)facts->checks->pdata[i])->kind]++;
    guint fails = counts[RESULT_FAILS], open = counts[RESULT_UNKNOWN];
    if (all == 0)
        return NULL;
    if (fails + open == 0)
        return all == 1 ? g_strdup("holds") : g_strdup_printf("all %u hold", all);
    GString *text = g_string_new(NULL);
    if (fails > 0)
        g_string_append_printf(text, "%u of %u fail%s", fails, all, fails == 1 ? "s" : "");
    if (open > 0)
        g_string_append_printf(text, "%s%u not known", fails ? ", " : "", open);
    return g_string_free(text, FALSE);
}

/* The lock */

static void count_findings(TargetFacts *facts, const GPtrArray *findings)
{
    for (guint i = 0; i < findings->len; i++) {
        const Finding *finding = findings->pdata[i];
        if (finding->acknowledged || recipe_find_ignore(facts->recipe, finding))
            continue;
        facts->errors += finding->severity == SEVERITY_ERROR;
        facts->warnings += finding->severity == SEVERITY_WARNING;
    }
}

static void count_files(TargetFacts *facts)
{
    g_autoptr(GPtrArray) files = lock_target_installs(facts->target);
    for (guint i = 0; i < files->len; i++) {
        const LockFile *file = files->pdata[i];
        facts->download_bytes += file->size;
        facts->unknown_sizes += file->size == 0;
    }
}

static void take_environment(TargetFacts *facts, const LockStage *last)
{
    const GPtrArray *environment = last ? last->environment : facts->target->base.installed;
    for (guint i = 0; i < environment->len; i++) {
        const LockDistribution *one = environment->pdata[i];
        if (one->ghost)
            continue;
        facts->distributions++;
        g_hash_table_insert(facts->versions, one->name, one->version);
    }
    facts->torch = g_strdup(target_facts_version(facts, "torch"));
    g_autoptr(Plan) plan = plan_new(facts->recipe, facts->target);
    const HostFloors *floors = plan->floors;
    facts->cuda = g_strdup(floors->cuda);
    facts->min_cuda = g_strdup(floors->min_cuda);
    facts->min_driver = g_strdup(floors->min_driver);
}

/* The solver's own sentence without what stands before it. */
static void take_failure(TargetFacts *facts)
{
    const LockStage *stage = facts->failed;
    Span at = stage->conflict ? error_span(stage->conflict) : SPAN_NONE;
    facts->at = span_address(at);
    if (!facts->at)
        facts->at = g_strdup(stage->at);
    const char *text = stage->conflict      ? stage->conflict->message
                       : stage->explanation ? stage->explanation
                                            : "a stage can't be satisfied";
    facts->reason = g_strndup(text, strcspn(text, "\n"));
}

TargetFacts *target_facts_new(const char *name, const Recipe *recipe, const LockTarget *target)
{
    TargetFacts *facts = g_new0(TargetFacts, 1);
    facts->recipe = recipe;
    facts->target = target;
    facts->name = g_strdup(name);
    facts->versions = g_hash_table_new(g_str_hash, g_str_equal);
    facts->checks = g_ptr_array_new_with_free_func(check_fact_free);
    facts->failed = lock_target_failed(target);
    if (facts->failed) {
        take_failure(facts);
        facts->gpus = g_array_new(FALSE, FALSE, sizeof(GpuFact));
        return facts;
    }
    take_environment(facts, lock_target_last(target));
    count_files(facts);
    facts->gpus = gpu_facts_of_cuda(recipe, facts->cuda);
    for (guint i = 0; i < target->stages->len; i++)
        count_findings(facts, ((const LockStage *)target->stages->pdata[i])->findings);
    return facts;
}

void target_facts_free(TargetFacts *facts)
{
    if (!facts)
        return;
    g_free(facts->name);
    g_free(facts->reason);
    g_free(facts->at);
    g_free(facts->torch);
    g_free(facts->cuda);
    g_free(facts->min_cuda);
    g_free(facts->min_driver);
    g_array_unref(facts->gpus);
    g_hash_table_unref(facts->versions);
    g_ptr_array_unref(facts->checks);
    g_free(facts);
}

void target_facts_judge(TargetFacts *facts, const CheckRun *run)
{
    if (facts->failed)
        return;
    facts->judged = true;
    count_findings(facts, run->findings);
    take_checks(facts, run);
    judge_gpus(facts, run);
}

const char *target_facts_version(const TargetFacts *facts, const char *name)
{
    return g_hash_table_lookup(facts->versions, name);
}
