#include "plan/findings_text.h"

enum {
    SUMMED_UP = 3, /* so many alike are summed up */
};

static Tint finding_tint(const Finding *finding)
{
    static const Tint severity_tints[] = {TINT_FAINT, TINT_NOTICE, TINT_BAD};
    return finding->acknowledged ? TINT_FAINT : severity_tints[finding->severity];
}

static void put_detail(Layout *layout, const char *text)
{
    layout_put(layout, TINT_NONE, "      ");
    layout_words(layout, TINT_FAINT, text, 6, 8);
}

/* "and 12 like it: nvidia-nccl-cu12, triton" */
static void put_others(Layout *layout, const GPtrArray *others)
{
    if (others->len == 0)
        return;
    GString *text = g_string_new(NULL);
    g_string_append_printf(text, "and %u like it (--all shows each):", others->len);
    for (guint i = 0; i < others->len; i++) {
        const Finding *other = others->pdata[i];
        g_string_append_printf(text, "%s %s", i > 0 ? "," : "", other->distribution);
    }
    put_detail(layout, text->str);
    g_string_free(text, TRUE);
}

static void put_finding(Layout *layout, const Finding *finding, const GPtrArray *others)
{
    const char *label = finding->acknowledged ? "acknowledged" : severity_name(finding->severity);
    layout_printf(layout, finding_tint(finding), "  %s: ", label);
    g_autofree char *text =
        finding->at ? g_strdup_printf("%s: %s [%s]", finding->at, finding->message, finding->code)
                    : g_strdup_printf("%s [%s]", finding->message, finding->code);
    layout_words(layout, TINT_NONE, text, 4 + layout_width(label), 6);
    for (guint i = 0; finding->evidence && finding->evidence[i]; i++)
        put_detail(layout, finding->evidence[i]);
    put_others(layout, others);
    if (!finding->hint || finding->acknowledged)
        return;
    layout_put(layout, TINT_STRONG, "      hint: ");
    layout_words(layout, TINT_NONE, finding->hint, 12, 12);
}

static bool is_alike(const Finding *a, const Finding *b)
{
    return a->acknowledged == b->acknowledged && a->severity == b->severity &&
           g_str_equal(a->code, b->code) && g_strcmp0(a->at, b->at) == 0 && !a->requirement &&
           !b->requirement && a->distribution && b->distribution && a->version && b->version;
}

static void free_group(void *data)
{
    FindingGroup *group = data;
    g_ptr_array_unref(group->others);
    g_free(group);
}

static FindingGroup *group_new(const Finding *head)
{
    FindingGroup *group = g_new0(FindingGroup, 1);
    group->head = head;
    group->others = g_ptr_array_new();
    return group;
}

/* findings[first] and those alike, which are marked in `done` where they are summed up. */
static FindingGroup *make_group(const GPtrArray *findings, guint first, bool *done)
{
    FindingGroup *group = group_new(findings->pdata[first]);
    guint head = 0;
    for (guint i = first; i < findings->len; i++) {
        if (i != first && !is_alike(findings->pdata[first], findings->pdata[i]))
            continue;
        const Finding *finding = findings->pdata[i],
                      *nearest = group->others->len ? group->others->pdata[head] : NULL;
        g_ptr_array_add(group->others, (gpointer)finding);
        if (nearest && finding->chain < nearest->chain)
            head = group->others->len - 1;
    }
    if (group->others->len < SUMMED_UP) {
        g_ptr_array_set_size(group->others, 0);
        return group;
    }
    for (guint i = first + 1; i < findings->len; i++)
        done[i] = done[i] || is_alike(findings->pdata[first], findings->pdata[i]);
    group->head = g_ptr_array_steal_index(group->others, head);
    return group;
}

GPtrArray *finding_groups(const GPtrArray *findings, bool each)
{
    GPtrArray *groups = g_ptr_array_new_with_free_func(free_group);
    g_autofree bool *done = g_new0(bool, findings->len);
    for (guint i = 0; i < findings->len; i++) {
        if (each)
            g_ptr_array_add(groups, group_new(findings->pdata[i]));
        else if (!done[i])
            g_ptr_array_add(groups, make_group(findings, i, done));
    }
    return groups;
}

void findings_put(Layout *layout, const GPtrArray *findings, bool each)
{
    g_autoptr(GPtrArray) groups = finding_groups(findings, each);
    for (guint i = 0; i < groups->len; i++) {
        const FindingGroup *group = groups->pdata[i];
        put_finding(layout, group->head, group->others);
    }
}
