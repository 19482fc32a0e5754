#include "lock/lock.h"

#include "base/mask.h"

static const char *const source_names[] = {"index", "url", "path", "git"};

enum {
    ID_DIGITS = 12,
};

const char *lock_source_name(LockSourceKind kind)
{
    return source_names[kind];
}

static GPtrArray *list_new(GDestroyNotify free_item)
{
    return g_ptr_array_new_with_free_func(free_item);
}

Lock *lock_new(void)
{
    Lock *lock = g_new0(Lock, 1);
    lock->files = list_new((GDestroyNotify)lock_file_free);
    lock->targets = list_new((GDestroyNotify)lock_target_free);
    return lock;
}

void lock_free(Lock *lock)
{
    if (!lock)
        return;
    g_clear_pointer(&lock->targets, g_ptr_array_unref);
    g_clear_pointer(&lock->files, g_ptr_array_unref);
    g_free(lock);
}

LockTarget *lock_target_new(const char *row, const char *platform)
{
    LockTarget *target = g_new0(LockTarget, 1);
    target->row = g_strdup(row);
    target->platform = g_strdup(platform);
    target->inputs = list_new((GDestroyNotify)lock_input_free);
    target->base.installed = list_new((GDestroyNotify)lock_distribution_free);
    target->stages = list_new((GDestroyNotify)lock_stage_free);
    target->imports = list_new(lock_import_free);
    return target;
}

static void base_clear(LockBase *base)
{
    g_free(base->reference);
    g_free(base->digest);
    g_free(base->python);
    g_free(base->libc);
    g_free(base->pip_version);
    g_free(base->scheme);
    g_free(base->prefix);
    g_free(base->user);
    g_free(base->require_cuda);
    g_clear_pointer(&base->installed, g_ptr_array_unref);
}

void lock_target_free(LockTarget *target)
{
    if (!target)
        return;
    g_free(target->row);
    g_free(target->platform);
    g_clear_pointer(&target->inputs, g_ptr_array_unref);
    g_strfreev(target->substituted);
    g_free(target->substituted_base);
    base_clear(&target->base);
    g_clear_pointer(&target->stages, g_ptr_array_unref);
    g_clear_pointer(&target->imports, g_ptr_array_unref);
    g_free(target);
}

LockStage *lock_stage_new(const char *name, const char *kind, const char *at)
{
    LockStage *stage = g_new0(LockStage, 1);
    stage->name = g_strdup(name);
    stage->kind = g_strdup(kind);
    stage->at = g_strdup(at);
    stage->actions = list_new((GDestroyNotify)lock_action_free);
    stage->findings = list_new((GDestroyNotify)finding_free);
    stage->environment = list_new((GDestroyNotify)lock_distribution_free);
    stage->conflict_lines = list_new(lock_conflict_line_free);
    stage->ways_out = list_new(lock_way_out_free);
    return stage;
}

void lock_stage_free(LockStage *stage)
{
    if (!stage)
        return;
    g_free(stage->name);
    g_free(stage->kind);
    g_free(stage->at);
    g_clear_pointer(&stage->actions, g_ptr_array_unref);
    g_clear_pointer(&stage->findings, g_ptr_array_unref);
    g_clear_pointer(&stage->environment, g_ptr_array_unref);
    g_free(stage->explanation);
    g_clear_pointer(&stage->conflict_lines, g_ptr_array_unref);
    g_clear_pointer(&stage->ways_out, g_ptr_array_unref);
    g_clear_error(&stage->conflict);
    g_strfreev(stage->pip_arguments);
    g_free(stage);
}

LockAction *lock_action_new(const char *action, const char *name, const char *version)
{
    LockAction *made = g_new0(LockAction, 1);
    made->action = g_strdup(action);
    made->name = g_strdup(name);
    made->version = g_strdup(version);
    made->edges = list_new((GDestroyNotify)lock_edge_free);
    return made;
}

void lock_action_free(LockAction *action)
{
    if (!action)
        return;
    g_free(action->action);
    g_free(action->name);
    g_free(action->version);
    g_free(action->from_version);
    g_strfreev(action->extras);
    g_clear_pointer(&action->edges, g_ptr_array_unref);
    g_free(action);
}

LockEdge *lock_edge_new(const char *from, bool from_line, const char *requirement)
{
    LockEdge *edge = g_new0(LockEdge, 1);
    edge->from = g_strdup(from);
    edge->from_line = from_line;
    edge->requirement = requirement ? strip_credentials(requirement) : NULL;
    return edge;
}

void lock_edge_free(LockEdge *edge)
{
    if (!edge)
        return;
    g_free(edge->from);
    g_free(edge->requirement);
    g_free(edge);
}

