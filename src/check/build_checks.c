#include "check/build_checks.h"

#include "check/build_script.h"
#include "check/scene.h"
#include "check/verdict.h"
#include "plan/plan_imports.h"

enum {
    CHECK_TIMEOUT_MS = 15 * 60 * 1000, /* no check waits for a network; a large import may */
    KEPT_LINES = 30,                   /* of what a failing item wrote, the last ones */
};

static void build_check_free(void *data)
{
    BuildCheck *check = data;
    g_free(check->item);
    g_free(check->reason);
    g_free(check);
}

void build_checks_free(BuildChecks *checks)
{
    if (!checks)
        return;
    g_ptr_array_unref(checks->checks);
    g_ptr_array_unref(checks->findings);
    g_free(checks);
}

guint build_checks_count(const BuildChecks *checks, BuildCheckState state)
{
    guint count = 0;
    for (guint i = 0; i < checks->checks->len; i++)
        count += ((const BuildCheck *)checks->checks->pdata[i])->state == state;
    return count;
}

/* What check foretells */

typedef struct {
    ResultKind kind;
    const char *reason; /* of the item that decides; or NULL */
} Foretold;

/* Of all results of one item list: it holds where each does, imports that are moved left out. */
static Foretold foretold_of(const CheckRun *run, const Check *check)
{
    Foretold foretold = {RESULT_HOLDS, NULL};
    for (guint i = 0; i < run->results->len; i++) {
        const CheckResult *result = run->results->pdata[i];
        if (result->check != check || !g_str_equal(result->when, "build"))
            continue;
        if (result->kind == RESULT_FAILS)
            return (Foretold){RESULT_FAILS, result->reason};
        if (result->kind == RESULT_UNKNOWN)
            foretold = (Foretold){RESULT_UNKNOWN, result->reason};
    }
    return foretold;
}

static GPtrArray *imported_names(const GPtrArray *checks)
{
    GPtrArray *names = g_ptr_array_new();
    for (guint i = 0; i < checks->len; i++) {
        const Check *check = checks->pdata[i];
        for (guint k = 0; check->kind == CHECK_IMPORT && k < check->items->len; k++)
            g_ptr_array_add(names, ((Text *)check->items->pdata[k])->text);
    }
    return names;
}

static gboolean foretell(const BuildCheckOptions *options, CheckRun *run, GError **error)
{
    g_autoptr(GPtrArray) names = imported_names(options->plan->recipe->checks->build);
    SceneOptions scene_options = {.only = names};
    g_autoptr(CheckScene) scene = check_scene_open(options->session, run, &scene_options, error);
    if (!scene)
        return FALSE;
    verdict_decide(run);
    return TRUE;
}

/* Execution */

typedef struct {
    const BuildCheckOptions *options;
    const char *prefix; /* of the script's own lines for this item; or NULL */
    GQueue lines;       /* char *: the last ones */
    guint dropped;
} Watch;

static void take_line(void *data, SandboxStream stream, const char *line)
{
    Watch *watch = data;
    const char *text = line;
    if (watch->prefix && g_str_has_prefix(line, watch->prefix))
        text += strlen(watch->prefix);
    if (watch->options->line)
        watch->options->line(watch->options->data, stream, text);
    g_queue_push_tail(&watch->lines, g_utf8_make_valid(text, -1));
    if (g_queue_get_length(&watch->lines) <= KEPT_LINES)
        return;
    g_free(g_queue_pop_head(&watch->lines));
    watch->dropped++;
}

static void describe_end(GString *reason, const SandboxResult *result)
{
    if (result->timed_out)
        g_string_append_printf(reason, "it was ended after %u minutes",
                               CHECK_TIMEOUT_MS / 1000 / 60);
    else if (result->output_exceeded)
        g_string_append_printf(reason, "it was ended after %d MiB of output",
                               SANDBOX_OUTPUT_BYTES >> 20);
    else if (result->signal)
        g_string_append_printf(reason, "ended by signal %d", result->signal);
    else
        g_string_append_printf(reason, "exit status %d", result->status);
}

