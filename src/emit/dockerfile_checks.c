/* Build checks as one RUN: a list of what must hold, and the script that goes through it. */
#include "check/build_script.h"
#include "emit/emitter.h"
#include "plan/plan_imports.h"
#include "plan/start_check.h"
#include "recipe/checks.h"

/* "max_size (ramekin.yaml:30)", for checks that nothing here decides. */
static void comment_others(Emitter *emitter, const GPtrArray *checks)
{
    g_autoptr(GString) names = g_string_new(NULL);
    for (guint i = 0; checks && i < checks->len; i++) {
        const Check *check = checks->pdata[i];
        if (build_check_is_executed(check->kind) || check->kind == CHECK_INDEX)
            continue;
        g_autofree char *place = span_address(check->at);
        g_string_append_printf(names, "%s%s (%s)", names->len ? ", " : "",
                               check_kind_name(check->kind), place ? place : "recipe");
    }
    if (names->len == 0)
        return;
    g_autofree char *text = g_strdup_printf("Not executed here: %s", names->str);
    dockerfile_comment(emitter->writer, text);
}

/* "import bitsandbytes (ramekin.yaml:30): RuntimeError: ...", and the statements that lead there.
 */
static void comment_moved(Emitter *emitter)
{
    const GPtrArray *imports = emitter->target->imports;
    g_autoptr(GString) text = g_string_new(NULL);
    for (guint i = 0; i < imports->len; i++) {
        const LockImport *item = imports->pdata[i];
        if (item->verdict != LOCK_IMPORT_MOVED || !g_str_equal(item->list, "build"))
            continue;
        g_string_append_printf(text, "%simport %s (%s): %s", text->len ? "\n" : "", item->module,
                               item->at, item->reason);
        for (size_t k = 0; item->evidence && item->evidence[k]; k++)
            g_string_append_printf(text, "\n  %s", item->evidence[k]);
    }
    if (text->len == 0)
        return;
    g_string_prepend(text, "Not executed here, for want of a driver; " START_CHECK_SCRIPT
                           " does it on the GPU:\n");
    dockerfile_comment(emitter->writer, text->str);
}

static void write_script(Emitter *emitter, const GPtrArray *checks)
{
    g_autofree char *script = build_checks_script(emitter->plan, checks);
    g_autoptr(RunStep) run = run_step_new();
    emitter_copy_generated(emitter, "checks/build.py", script, BUILD_TEMP "/build.py");
    run_step_command(run, "%s " BUILD_TEMP "/build.py", emitter->python);
    emitter_run(emitter, run);
}

/* Kinds that are a command of their own; with any other, all go through the script. */
static bool is_plain_command(const Check *check)
{
    return check->kind == CHECK_IMPORT || check->kind == CHECK_FILE || check->kind == CHECK_CMD ||
           (!build_check_is_executed(check->kind) && check->kind != CHECK_INDEX);
}

static bool all_plain(const GPtrArray *checks)
{
    for (guint i = 0; i < checks->len; i++) {
        if (!is_plain_command(checks->pdata[i]))
            return false;
    }
    return true;
}

static void add_plain_command(const Emitter *emitter, RunStep *run, const Check *check)
{
    if (check->kind == CHECK_CMD) {
        g_autofree char *words = emitter_shell_words(check->items);
        run_step_command(run, "%s", words);
    } else if (check->kind == CHECK_FILE) {
        for (guint i = 0; i < check->items->len; i++) {
            g_autofree char *word = word_shell(((const Text *)check->items->pdata[i])->text);
            run_step_command(run, "test -e %s", word);
        }
    } else if (check->kind == CHECK_IMPORT && !plan_is_moved(emitter->plan, check, "build")) {
        g_autoptr(GPtrArray) items = plan_kept_items(emitter->plan, check, "build");
        g_autofree char **names = emitter_strings(items);
        g_autofree char *list = g_strjoinv(", ", names);
        run_step_command(run, "%s -c 'import %s'", emitter->python, list);
    }
}

static void write_plain_commands(Emitter *emitter, const GPtrArray *checks)
{
    g_autoptr(RunStep) run = run_step_new();
    for (guint i = 0; i < checks->len; i++)
        add_plain_command(emitter, run, checks->pdata[i]);
    emitter_run(emitter, run);
}

gboolean emit_checks(Emitter *emitter, GError **error)
{
    const RecipeChecks *checks = emitter->recipe->checks;
    if (!checks)
        return TRUE;
    bool any = checks->build && build_checks_any(emitter->plan, checks->build);
    dockerfile_blank(emitter->writer);
    if (any)
        dockerfile_comment(emitter->writer, "Checks that need no GPU.");
    comment_others(emitter, checks->build);
    comment_moved(emitter);
    if (any && all_plain(checks->build))
        write_plain_commands(emitter, checks->build);
    else if (any)
        write_script(emitter, checks->build);
    return TRUE;
}

void emit_start_check(Emitter *emitter)
{
    if (!start_check_is_wanted(emitter->plan))
        return;
    g_autofree char *expect = start_check_expect(emitter->plan);
    dockerfile_blank(emitter->writer);
    dockerfile_comment(emitter->writer, "Checks for the running container and for the GPU: "
                                        "python3 " START_CHECK_SCRIPT);
    emitter_copy_generated_as(emitter, "checks/check.py", start_check_script(), "--chmod=0755 ",
                              START_CHECK_SCRIPT);
    emitter_copy_generated_as(emitter, "checks/expect.json", expect, "", START_CHECK_EXPECT);
    emitter_flush_copies(emitter);
}