LockDistribution *lock_distribution_new(const char *name, const char *version)
{
    LockDistribution *distribution = g_new0(LockDistribution, 1);
    distribution->name = g_strdup(name);
    distribution->version = g_strdup(version);
    return distribution;
}

void lock_distribution_free(LockDistribution *distribution)
{
    if (!distribution)
        return;
    g_free(distribution->name);
    g_free(distribution->version);
    g_free(distribution->stage);
    g_strfreev(distribution->requires);
    g_free(distribution);
}

void lock_input_free(LockInput *input)
{
    if (!input)
        return;
    g_free(input->name);
    g_free(input->sha256);
    g_free(input);
}

void lock_file_free(LockFile *file)
{
    if (!file)
        return;
    g_free(file->id);
    g_free(file->name);
    g_free(file->version);
    g_free(file->file);
    g_free(file->sha256);
    g_free(file->source_name);
    g_free(file->commit);
    g_free(file->requires_python);
    g_free(file);
}

static bool is_same_file(const LockFile *a, const LockFile *b)
{
    return g_str_equal(a->sha256, b->sha256) && g_str_equal(a->file, b->file) &&
           a->source == b->source && g_strcmp0(a->source_name, b->source_name) == 0 &&
           g_strcmp0(a->commit, b->commit) == 0;
}

static const LockFile *find_id(const Lock *lock, const char *id)
{
    for (guint i = 0; i < lock->files->len; i++) {
        const LockFile *file = lock->files->pdata[i];
        if (g_str_equal(file->id, id))
            return file;
    }
    return NULL;
}

/* The id does not depend on the rest of the lock, so that two branches that add a file agree. Only
 * files that share the digits and the source need more than that. */
static char *make_id(const Lock *lock, const LockFile *file)
{
    const char *source =
        file->source == LOCK_SOURCE_INDEX ? file->source_name : source_names[file->source];
    char *id = g_strdup_printf("%.*s@%s", ID_DIGITS, file->sha256, source);
    for (unsigned n = 1; find_id(lock, id); n++) {
        g_free(id);
        id = n == 1 ? g_strdup_printf("%s@%s", file->sha256, source)
                    : g_strdup_printf("%s@%s#%u", file->sha256, source, n);
    }
    return id;
}

LockFile *lock_take_file(Lock *lock, LockFile *file)
{
    for (guint i = 0; i < lock->files->len; i++) {
        LockFile *other = lock->files->pdata[i];
        if (!is_same_file(other, file))
            continue;
        lock_file_free(file);
        return other;
    }
    g_free(file->id);
    file->id = make_id(lock, file);
    g_ptr_array_add(lock->files, file);
    return file;
}

LockTarget *lock_find_target(const Lock *lock, const char *row, const char *platform)
{
    for (guint i = 0; i < lock->targets->len; i++) {
        LockTarget *target = lock->targets->pdata[i];
        if (g_strcmp0(target->row, row) == 0 && g_str_equal(target->platform, platform))
            return target;
    }
    return NULL;
}

bool lock_target_is_solved(const LockTarget *target)
{
    for (guint i = 0; i < target->stages->len; i++) {
        const LockStage *stage = target->stages->pdata[i];
        if (stage->status != STAGE_SOLVED)
            return false;
    }
    return true;
}

const LockStage *lock_target_failed(const LockTarget *target)
{
    for (guint i = 0; i < target->stages->len; i++) {
        const LockStage *stage = target->stages->pdata[i];
        if (stage->status == STAGE_UNSATISFIABLE)
            return stage;
    }
    return NULL;
}

const LockStage *lock_target_last(const LockTarget *target)
{
    for (guint i = target->stages->len; i-- > 0;) {
        const LockStage *stage = target->stages->pdata[i];
        if (stage->status == STAGE_SOLVED)
            return stage;
    }
    return NULL;
}

GPtrArray *lock_target_installs(const LockTarget *target)
{
    GPtrArray *files = g_ptr_array_new();
    g_autoptr(GHashTable) seen = g_hash_table_new(NULL, NULL);
    for (guint i = 0; i < target->stages->len; i++) {
        const LockStage *stage = target->stages->pdata[i];
        for (guint k = 0; k < stage->actions->len; k++) {
            const LockAction *action = stage->actions->pdata[k];
            bool installs = action->file && !g_str_equal(action->action, "keep");
            if (installs && g_hash_table_add(seen, action->file))
                g_ptr_array_add(files, action->file);
        }
    }
    return files;
}

const LockDistribution *lock_stage_find(const LockStage *stage, const char *name)
{
    for (guint i = 0; i < stage->environment->len; i++) {
        const LockDistribution *distribution = stage->environment->pdata[i];
        if (!distribution->ghost && g_str_equal(distribution->name, name))
            return distribution;
    }
    return NULL;
}
