/* Stages, aligned by their names: those that have none of their own are named by kind and number.
 */
#include "diff/diff_private.h"

#include <string.h>

static const LockStage *find_stage(const LockTarget *target, const char *name, guint *ret_index)
{
    for (guint i = 0; i < target->stages->len; i++) {
        const LockStage *stage = target->stages->pdata[i];
        if (g_str_equal(stage->name, name)) {
            *ret_index = i;
            return stage;
        }
    }
    return NULL;
}

static bool has_line(char **lines, const char *line)
{
    return lines && g_strv_contains((const char *const *)lines, line);
}

static void add_lines(GPtrArray *to, char **lines, char **other)
{
    for (guint i = 0; lines && lines[i]; i++) {
        if (!has_line(other, lines[i]))
            g_ptr_array_add(to, lines[i]);
    }
}

static DiffStage *new_stage(DiffKind kind, const LockStage *before, const LockStage *after)
{
    DiffStage *stage = g_new0(DiffStage, 1);
    stage->kind = kind;
    stage->before = before;
    stage->after = after;
    stage->added = g_ptr_array_new();
    stage->removed = g_ptr_array_new();
    return stage;
}

/* `moved`: a stage that comes before it in B comes behind it in A. */
static void compare_stage(Diff *diff, const LockStage *before, const LockStage *after, bool moved)
{
    DiffStage *stage = new_stage(DIFF_CHANGED, before, after);
    if (before->pip_arguments && after->pip_arguments) { /* a plan does not tell them */
        add_lines(stage->removed, before->pip_arguments, after->pip_arguments);
        add_lines(stage->added, after->pip_arguments, before->pip_arguments);
    }
    stage->moved = moved;
    bool same = stage->removed->len + stage->added->len == 0 && !moved &&
                before->status == after->status && g_str_equal(before->kind, after->kind);
    if (!same) {
        g_ptr_array_add(diff->stages, stage);
        return;
    }
    g_ptr_array_unref(stage->added);
    g_ptr_array_unref(stage->removed);
    g_free(stage);
}

void diff_compare_stages(Diff *diff)
{
    const LockTarget *a = diff->a.target, *b = diff->b.target;
    guint place = 0, highest = 0;
    for (guint i = 0; i < b->stages->len; i++) {
        const LockStage *after = b->stages->pdata[i];
        const LockStage *before = find_stage(a, after->name, &place);
        if (!before) {
            g_ptr_array_add(diff->stages, new_stage(DIFF_ADDED, NULL, after));
            continue;
        }
        compare_stage(diff, before, after, place < highest);
        highest = MAX(highest, place);
    }
    for (guint i = 0; i < a->stages->len; i++) {
        const LockStage *before = a->stages->pdata[i];
        if (!find_stage(b, before->name, &place))
            g_ptr_array_add(diff->stages, new_stage(DIFF_REMOVED, before, NULL));
    }
}