/* Empties the watch. The script's own status says no more than its lines do. */
static char *describe_failure(Watch *watch, const SandboxResult *result)
{
    GString *reason = g_string_new(NULL);
    if (watch->dropped)
        g_string_append_printf(reason, "(%u lines before)\n", watch->dropped);
    for (char *line; (line = g_queue_pop_head(&watch->lines)); g_free(line))
        g_string_append_printf(reason, "%s\n", line);
    bool told = watch->prefix && reason->len > 0 && result->status == 1;
    if (told)
        g_string_truncate(reason, reason->len - 1);
    else
        describe_end(reason, result);
    return g_string_free(reason, FALSE);
}

static gboolean run_words(const BuildCheckOptions *options, BuildCheck *item,
                          const char *const *words, const char *prefix, GError **error)
{
    Watch watch = {.options = options, .prefix = prefix, .lines = G_QUEUE_INIT};
    SandboxCommand command = {.argv = words,
                              .timeout_ms = CHECK_TIMEOUT_MS,
                              .runner = options->runner,
                              .line = take_line,
                              .data = &watch};
    SandboxResult result;
    GError *cause = NULL;
    item->executed = true;
    if (options->begun)
        options->begun(options->data, item);
    bool started = sandbox_run(options->root, &command, &result, &cause);
    if (started) {
        item->milliseconds = result.milliseconds;
        item->state = result.status == 0 ? BUILD_CHECK_HOLDS : BUILD_CHECK_FAILS;
        if (result.status != 0)
            item->reason = describe_failure(&watch, &result);
    } else if (g_error_matches(cause, ERROR_DOMAIN, ERROR_INPUT)) {
        item->state = BUILD_CHECK_FAILS; /* the image has no such program */
        item->executed = false;
        item->reason = g_strdup(cause->message);
        g_clear_error(&cause);
    }
    g_queue_clear_full(&watch.lines, g_free);
    if (cause)
        return error_wrap(error, cause, item->check->at, "cannot execute the check `%s: %s`",
                          check_kind_name(item->check->kind), item->item);
    return TRUE;
}

/* The words of a `cmd:` as they stand. */
static gboolean run_cmd(const BuildCheckOptions *options, BuildCheck *item, GError **error)
{
    g_autoptr(GPtrArray) words = g_ptr_array_new();
    for (guint i = 0; i < item->check->items->len; i++)
        g_ptr_array_add(words, ((Text *)item->check->items->pdata[i])->text);
    g_ptr_array_add(words, NULL);
    return run_words(options, item, (const char *const *)words->pdata, NULL, error);
}

static gboolean run_script(const BuildCheckOptions *options, BuildCheck *item, GError **error)
{
    g_autoptr(GPtrArray) alone = g_ptr_array_new();
    g_ptr_array_add(alone, (gpointer)item->check);
    g_autofree char *script = build_checks_script(options->plan, alone);
    g_autofree char *python = build_checks_python(options->plan->recipe);
    g_autofree char *place = span_address(item->check->at);
    g_autofree char *prefix = g_strdup_printf(BUILD_CHECKS_LINE, place ? place : "recipe",
                                              check_kind_name(item->check->kind));
    const char *words[] = {python, "-c", script, NULL};
    return run_words(options, item, words, prefix, error);
}

static gboolean execute(const BuildCheckOptions *options, BuildCheck *item, GError **error)
{
    return item->check->kind == CHECK_CMD ? run_cmd(options, item, error)
                                          : run_script(options, item, error);
}

/* Both together */

static void add_wrong(BuildChecks *checks, const BuildCheck *item, const Foretold *foretold)
{
    bool held = item->state == BUILD_CHECK_HOLDS;
    char *message =
        g_strdup_printf("the check `%s: %s` %s in the image, and was foretold to %s%s%s",
                        check_kind_name(item->check->kind), item->item, held ? "holds" : "fails",
                        held ? "fail" : "hold", foretold->reason ? ": " : "",
                        foretold->reason ? foretold->reason : "");
    g_ptr_array_add(checks->findings, finding_new("prediction-wrong", item->check->at, message));
}

