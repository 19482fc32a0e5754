#include "cli/outdated_moves.h"

#include "diff/diff.h"

typedef struct {
    Workspace *workspace;
    const WorkTarget *wanted;
    const Lock *held;
    const LockTarget *target;
} Trials;

/* Only other distributions hold it back, which may move with it. */
static bool may_be_newest(const OutdatedEntry *entry)
{
    for (guint i = 0; i < entry->holders->len; i++) {
        if (((const WhyClause *)entry->holders->pdata[i])->kind != WHY_REQUIRED)
            return false;
    }
    return !entry->refused;
}

static char *describe_change(const DiffDistribution *one)
{
    g_autofree char *before = diff_version_text(one, false);
    g_autofree char *after = diff_version_text(one, true);
    if (one->kind == DIFF_CHANGED)
        return g_strdup_printf("%s %s -> %s", diff_name(one), before, after);
    return g_strdup_printf("%s %s %s", one->kind == DIFF_ADDED ? "+" : "-", diff_name(one),
                           one->kind == DIFF_ADDED ? after : before);
}

static void tell_changes(OutdatedMove *move, const Diff *diff, const char *name)
{
    for (guint i = 0; i < diff->distributions->len; i++) {
        const DiffDistribution *one = diff->distributions->pdata[i];
        if (!g_str_equal(diff_name(one), name))
            g_ptr_array_add(move->changes, describe_change(one));
    }
    for (guint i = 0; i < diff->findings->len; i++) {
        const DiffFinding *one = diff->findings->pdata[i];
        const Finding *finding = one->finding;
        if (one->gained && finding->severity > SEVERITY_NOTE)
            g_ptr_array_add(move->breaks,
                            g_strdup_printf("%s: %s [%s]", severity_name(finding->severity),
                                            finding->message, finding->code));
    }
}

static int try_move(const Trials *trials, OutdatedEntry *entry, const char *version)
{
    LockSession *session = workspace_session(trials->workspace);
    g_autofree char *constraint = g_strdup_printf("%s==%s", entry->current->name, version);
    g_autoptr(Lock) lock = lock_new();
    LockTarget *target = NULL;
    lock_session_prefer(session, trials->held);
    lock_session_try(session, entry->current->stage, constraint);
    int status = workspace_resolve(trials->workspace, trials->wanted, lock, &target);
    lock_session_try(session, NULL, NULL);
    lock_session_prefer(session, trials->workspace->lock);
    if (status != 0)
        return status;
    OutdatedMove *move = outdated_entry_move(entry, version);
    const LockStage *failed = lock_target_failed(target);
    move->solved = !failed;
    if (failed) {
        move->problem =
            g_strdup(failed->conflict ? failed->conflict->message : "a stage can't be satisfied");
        return 0;
    }
    DiffSide a = {.label = "now", .target = trials->target};
    DiffSide b = {.label = version, .target = target};
    g_autoptr(Diff) diff = diff_new(&a, &b);
    tell_changes(move, diff, entry->current->name);
    return 0;
}

/* To the newest, else to what an upgrade of everything gives. */
static int find_move(const Trials *trials, OutdatedEntry *entry)
{
    int status = 0;
    bool newest = may_be_newest(entry);
    if (newest)
        status = try_move(trials, entry, entry->newest);
    bool there = entry->move && entry->move->solved;
    bool moves = entry->allowed && !g_str_equal(entry->allowed, entry->current->version) &&
                 !(newest && g_str_equal(entry->allowed, entry->newest));
    return status == 0 && !there && moves ? try_move(trials, entry, entry->allowed) : status;
}

int outdated_find_moves(Workspace *workspace, const WorkTarget *wanted, const Lock *held,
                        const LockTarget *target, Outdated *outdated)
{
    Trials trials = {workspace, wanted, held, target};
    int status = 0;
    for (guint i = 0; status == 0 && i < outdated->stages->len; i++) {
        const OutdatedStage *stage = outdated->stages->pdata[i];
        for (guint k = 0; status == 0 && k < stage->entries->len; k++)
            status = find_move(&trials, stage->entries->pdata[k]);
    }
    return status;
}
