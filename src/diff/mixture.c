#include "diff/mixture.h"

#include <string.h>

static LockFile *copy_file(const LockFile *file)
{
    LockFile *copy = g_new0(LockFile, 1);
    copy->name = g_strdup(file->name);
    copy->version = g_strdup(file->version);
    copy->file = g_strdup(file->file);
    copy->sha256 = g_strdup(file->sha256);
    copy->size = file->size;
    copy->source = file->source;
    copy->source_name = g_strdup(file->source_name);
    copy->commit = g_strdup(file->commit);
    copy->requires_python = g_strdup(file->requires_python);
    return copy;
}

static bool installs(const LockAction *action, const char *name)
{
    return g_str_equal(action->name, name) && !g_str_equal(action->action, "remove") &&
           !g_str_equal(action->action, "keep");
}

/* The last action that brings the name, or NULL. */
static LockAction *find_action(const LockTarget *target, const char *name)
{
    LockAction *found = NULL;
    for (guint i = 0; i < target->stages->len; i++) {
        const LockStage *stage = target->stages->pdata[i];
        for (guint k = 0; k < stage->actions->len; k++) {
            if (installs(stage->actions->pdata[k], name))
                found = stage->actions->pdata[k];
        }
    }
    return found;
}

static LockStage *last_pip_stage(const LockTarget *target)
{
    for (guint i = target->stages->len; i-- > 0;) {
        LockStage *stage = target->stages->pdata[i];
        if (g_str_equal(stage->kind, "pip"))
            return stage;
    }
    return NULL;
}

/* Environments */

static LockDistribution *copy_distribution(const LockDistribution *one, const char *stage,
                                           LockFile *file)
{
    LockDistribution *copy = lock_distribution_new(one->name, one->version);
    copy->stage = g_strdup(stage);
    copy->file = file;
    copy->requires = g_strdupv(one->requires);
    return copy;
}

/* Leaves `one` (NULL: nothing) under the name, sorted. */
static void set_installed(LockStage *stage, const char *name, LockDistribution *one)
{
    guint place = 0;
    for (guint i = 0; i < stage->environment->len; i++) {
        const LockDistribution *other = stage->environment->pdata[i];
        int order = strcmp(other->name, name);
        place += order < 0;
        if (order != 0 || other->ghost)
            continue;
        g_ptr_array_remove_index(stage->environment, i);
        break;
    }
    if (one)
        g_ptr_array_insert(stage->environment, (int)place, one);
}

/* From the stage that brings it on; of what is gone, everywhere. */
static void change_environments(LockTarget *target, const BisectUnit *unit, const LockStage *from,
                                LockFile *file)
{
    bool reached = from == NULL;
    for (guint i = 0; i < target->stages->len; i++) {
        LockStage *stage = target->stages->pdata[i];
        reached |= stage == from;
        if (reached)
            set_installed(stage, unit->name,
                          unit->after ? copy_distribution(unit->after, from->name, file) : NULL);
    }
}

/* Actions */

static void remove_actions(const LockTarget *target, const char *name)
{
    for (guint i = 0; i < target->stages->len; i++) {
        GPtrArray *actions = ((const LockStage *)target->stages->pdata[i])->actions;
        for (guint k = actions->len; k-- > 0;) {
            if (installs(actions->pdata[k], name))
                g_ptr_array_remove_index(actions, k);
        }
    }
}

static void add_action(LockStage *stage, const char *what, const BisectUnit *unit, LockFile *file)
{
    const LockDistribution *one = unit->after ? unit->after : unit->before;
    LockAction *action = lock_action_new(what, unit->name, one->version);
    action->file = file;
    if (unit->before && unit->after)
        action->from_version = g_strdup(unit->before->version);
    g_ptr_array_add(stage->actions, action);
}

static LockStage *stage_of(const LockTarget *target, const LockAction *action)
{
    for (guint i = 0; i < target->stages->len; i++) {
        LockStage *stage = target->stages->pdata[i];
        if (g_ptr_array_find(stage->actions, action, NULL))
            return stage;
    }
    return NULL;
}

static void drop(LockTarget *target, const BisectUnit *unit, LockStage *last)
{
    remove_actions(target, unit->name);
    if (!unit->before->stage)
        add_action(last, "remove", unit, NULL);
    change_environments(target, unit, NULL, NULL);
}

static void bring(Lock *lock, LockTarget *target, const BisectUnit *unit, LockStage *last)
{
    LockFile *file = lock_take_file(lock, copy_file(unit->after->file));
    LockAction *action = find_action(target, unit->name);
    LockStage *stage = action ? stage_of(target, action) : last;
    if (action) {
        g_free(action->version);
        action->version = g_strdup(unit->after->version);
        action->file = file;
    } else {
        add_action(stage, unit->before ? "upgrade" : "install", unit, file);
    }
    change_environments(target, unit, stage, file);
}

static gboolean change(Lock *lock, LockTarget *target, const BisectUnit *unit, GError **error)
{
    LockStage *last = last_pip_stage(target);
    if (!last || (unit->after && !unit->after->file))
        return error_set(error, ERROR_INPUT, SPAN_NONE,
                         "%s comes from the base, and no pip stage can bring it", unit->name);
    if (unit->after)
        bring(lock, target, unit, last);
    else
        drop(target, unit, last);
    return TRUE;
}

Lock *mixture_new(const Lock *lock, const LockTarget *target, const BisectUnits *units,
                  const bool *set, LockTarget **ret_target, GError **error)
{
    size_t length;
    g_autofree char *text = lock_encode_target(lock, target, &length);
    g_autoptr(Lock) copy = lock_decode("the first lock", text, length, error);
    if (!copy)
        return NULL;
    LockTarget *mixed = copy->targets->pdata[0];
    for (guint i = 0; i < units->units->len; i++) {
        if (set[i] && !change(copy, mixed, &g_array_index(units->units, BisectUnit, i), error))
            return NULL;
    }
    *ret_target = mixed;
    return g_steal_pointer(&copy);
}
