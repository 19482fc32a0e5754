#include "cli/commands.h"
#include "cli/locked_target.h"
#include "text/jsonw.h"

static const OptionRow rows[] = {
    /* clang-format off */
    {"upgrade", 'U', OPTION_NAMES, "NAME", offsetof(Options, upgrade),
     offsetof(Options, upgrade_names),
     "move on to the newest versions, of all distributions or of those named; other pins are kept"},
    {"locked", 0, OPTION_SWITCH, NULL, offsetof(Options, locked), 0,
     "only say whether the lock describes the recipe; write nothing"},
    {"strict", 0, OPTION_SWITCH, NULL, offsetof(Options, strict), 0,
     "warnings count as errors"},
    OPTION_ROW_FORMAT("ramekin.lock-result/1"),
    {0},
    /* clang-format on */
};
static const OptionGroup group = {"Lock", rows};
static const OptionGroup *const groups[] = {&group, &options_recipe, &options_resolve,
                                            &options_common, NULL};

typedef enum {
    OUTCOME_CURRENT,
    OUTCOME_LOCKED,
    OUTCOME_UNSATISFIABLE,
} Outcome;

static const char *const outcome_names[] = {"current", "locked", "unsatisfiable"};

typedef struct {
    const WorkTarget *wanted;
    LockTarget *target;
    Outcome outcome;
    unsigned counted; /* findings that make the exit status 1 */
} Result;

/* The lock to be: starts as what the file holds, so that targets which are current, or of rows that
 * were not asked for, stay as they are. */
static Lock *load_again(const Workspace *workspace, GError **error)
{
    Lock *lock = NULL;
    if (!lock_load(workspace->lock_path, &lock, error))
        return NULL;
    return lock ? lock : lock_new();
}

static bool has_row(const Workspace *workspace, const LockTarget *target)
{
    const char *const *names = recipe_file_rows(workspace->file);
    return target->row ? g_strv_contains(names, target->row) : !names[0];
}

static bool is_wanted(const Workspace *workspace, const LockTarget *target)
{
    for (guint i = 0; i < workspace->targets->len; i++) {
        const WorkTarget *wanted = workspace_target(workspace, i);
        if (g_strcmp0(wanted->row, target->row) == 0 &&
            g_str_equal(wanted->platform, target->platform))
            return true;
    }
    return false;
}

/* Rows that left the recipe leave the lock; so do its platforms, where all of them were asked for.
 */
static bool drop_strangers(const Workspace *workspace, Lock *lock)
{
    guint before = lock->targets->len;
    for (guint i = lock->targets->len; i-- > 0;) {
        const LockTarget *target = lock->targets->pdata[i];
        bool narrowed = workspace->wanted_row || workspace->options->platform;
        if (!has_row(workspace, target) || (!narrowed && !is_wanted(workspace, target)))
            g_ptr_array_remove_index(lock->targets, i);
    }
    return lock->targets->len != before;
}

static int lock_one(Workspace *workspace, const WorkTarget *wanted, Lock *lock, Result *result)
{
    *result = (Result){.wanted = wanted};
    LockedState state;
    g_autofree char *reason = NULL;
    int status = workspace_locked_state(workspace, wanted, &state, &reason);
    if (status != 0)
        return status;
    LockTarget *old = lock_find_target(lock, wanted->row, wanted->platform);
    if (state == LOCKED_CURRENT && !workspace->options->upgrade) {
        bool changed;
        result->target = old;
        status = workspace_decide_imports(workspace, wanted, old, &changed);
        result->outcome = changed ? OUTCOME_LOCKED : OUTCOME_CURRENT;
        return status;
    }
    if (state == LOCKED_STALE) {
        g_autofree char *label = work_target_label(workspace, wanted);
        output_note(workspace->output, "%s is locked anew: %s", label, reason);
    }
    if (old)
        g_ptr_array_remove(lock->targets, old);
    status = workspace_resolve(workspace, wanted, lock, &result->target);
    if (status != 0)
        return status;
    bool solved = lock_target_is_solved(result->target), changed;
    result->outcome = solved ? OUTCOME_LOCKED : OUTCOME_UNSATISFIABLE;
    return workspace_decide_imports(workspace, wanted, result->target, &changed);
}

static guint row_rank(const Workspace *workspace, const LockTarget *target)
{
    const char *const *names = recipe_file_rows(workspace->file);
    guint rank = 0;
    while (target->row && names[rank] && !g_str_equal(names[rank], target->row))
        rank++;
    return rank;
}

