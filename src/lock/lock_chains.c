#include "lock/lock_chains.h"

/* Breadth-first from the user's lines along the edges. A label says that a line reaches an action
 * and from where; an action takes at most LOCK_CHAINS of them, the nearest first, so that the work
 * is linear in the edges. */
typedef struct {
    guint action;
    const char *line;
    gint parent; /* index of the label before it; -1: the line asks for the action itself */
} Label;

typedef struct {
    const LockStage *stage;
    GArray *labels;       /* Label, in the order they were found */
    GPtrArray *labels_of; /* per action: GArray of indexes into labels */
    GPtrArray *followers; /* per action: GArray of the actions that it asks for */
} Search;

static const LockAction *action_at(const Search *search, guint index)
{
    return search->stage->actions->pdata[index];
}

static GPtrArray *lists_new(guint count)
{
    GPtrArray *lists = g_ptr_array_new_with_free_func((GDestroyNotify)g_array_unref);
    for (guint i = 0; i < count; i++)
        g_ptr_array_add(lists, g_array_new(FALSE, FALSE, sizeof(guint)));
    return lists;
}

static GHashTable *index_names(const LockStage *stage)
{
    GHashTable *names = g_hash_table_new(g_str_hash, g_str_equal);
    for (guint i = 0; i < stage->actions->len; i++) {
        const LockAction *action = stage->actions->pdata[i];
        if (!g_hash_table_contains(names, action->name))
            g_hash_table_insert(names, action->name, GUINT_TO_POINTER(i));
    }
    return names;
}

static void label_add(Search *search, guint action, const char *line, gint parent)
{
    GArray *known = search->labels_of->pdata[action];
    if (known->len >= LOCK_CHAINS)
        return;
    for (guint i = 0; i < known->len; i++) {
        const Label *label = &g_array_index(search->labels, Label, g_array_index(known, guint, i));
        if (g_str_equal(label->line, line))
            return;
    }
    Label label = {action, line, parent};
    g_array_append_val(known, search->labels->len);
    g_array_append_val(search->labels, label);
}

static void search_begin(Search *search, GHashTable *names)
{
    for (guint i = 0; i < search->stage->actions->len; i++) {
        const LockAction *action = action_at(search, i);
        for (guint k = 0; k < action->edges->len; k++) {
            const LockEdge *edge = action->edges->pdata[k];
            gpointer from;
            if (edge->from_line)
                label_add(search, i, edge->from, -1);
            else if (g_hash_table_lookup_extended(names, edge->from, NULL, &from))
                g_array_append_val((GArray *)search->followers->pdata[GPOINTER_TO_UINT(from)], i);
        }
    }
}

static void search_run(Search *search)
{
    for (guint i = 0; i < search->labels->len; i++) {
        Label label = g_array_index(search->labels, Label, i);
        const GArray *followers = search->followers->pdata[label.action];
        for (guint k = 0; k < followers->len; k++)
            label_add(search, g_array_index(followers, guint, k), label.line, (gint)i);
    }
}

static GPtrArray *make_chain(const Search *search, const Label *label)
{
    GPtrArray *chain = g_ptr_array_new_with_free_func(g_free);
    for (gint i = label->parent; i >= 0;) {
        const Label *before = &g_array_index(search->labels, Label, i);
        const LockAction *action = action_at(search, before->action);
        char *text = g_strdup_printf("%s %s", action->name, action->version);
        g_ptr_array_insert(chain, 0, text);
        i = before->parent;
    }
    g_ptr_array_insert(chain, 0, g_strdup(label->line));
    return chain;
}

static GPtrArray *make_chains(const Search *search, guint action)
{
    GPtrArray *chains = g_ptr_array_new_with_free_func((GDestroyNotify)g_ptr_array_unref);
    const GArray *known = search->labels_of->pdata[action];
    for (guint i = 0; i < known->len; i++) {
        const Label *label = &g_array_index(search->labels, Label, g_array_index(known, guint, i));
        g_ptr_array_add(chains, make_chain(search, label));
    }
    return chains;
}

GPtrArray *lock_chains(const LockStage *stage)
{
    guint count = stage->actions->len;
    g_autoptr(GHashTable) names = index_names(stage);
    g_autoptr(GArray) labels = g_array_new(FALSE, FALSE, sizeof(Label));
    g_autoptr(GPtrArray) labels_of = lists_new(count);
    g_autoptr(GPtrArray) followers = lists_new(count);
    Search search = {stage, labels, labels_of, followers};
    search_begin(&search, names);
    search_run(&search);
    GPtrArray *all = g_ptr_array_new_with_free_func((GDestroyNotify)g_ptr_array_unref);
    for (guint i = 0; i < count; i++)
        g_ptr_array_add(all, make_chains(&search, i));
    return all;
}
