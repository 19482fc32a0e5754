/* What a lock says about a stage, as lines for pip. */
#include "emit/dockerfile_pins.h"

#include <stdlib.h>

enum {
    HASHED_CONSTRAINTS_MAJOR = 26, /* pip 26.3 takes --hash in constraints beside unpinned roots; */
    HASHED_CONSTRAINTS_MINOR = 3,  /* 23.2 still refuses such roots (measured) */
};

bool action_installs(const LockAction *action)
{
    return action->file && !g_str_equal(action->action, "keep") &&
           !g_str_equal(action->action, "remove");
}

static bool pip_is_at_least(const char *version, unsigned major, unsigned minor)
{
    if (!version)
        return false;
    char *rest;
    unsigned long x = strtoul(version, &rest, 10);
    unsigned long y = *rest == '.' ? strtoul(rest + 1, NULL, 10) : 0;
    return x > major || (x == major && y >= minor);
}

bool pins_may_have_hashes(const Emitter *emitter)
{
    const LockBase *base = &emitter->target->base;
    if (!pip_is_at_least(base->pip_version, HASHED_CONSTRAINTS_MAJOR, HASHED_CONSTRAINTS_MINOR))
        return false;
    for (guint i = 0; i < emitter->locked->actions->len; i++) {
        const LockAction *action = emitter->locked->actions->pdata[i];
        if (action_installs(action) &&
            (action->file->source != LOCK_SOURCE_INDEX || !action->file->sha256))
            return false;
    }
    return true;
}

static void append_hash(GString *out, const LockFile *file)
{
    if (file && file->sha256)
        g_string_append_printf(out, " --hash=sha256:%s", file->sha256);
}

static int compare_by_name(const void *a, const void *b)
{
    const LockAction *x = *(const LockAction *const *)a, *y = *(const LockAction *const *)b;
    return strcmp(x->name, y->name);
}

char *pins_text(const Emitter *emitter, bool hashes)
{
    g_autoptr(GPtrArray) sorted = g_ptr_array_new();
    for (guint i = 0; i < emitter->locked->actions->len; i++) {
        LockAction *action = emitter->locked->actions->pdata[i];
        if (!g_str_equal(action->action, "remove"))
            g_ptr_array_add(sorted, action);
    }
    g_ptr_array_sort(sorted, compare_by_name);
    GString *out = g_string_new(NULL);
    for (guint i = 0; i < sorted->len; i++) {
        const LockAction *action = sorted->pdata[i];
        g_string_append_printf(out, "%s==%s", action->name, action->version);
        if (hashes)
            append_hash(out, action->file);
        g_string_append_c(out, '\n');
    }
    return g_string_free(out, FALSE);
}

static bool same_source(const LockFile *a, const LockFile *b)
{
    return a->source == b->source &&
           (a->source != LOCK_SOURCE_INDEX || g_strcmp0(a->source_name, b->source_name) == 0);
}

static const LockFile *first_file(const GPtrArray *group)
{
    const LockAction *action = group->pdata[0];
    return action->file;
}

static void group_free(void *data)
{
    g_ptr_array_unref(data);
}

GPtrArray *pins_groups(const Emitter *emitter)
{
    GPtrArray *groups = g_ptr_array_new_with_free_func(group_free);
    for (guint i = 0; i < emitter->locked->actions->len; i++) {
        LockAction *action = emitter->locked->actions->pdata[i];
        if (!action_installs(action))
            continue;
        GPtrArray *group = NULL;
        for (guint j = 0; j < groups->len && !group; j++) {
            if (same_source(first_file(groups->pdata[j]), action->file))
                group = groups->pdata[j];
        }
        if (!group) {
            group = g_ptr_array_new();
            g_ptr_array_add(groups, group);
        }
        g_ptr_array_add(group, action);
    }
    return groups;
}

char *pins_exact_line(const LockAction *action, const char *path_prefix)
{
    return pins_file_line(action->file, path_prefix);
}

char *pins_file_line(const LockFile *file, const char *path_prefix)
{
    GString *out = g_string_new(NULL);
    switch (file->source) {
    case LOCK_SOURCE_INDEX:
        g_string_append_printf(out, "%s==%s", file->name, file->version);
        append_hash(out, file);
        break;
    case LOCK_SOURCE_URL:
        g_string_append_printf(out, "%s @ %s", file->name, file->source_name);
        if (file->sha256 && !strchr(file->source_name, '#'))
            g_string_append_printf(out, "#sha256=%s", file->sha256);
        break;
    case LOCK_SOURCE_PATH:
        g_string_append_printf(out, "%s/%s", path_prefix, file->source_name);
        append_hash(out, file);
        break;
    case LOCK_SOURCE_GIT:
        g_string_append_printf(out, "%s @ git+%s@%s", file->name, file->source_name, file->commit);
        break;
    }
    return g_string_free(out, FALSE);
}

gboolean pins_check_indexes(const Emitter *emitter, GError **error)
{
    const PipStage *pip = emitter->stage->body.pip;
    for (guint i = 0; pip->lock.text && emitter->locked && i < emitter->locked->actions->len; i++) {
        const LockAction *action = emitter->locked->actions->pdata[i];
        if (!action_installs(action) || action->file->source != LOCK_SOURCE_INDEX)
            continue;
        const char *name = action->file->source_name;
        g_autofree char *url = recipe_index_url(emitter->recipe, name);
        /* "main", "extra1", "find-links1": what the reader's own pip is configured with */
        if (url || !strpbrk(name, ".:") || g_str_equal(name, "main"))
            continue;
        error_set(error, ERROR_INPUT, pip->lock.at,
                  "the index of %s %s is named in %s alone, and pip has to be told of it",
                  action->name, action->version, pip->lock.text);
        if (error)
            error_set_hint(*error, "declare its URL: `indexes: {NAME: URL}`");
        return FALSE;
    }
    return TRUE;
}
