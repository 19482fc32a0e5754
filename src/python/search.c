#include "python/search.h"

/* More lines than this are not tried one by one. */
#define MINIMIZE_LINES 64

gboolean search_run(World *world, Result **ret_result, GPtrArray **ret_causes, GError **error)
{
    if (!world_read_constraints(world, error))
        return FALSE;
    g_autoptr(GPtrArray) roots = world_collect_roots(world, error);
    if (!roots)
        return FALSE;
    prefetch_graph(world, roots);
    return resolution_run(world, roots, ret_result, ret_causes, error);
}

/* A part of a request's lines. */
typedef struct {
    GPtrArray *roots;
    GPtrArray *constraints;
} Lines;

/* The world of a request for these lines; the rest of the request is borrowed. */
typedef struct {
    ResolveRequest request;
    ResolveOptions options;
    PipInputs inputs;
    World *world;
} Trial;

static void trial_init(Trial *trial, const World *world, const Lines *lines)
{
    trial->request = *world->request;
    trial->options = *world->request->options;
    trial->inputs = *world->request->inputs;
    trial->options.require_hashes = world->require_hashes;
    trial->inputs.roots = lines->roots;
    trial->inputs.constraints = lines->constraints;
    trial->request.options = &trial->options;
    trial->request.inputs = &trial->inputs;
    trial->world = world_new(&trial->request);
}

/* Whether the search fails on these lines too. What cannot be found out counts as no. */
static bool lines_conflict(const World *world, const Lines *lines)
{
    Trial trial;
    g_autoptr(Result) result = NULL;
    g_autoptr(GPtrArray) causes = NULL;
    trial_init(&trial, world, lines);
    gboolean known = search_run(trial.world, &result, &causes, NULL);
    bool conflict = known && causes && causes->len > 0;
    g_clear_pointer(&result, result_free);
    world_free(trial.world);
    return conflict;
}

static GPtrArray *array_copy(const GPtrArray *array)
{
    GPtrArray *copy = g_ptr_array_sized_new(array->len);
    for (guint i = 0; i < array->len; i++)
        g_ptr_array_add(copy, array->pdata[i]);
    return copy;
}

static void lines_reduce(const World *world, const Lines *lines, GPtrArray *part, guint at_least)
{
    for (guint i = part->len; i > 0 && part->len > at_least; i--) {
        gpointer line = part->pdata[i - 1];
        g_ptr_array_remove_index(part, i - 1);
        if (!lines_conflict(world, lines))
            g_ptr_array_insert(part, (int)i - 1, line);
    }
}

static Conflict *lines_explain(const World *world, const Lines *lines)
{
    Trial trial;
    g_autoptr(Result) result = NULL;
    g_autoptr(GPtrArray) causes = NULL;
    Conflict *conflict = NULL;
    trial_init(&trial, world, lines);
    if (search_run(trial.world, &result, &causes, NULL) && causes)
        conflict = conflict_from_causes(trial.world, causes);
    g_clear_pointer(&result, result_free);
    world_free(trial.world);
    return conflict;
}

static void conflict_take_lines(Conflict *conflict, const Lines *lines)
{
    for (guint i = 0; i < lines->roots->len; i++)
        g_ptr_array_add(conflict->lines, lines->roots->pdata[i]);
    for (guint i = 0; i < lines->constraints->len; i++)
        g_ptr_array_add(conflict->lines, lines->constraints->pdata[i]);
}

Conflict *search_explain(World *world, const GPtrArray *causes)
{
    const PipInputs *inputs = world->request->inputs;
    guint count = inputs->roots->len + inputs->constraints->len;
    if (count > MINIMIZE_LINES || causes->len == 0)
        return conflict_from_causes(world, causes);
    g_autoptr(GPtrArray) roots = array_copy(inputs->roots);
    g_autoptr(GPtrArray) constraints = array_copy(inputs->constraints);
    Lines lines = {roots, constraints};
    lines_reduce(world, &lines, constraints, 0);
    lines_reduce(world, &lines, roots, 1);
    Conflict *conflict =
        roots->len + constraints->len < count ? lines_explain(world, &lines) : NULL;
    if (!conflict)
        conflict = conflict_from_causes(world, causes);
    conflict_take_lines(conflict, &lines);
    return conflict;
}
