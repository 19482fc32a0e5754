#include "cli/locked_target.h"

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
    GError *error = NULL;
    if (!lock_save(lock, workspace->lock_path, &error))
        return output_error(workspace->output, error);
    output_note(workspace->output, "%s was not locked; wrote %s", label, workspace->lock_path);
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
        "%u finding%s against this image", counted, counted == 1 ? " speaks" : "s speak");
}

int workspace_check_findings(const Workspace *workspace, const WorkTarget *wanted,
                             const LockTarget *target, unsigned *ret_counted)
{
    *ret_counted = workspace_report_findings(workspace, wanted->recipe, target);
    if (*ret_counted == 0 || workspace->options->force)
        return 0;
    return workspace_refuse_findings(workspace, *ret_counted);
}