static void take_foretold(BuildCheck *item, const Foretold *foretold, const char *why_not)
{
    static const BuildCheckState states[] = {
        [RESULT_HOLDS] = BUILD_CHECK_HOLDS,
        [RESULT_FAILS] = BUILD_CHECK_FAILS,
        [RESULT_MOVED] = BUILD_CHECK_OPEN,
        [RESULT_UNKNOWN] = BUILD_CHECK_OPEN,
    };
    item->state = states[foretold->kind];
    if (item->state == BUILD_CHECK_FAILS)
        item->reason = g_strdup(foretold->reason);
    if (item->state == BUILD_CHECK_OPEN)
        item->reason =
            g_strdup(build_check_is_executed(item->check->kind) ? why_not : foretold->reason);
}

/* As check tells the items, where the recipe has them in another form than a list of texts. */
static char *describe_results(const CheckRun *run, const Check *check)
{
    g_autoptr(GStrvBuilder) items = g_strv_builder_new();
    for (guint i = 0; i < run->results->len; i++) {
        const CheckResult *result = run->results->pdata[i];
        if (result->check == check)
            g_strv_builder_add(items, result->item);
    }
    g_auto(GStrv) list = g_strv_builder_end(items);
    return g_strjoinv(", ", list);
}

static char *describe_item(const BuildCheckOptions *options, const CheckRun *run,
                           const Check *check)
{
    if (!build_check_is_executed(check->kind))
        return describe_results(run, check);
    if (check->kind != CHECK_IMPORT)
        return check_describe(check);
    g_autoptr(GPtrArray) kept = plan_kept_items(options->plan, check, "build");
    g_autoptr(GStrvBuilder) names = g_strv_builder_new();
    for (guint i = 0; i < kept->len; i++)
        g_strv_builder_add(names, ((const Text *)kept->pdata[i])->text);
    g_auto(GStrv) list = g_strv_builder_end(names);
    return g_strjoinv(", ", list);
}

static gboolean decide(const BuildCheckOptions *options, const CheckRun *run, const Check *check,
                       BuildChecks *checks, GError **error)
{
    BuildCheck *item = g_new0(BuildCheck, 1);
    item->check = check;
    item->item = describe_item(options, run, check);
    g_ptr_array_add(checks->checks, item);
    Foretold foretold = foretold_of(run, check);
    if (!options->root || !build_check_is_executed(check->kind)) {
        take_foretold(item, &foretold, options->why_not);
        return TRUE;
    }
    if (!execute(options, item, error))
        return FALSE;
    ResultKind found = item->state == BUILD_CHECK_HOLDS ? RESULT_HOLDS : RESULT_FAILS;
    if (item->executed && foretold.kind != RESULT_UNKNOWN && foretold.kind != found)
        add_wrong(checks, item, &foretold);
    return TRUE;
}

gboolean build_checks_run(const BuildCheckOptions *options, BuildChecks **ret_checks,
                          GError **error)
{
    const Plan *plan = options->plan;
    const GPtrArray *all = plan->recipe->checks->build;
    g_autoptr(CheckRun) run = check_run_new(plan->recipe, plan->target);
    g_autoptr(BuildChecks) checks = g_new0(BuildChecks, 1);
    checks->checks = g_ptr_array_new_with_free_func(build_check_free);
    checks->findings = g_ptr_array_new_with_free_func((GDestroyNotify)finding_free);
    if (!foretell(options, run, error))
        return FALSE;
    for (guint i = 0; i < all->len; i++) {
        const Check *check = all->pdata[i];
        if (!plan_is_moved(plan, check, "build") && !decide(options, run, check, checks, error))
            return FALSE;
    }
    *ret_checks = g_steal_pointer(&checks);
    return TRUE;
}