/* By row in recipe order, then platform; few enough for a plain insertion sort. */
static void sort_targets(const Workspace *workspace, Lock *lock)
{
    gpointer *targets = lock->targets->pdata;
    for (guint i = 1; i < lock->targets->len; i++) {
        for (guint j = i; j > 0; j--) {
            const LockTarget *a = targets[j - 1], *b = targets[j];
            guint x = row_rank(workspace, a), y = row_rank(workspace, b);
            if (x < y || (x == y && strcmp(a->platform, b->platform) <= 0))
                break;
            gpointer swapped = targets[j];
            targets[j] = targets[j - 1];
            targets[j - 1] = swapped;
        }
    }
}

static guint distributions_of(const LockTarget *target)
{
    if (target->stages->len == 0)
        return 0;
    const LockStage *last = target->stages->pdata[target->stages->len - 1];
    return last->environment ? last->environment->len : 0;
}

static guint64 bytes_of(const LockTarget *target)
{
    guint64 bytes = 0;
    for (guint i = 0; i < target->stages->len; i++) {
        const LockStage *stage = target->stages->pdata[i];
        for (guint j = 0; j < stage->actions->len; j++) {
            const LockAction *action = stage->actions->pdata[j];
            if (action->file && !g_str_equal(action->action, "keep"))
                bytes += action->file->size;
        }
    }
    return bytes;
}

static void print_text(const Workspace *workspace, const Result *results)
{
    for (guint i = 0; i < workspace->targets->len; i++) {
        const Result *result = &results[i];
        g_autofree char *label = work_target_label(workspace, result->wanted);
        if (result->outcome == OUTCOME_UNSATISFIABLE) {
            output_result_line(workspace->output, "%s: unsatisfiable", label);
            continue;
        }
        g_autofree char *size = g_format_size(bytes_of(result->target));
        guint stages = result->target->stages->len;
        guint distributions = distributions_of(result->target);
        output_result_line(workspace->output,
                           "%s: %s, %u stage%s, %u distribution%s, %s to download", label,
                           outcome_names[result->outcome], stages, stages == 1 ? "" : "s",
                           distributions, distributions == 1 ? "" : "s", size);
    }
}

static void write_failed(JsonWriter *writer, const LockStage *stage)
{
    jsonw_key(writer, "failed");
    jsonw_begin_object(writer, JSONW_BLOCK);
    jsonw_string_member(writer, "stage", stage->name);
    jsonw_string_member(writer, "at", stage->at);
    jsonw_string_member(writer, "explanation", stage->explanation);
    lock_conflict_write(writer, stage->conflict_lines, stage->ways_out);
    jsonw_end_object(writer);
}

static void write_result(JsonWriter *writer, const Result *result)
{
    const LockStage *failed = lock_target_failed(result->target);
    jsonw_begin_object(writer, failed ? JSONW_BLOCK : JSONW_INLINE);
    jsonw_string_member(writer, "row", result->wanted->row);
    jsonw_string_member(writer, "platform", result->wanted->platform);
    jsonw_string_member(writer, "status", outcome_names[result->outcome]);
    jsonw_unsigned_member(writer, "stages", result->target->stages->len);
    jsonw_unsigned_member(writer, "distributions", distributions_of(result->target));
    jsonw_unsigned_member(writer, "download_bytes", bytes_of(result->target));
    jsonw_unsigned_member(writer, "blocking_findings", result->counted);
    if (failed)
        write_failed(writer, failed);
    jsonw_end_object(writer);
}

static void print_json(const Workspace *workspace, const Result *results, bool written)
{
    g_autoptr(JsonWriter) writer = jsonw_new();
    jsonw_begin_object(writer, JSONW_BLOCK);
    jsonw_string_member(writer, "schema", "ramekin.lock-result/1");
    jsonw_string_member(writer, "lock", workspace->lock_path);
    jsonw_boolean_member(writer, "written", written);
    jsonw_key(writer, "targets");
    jsonw_begin_array(writer, JSONW_BLOCK);
    for (guint i = 0; i < workspace->targets->len; i++)
        write_result(writer, &results[i]);
    jsonw_end_array(writer);
    jsonw_end_object(writer);
    g_autofree char *text = jsonw_finish(writer, NULL);
    output_result(workspace->output, text);
}

/* --locked: is every target current? */
static int check_locked(Workspace *workspace)
{
    int worst = 0;
    for (guint i = 0; i < workspace->targets->len; i++) {
        const WorkTarget *wanted = workspace_target(workspace, i);
        LockedState state;
        g_autofree char *reason = NULL;
        int status = workspace_locked_state(workspace, wanted, &state, &reason);
        g_autofree char *label = work_target_label(workspace, wanted);
        GError *error = NULL;
        if (state == LOCKED_MISSING)
            error_set(&error, ERROR_INPUT, SPAN_NONE, "%s does not lock %s", workspace->lock_path,
                      label);
        else if (state == LOCKED_STALE)
            error_set(&error, ERROR_INPUT, SPAN_NONE, "%s is stale for %s: %s",
                      workspace->lock_path, label, reason);
        if (error)
            status = worse_status(status, output_error(workspace->output, error));
        worst = worse_status(worst, status);
    }
    return worst;
}

