#include "python/resolution.h"

/* The graph of identifiers; the user is the last vertex. */
typedef struct {
    guint n;
    guint root;
    bool *present;
    GArray **children; /* guint, each once */
    const bool *wanted;
    int *weights; /* -1: none */
    /* of the walk */
    bool *on_path;
    unsigned depth;
    unsigned *visits;
} Graph;

/* A vertex is walked through at most this often; the walk would be exponential. */
#define VISITS_PER_VERTEX 5

static void graph_connect(Graph *graph, guint from, guint to)
{
    graph->present[from] = graph->present[to] = true;
    for (guint i = 0; i < graph->children[from]->len; i++) {
        if (g_array_index(graph->children[from], guint, i) == to)
            return;
    }
    g_array_append_val(graph->children[from], to);
}

static void graph_build(Graph *graph, const Result *result)
{
    graph->present[graph->root] = true;
    for (guint i = 0; i < result->n; i++) {
        const Criterion *criterion = result->criteria[i];
        for (guint j = 0; criterion && result->connected[i] && j < criterion->infos->len; j++) {
            const Candidate *parent = ((Info *)criterion->infos->pdata[j])->parent;
            if (!parent)
                graph_connect(graph, graph->root, i);
            else if (result->pins[parent->ident->id] == parent)
                graph_connect(graph, parent->ident->id, i);
        }
    }
}

static bool vertex_is_leaf(const Graph *graph, guint vertex)
{
    for (guint i = 0; i < graph->children[vertex]->len; i++) {
        if (graph->present[g_array_index(graph->children[vertex], guint, i)])
            return false;
    }
    return true;
}

/* Takes away what requires nothing, again and again: what goes first weighs most. */
static void graph_peel(Graph *graph)
{
    g_autoptr(GArray) leaves = g_array_new(FALSE, FALSE, sizeof(guint));
    do {
        guint present = 0;
        g_array_set_size(leaves, 0);
        for (guint i = 0; i <= graph->n; i++) {
            present += graph->present[i];
            if (graph->present[i] && i != graph->root && vertex_is_leaf(graph, i))
                g_array_append_val(leaves, i);
        }
        for (guint i = 0; i < leaves->len; i++) {
            guint leaf = g_array_index(leaves, guint, i);
            graph->present[leaf] = false;
            if (graph->wanted[leaf])
                graph->weights[leaf] = (int)present - 1;
        }
    } while (leaves->len > 0);
}

/* What is left are cycles and what leads to them: the longest path from the root decides. Bounded
 * in depth by the number of vertices of cycles. */
static void graph_walk(Graph *graph, guint vertex)
{
    if (graph->on_path[vertex] || graph->visits[vertex] >= VISITS_PER_VERTEX)
        return;
    graph->on_path[vertex] = true;
    graph->depth++;
    for (guint i = 0; i < graph->children[vertex]->len; i++) {
        guint child = g_array_index(graph->children[vertex], guint, i);
        if (graph->present[child])
            graph_walk(graph, child);
    }
    graph->on_path[vertex] = false;
    graph->depth--;
    if (vertex == graph->root || !graph->wanted[vertex])
        return;
    graph->visits[vertex]++;
    graph->weights[vertex] = MAX(graph->weights[vertex], (int)graph->depth);
}

typedef struct {
    Ident *ident;
    int weight;
} Weighed;

static int compare_weighed(const void *a, const void *b)
{
    const Weighed *x = a, *y = b;
    if (x->weight != y->weight)
        return x->weight > y->weight ? -1 : 1;
    return strcmp(y->ident->canonical, x->ident->canonical);
}

static GPtrArray *graph_order(const Graph *graph, const World *world)
{
    g_autoptr(GArray) weighed = g_array_new(FALSE, FALSE, sizeof(Weighed));
    for (guint i = 0; i < graph->n; i++) {
        Weighed item = {world->idents->pdata[i], graph->weights[i]};
        if (graph->wanted[i])
            g_array_append_val(weighed, item);
    }
    g_array_sort(weighed, compare_weighed);
    GPtrArray *order = g_ptr_array_new();
    for (guint i = 0; i < weighed->len; i++)
        g_ptr_array_add(order, g_array_index(weighed, Weighed, i).ident);
    return order;
}

GPtrArray *install_order(const Result *result, const bool *wanted)
{
    guint n = result->n;
    g_autofree bool *present = g_new0(bool, n + 1);
    g_autofree bool *on_path = g_new0(bool, n + 1);
    g_autofree unsigned *visits = g_new0(unsigned, n + 1);
    g_autofree int *weights = g_new(int, n + 1);
    g_autofree GArray **children = g_new(GArray *, n + 1);
    for (guint i = 0; i <= n; i++) {
        weights[i] = -1;
        children[i] = g_array_new(FALSE, FALSE, sizeof(guint));
    }
    Graph graph = {.n = n,
                   .root = n,
                   .present = present,
                   .children = children,
                   .wanted = wanted,
                   .weights = weights,
                   .on_path = on_path,
                   .visits = visits};
    graph_build(&graph, result);
    graph_peel(&graph);
    graph_walk(&graph, n);
    GPtrArray *order = graph_order(&graph, result->world);
    for (guint i = 0; i <= n; i++)
        g_array_unref(children[i]);
    return order;
}
