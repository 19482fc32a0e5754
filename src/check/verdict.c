#include "check/verdict.h"

typedef struct {
    void (*decide)(const Verdict *verdict);
    const char *otherwise; /* why it is left open without `decide` */
} Rule;

static const Rule rules[CHECK_KIND_COUNT] = {
    [CHECK_VERSION] = {verdict_version, NULL},
    [CHECK_CUDA] = {verdict_cuda, NULL},
    [CHECK_INDEX] = {verdict_index, NULL},
    [CHECK_IMPORT] = {verdict_import, NULL},
    [CHECK_MODULE] = {verdict_found, NULL},
    [CHECK_SYMBOL] = {verdict_found, NULL},
    [CHECK_ABSENT] = {verdict_absent, NULL},
    [CHECK_FILE] = {verdict_file, NULL},
    [CHECK_ARCH] = {verdict_arch, NULL},
    [CHECK_WHEELS_ONLY] = {verdict_wheels_only, NULL},
    [CHECK_MAX_SIZE] = {verdict_max_size, NULL},
    [CHECK_PYTHON] = {NULL, "it has to be executed"},
    [CHECK_CMD] = {NULL, "it has to be executed"},
};

static void add(const Verdict *verdict, ResultKind kind, char *item, char *reason)
{
    CheckResult *result = g_new0(CheckResult, 1);
    result->check = verdict->check;
    result->when = verdict->when;
    result->kind = kind;
    result->item = item;
    result->reason = reason;
    g_ptr_array_add(verdict->run->results, result);
}

void verdict_holds(const Verdict *verdict, char *item)
{
    add(verdict, RESULT_HOLDS, item, NULL);
}

void verdict_unknown(const Verdict *verdict, char *item, char *reason)
{
    add(verdict, RESULT_UNKNOWN, item, reason);
}

void verdict_moved(const Verdict *verdict, char *item, char *reason)
{
    add(verdict, RESULT_MOVED, item, reason);
}

void verdict_fails_silently(const Verdict *verdict, char *item, char *reason)
{
    add(verdict, RESULT_FAILS, item, reason);
}

void verdict_fails(const Verdict *verdict, char *item, Span at, char *reason)
{
    char *message =
        g_strdup_printf("the check `%s: %s` of `%s:` fails: %s",
                        check_kind_name(verdict->check->kind), item, verdict->when, reason);
    check_add(verdict->run, "check-fails", span_is_set(at) ? at : verdict->check->at, message);
    add(verdict, RESULT_FAILS, item, reason);
}

char *verdict_item(const Text *text)
{
    return g_strdup(text->text);
}

char *check_describe(const Check *check)
{
    if (check->kind == CHECK_PYTHON)
        return g_strndup(check->value.text, strcspn(check->value.text, "\n"));
    g_autoptr(GStrvBuilder) texts = g_strv_builder_new();
    for (guint i = 0; check->items && i < check->items->len; i++)
        g_strv_builder_add(texts, ((const Text *)check->items->pdata[i])->text);
    g_auto(GStrv) items = g_strv_builder_end(texts);
    return g_strjoinv(check->kind == CHECK_CMD ? " " : ", ", items);
}

static void decide(const Verdict *verdict)
{
    const Rule *rule = &rules[verdict->check->kind];
    if (!lock_target_is_solved(verdict->run->target))
        verdict_unknown(verdict, check_describe(verdict->check),
                        g_strdup("a stage can't be satisfied"));
    else if (rule->decide)
        rule->decide(verdict);
    else
        verdict_unknown(verdict, check_describe(verdict->check), g_strdup(rule->otherwise));
}

void verdict_decide(CheckRun *run)
{
    const RecipeChecks *checks = run->recipe->checks;
    if (!checks)
        return;
    const struct {
        const char *when;
        const GPtrArray *checks;
    } lists[] = {{"build", checks->build}, {"runtime", checks->runtime}, {"gpu", checks->gpu}};
    for (size_t i = 0; i < G_N_ELEMENTS(lists); i++) {
        for (guint k = 0; lists[i].checks && k < lists[i].checks->len; k++) {
            Verdict verdict = {run, lists[i].checks->pdata[k], lists[i].when};
            decide(&verdict);
        }
    }
}