static bool has_findings(const LockTarget *target)
{
    for (guint i = 0; i < target->stages->len; i++) {
        const LockStage *stage = target->stages->pdata[i];
        for (guint j = 0; j < stage->findings->len; j++) {
            const Finding *finding = stage->findings->pdata[j];
            if (finding->severity != SEVERITY_NOTE && !finding->acknowledged)
                return true;
        }
    }
    return false;
}

static bool has_moved(const LockTarget *target)
{
    return lock_imports_any(target->imports, LOCK_IMPORT_MOVED) ||
           lock_imports_any(target->imports, LOCK_IMPORT_UNREAD);
}

/* Which of several targets is spoken of. */
static void introduce(const Workspace *workspace, const Result *result)
{
    if (workspace->targets->len < 2)
        return;
    g_autofree char *label = work_target_label(workspace, result->wanted);
    if (result->outcome == OUTCOME_UNSATISFIABLE)
        output_note(workspace->output, "%s can't be satisfied:", label);
    else if (has_findings(result->target) || has_moved(result->target))
        output_note(workspace->output, "%s:", label);
}

static int report(const Workspace *workspace, Result *results)
{
    int status = 0;
    for (guint i = 0; i < workspace->targets->len; i++) {
        Result *result = &results[i];
        introduce(workspace, result);
        result->counted =
            workspace_report_findings(workspace, result->wanted->recipe, result->target);
        if (result->outcome == OUTCOME_UNSATISFIABLE)
            workspace_explain_unsolved(workspace, result->target);
        workspace_tell_imports(workspace, result->target);
        if (result->counted > 0 || result->outcome == OUTCOME_UNSATISFIABLE)
            status = 1;
    }
    return status;
}

static bool any_outcome(const Workspace *workspace, const Result *results, Outcome outcome)
{
    for (guint i = 0; i < workspace->targets->len; i++) {
        if (results[i].outcome == outcome)
            return true;
    }
    return false;
}

/* Writes the solved targets, if anything changed and one is left. */
static int save(const Workspace *workspace, Lock *lock, bool changed, bool *ret_written)
{
    bool any_solved = false;
    for (guint i = 0; i < lock->targets->len; i++)
        any_solved |= lock_target_is_solved(lock->targets->pdata[i]);
    if (!changed || !any_solved)
        return 0;
    sort_targets(workspace, lock);
    GError *error = NULL;
    if (!lock_save(lock, workspace->lock_path, &error))
        return output_error(workspace->output, error);
    *ret_written = true;
    return 0;
}

static int lock_all(Workspace *workspace, Lock *lock, Result *results)
{
    bool changed = drop_strangers(workspace, lock);
    bool afresh = !workspace->lock || workspace->options->upgrade;
    if (afresh && workspace->targets->len > 1 && !workspace->options->locked)
        workspace_look_ahead(workspace);
    for (guint i = 0; i < workspace->targets->len; i++) {
        int status = lock_one(workspace, workspace_target(workspace, i), lock, &results[i]);
        if (status != 0)
            return status;
    }
    int status = report(workspace, results);
    changed |= any_outcome(workspace, results, OUTCOME_LOCKED) ||
               any_outcome(workspace, results, OUTCOME_UNSATISFIABLE);
    bool written = false;
    status = worse_status(status, save(workspace, lock, changed, &written));
    if (status == 2)
        return status;
    if (workspace->options->format == FORMAT_JSON)
        print_json(workspace, results, written);
    else
        print_text(workspace, results);
    output_note(workspace->output,
                written   ? "wrote %s"
                : changed ? "%s is not written: no target is solved"
                          : "%s is current",
                workspace->lock_path);
    return status;
}

static int run_lock(Invocation *invocation)
{
    g_autoptr(Workspace) workspace = NULL;
    int status = workspace_open(invocation, TARGETS_ALL, &workspace);
    if (status != 0)
        return status;
    if (invocation->options->locked)
        return check_locked(workspace);
    GError *error = NULL;
    g_autoptr(Lock) lock = load_again(workspace, &error);
    if (!lock)
        return output_error(invocation->output, error);
    g_autofree Result *results = g_new0(Result, workspace->targets->len);
    return lock_all(workspace, lock, results);
}

const Command command_lock = {"lock", run_lock, "[RECIPE[#ROW]]",
                              0,      1,        "resolve every stage and write the lock file",
                              groups};
