/* What render and build need before they begin: a lock that holds, and nothing that speaks against
 * the image.
 *
 * Functions return an exit status and have printed why when it is not 0. */
#pragma once

#include "cli/workspace.h"

/* Puts into a solved target which `import` items of `checks:` need a driver, unless it says so
 * already. *ret_changed: there is something new to save. A recipe without such items costs nothing.
 */
int workspace_decide_imports(Workspace *workspace, const WorkTarget *wanted, LockTarget *target,
                             bool *ret_changed);
/* Notes of those that are moved, and of those whose wheels could not be looked into. */
void workspace_tell_imports(const Workspace *workspace, const LockTarget *target);

/* Prints the message as an error of the user's input, with the hint (or NULL); its exit status. */
int workspace_refuse(const Workspace *workspace, const char *hint, const char *format, ...)
    G_GNUC_PRINTF(3, 4);
/* The target's current lock. A missing one is made and written, a stale one refused. */
int workspace_need_locked(Workspace *workspace, const WorkTarget *wanted, LockTarget **ret_target);
/* Says that findings stop the command; 1. */
int workspace_refuse_findings(const Workspace *workspace, unsigned counted);
/* Reports the findings; refuses where some count, unless --force: *ret_counted are how many. */
int workspace_check_findings(const Workspace *workspace, const WorkTarget *wanted,
                             const LockTarget *target, unsigned *ret_counted);
/* Refuses a lock that was made with another index or base, unless --allow-substituted. */
int workspace_check_substituted(const Workspace *workspace, const LockTarget *target);
