#include "cli/locked_target.h"

#include "check/decide_imports.h"
#include "plan/host_floors.h"

int workspace_refuse(const Workspace *workspace, const char *hint, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_autofree char *message = g_strdup_vprintf(format, args);
    va_end(args);
    GError *error = NULL;
    error_set(&error, ERROR_INPUT, SPAN_NONE, "%s", message);
    if (hint)
        error_set_hint(error, "%s", hint);
    return output_error(workspace->output, error);
}

void workspace_tell_imports(const Workspace *workspace, const LockTarget *target)
{
    for (guint i = 0; i < target->imports->len; i++) {
        const LockImport *item = target->imports->pdata[i];
        if (item->verdict == LOCK_IMPORT_MOVED)
            output_note(workspace->output,
                        "%s: `import %s` needs a driver and is moved to `gpu`: %s", item->at,
                        item->module, item->reason);
        else if (item->verdict == LOCK_IMPORT_UNREAD)
            output_note(workspace->output,
                        "%s: whether `import %s` needs a driver is not known: %s", item->at,
                        item->module, item->reason);
    }
}

static bool same_verdicts(const GPtrArray *a, const GPtrArray *b)
{
    bool same = a->len == b->len;
    for (guint i = 0; same && i < a->len; i++) {
        const LockImport *one = a->pdata[i], *other = b->pdata[i];
        same = one->verdict == other->verdict && g_str_equal(one->module, other->module);
    }
    return same;
}

int workspace_decide_imports(Workspace *workspace, const WorkTarget *wanted, LockTarget *target,
                             bool *ret_changed)
{
    bool decided =
        target->imports->len > 0 && !lock_imports_any(target->imports, LOCK_IMPORT_UNREAD);
    *ret_changed = false;
    if (decided || !imports_are_asked(wanted->recipe, target))
        return 0;
    GError *error = NULL;
    g_autoptr(GPtrArray) before = g_ptr_array_ref(target->imports);
    if (!imports_decide(workspace_session(workspace), wanted->recipe, target, &error))
        return output_error(workspace->output, error);
    *ret_changed = !same_verdicts(before, target->imports);
    return 0;
}

/* A missing lock is made and written; a stale one is only ever replaced by `ramekin lock`. */
static int lock_missing(Workspace *workspace, const WorkTarget *wanted, LockTarget **ret_target)
{
    g_autofree char *label = work_target_label(workspace, wanted);
    if (workspace->options->locked)
        return workspace_refuse(workspace, "`ramekin lock` makes it", "%s does not lock %s",
                                workspace->lock_path, label);
    Lock *lock = workspace->lock ? workspace->lock : lock_new();
    int status = workspace_resolve(workspace, wanted, lock, ret_target);
    workspace->lock = lock;
    if (status != 0)
        return status;
    if (!lock_target_is_solved(*ret_target)) {
        workspace_explain_unsolved(workspace, *ret_target);
        return 1;
    }
    bool changed;
    status = workspace_decide_imports(workspace, wanted, *ret_target, &changed);
    if (status != 0)
        return status;
    GError *error = NULL;
    if (!lock_save(lock, workspace->lock_path, &error))
        return output_error(workspace->output, error);
    output_note(workspace->output, "%s was not locked; wrote %s", label, workspace->lock_path);
    workspace_tell_imports(workspace, *ret_target);
    return 0;
}

int workspace_need_locked(Workspace *workspace, const WorkTarget *wanted, LockTarget **ret_target)
{
    LockedState state;
    g_autofree char *reason = NULL;
    int status = workspace_locked_state(workspace, wanted, &state, &reason);
    if (status != 0)
        return status;
    if (state == LOCKED_MISSING)
        return lock_missing(workspace, wanted, ret_target);
    if (state == LOCKED_STALE) {
        g_autofree char *hint =
            g_strdup_printf("`ramekin lock %s` brings it up to date", workspace->recipe_path);
        return workspace_refuse(workspace, hint, "%s is stale: %s", workspace->lock_path, reason);
    }
    *ret_target = lock_find_target(workspace->lock, wanted->row, wanted->platform);
    return 0;
}

int workspace_refuse_findings(const Workspace *workspace, unsigned counted)
{
    return workspace_refuse(
        workspace, "`acknowledge:` in the stage, `ignore:` in the recipe, or --force",
        "%u finding%s against it", counted, counted == 1 ? " speaks" : "s speak");
}

/* What `host:` allows, against what is installed. */
static unsigned report_floors(const Workspace *workspace, const Recipe *recipe,
                              const LockTarget *target)
{
    g_autoptr(GPtrArray) findings = g_ptr_array_new_with_free_func((GDestroyNotify)finding_free);
    Finding *finding = host_floors_judge(recipe, target);
    if (finding)
        g_ptr_array_add(findings, finding);
    return workspace_report(workspace, recipe, findings);
}

int workspace_check_findings(const Workspace *workspace, const WorkTarget *wanted,
                             const LockTarget *target, unsigned *ret_counted)
{
    *ret_counted = workspace_report_findings(workspace, wanted->recipe, target) +
                   report_floors(workspace, wanted->recipe, target);
    if (*ret_counted == 0 || workspace->options->force)
        return 0;
    return workspace_refuse_findings(workspace, *ret_counted);
}

int workspace_check_substituted(const Workspace *workspace, const LockTarget *target)
{
    bool substituted = target->substituted && target->substituted[0];
    if (workspace->options->allow_substituted || (!substituted && !target->substituted_base))
        return 0;
    g_autofree char *names = substituted ? g_strjoinv(", ", target->substituted) : NULL;
    return workspace_refuse(workspace, "lock with the recipe's own, or give --allow-substituted",
                            "%s was made with another %s in place of %s", workspace->lock_path,
                            substituted ? "index" : "base",
                            substituted ? names : target->substituted_base);
}
