#include "lock/solve.h"

typedef struct {
    Solve *solve;
    StageInputs *inputs;  /* of all pip stages */
    GArray *stages;       /* guint: the pip stages */
    GArray *first_roots;  /* guint: for each of them, how many roots stand before its own */
    GPtrArray *locations; /* of all of them, each once */
    ResolveOptions options;
} Together;

static guint stage_at(const Together *all, guint position)
{
    return g_array_index(all->stages, guint, position);
}

/* Which of the pip stages a user's line belongs to. */
static guint position_of_root(const Together *all, const PipRequirement *root)
{
    const GPtrArray *roots = all->inputs->inputs->roots;
    guint index = 0, position = 0;
    while (index < roots->len && roots->pdata[index] != root)
        index++;
    while (position + 1 < all->stages->len &&
           g_array_index(all->first_roots, guint, position + 1) <= index)
        position++;
    return position;
}

/* A switch of one stage holds for all: they are one command. */
static void add_options(ResolveOptions *all, const ResolveOptions *one, bool first)
{
    all->no_deps = one->no_deps && (first || all->no_deps);
    all->force_reinstall |= one->force_reinstall;
    all->ignore_installed |= one->ignore_installed;
    all->upgrade |= one->upgrade;
    all->upgrade_eager |= one->upgrade_eager;
    all->pre |= one->pre;
    all->prefer_binary |= one->prefer_binary;
    all->require_hashes |= one->require_hashes;
}

static gboolean add_stage(Together *all, guint index, GError **error)
{
    Solve *solve = all->solve;
    const Stage *stage = solve->recipe->stages->pdata[index];
    const StageInputs *own = solve->inputs->pdata[index];
    guint roots = all->inputs->inputs->roots->len;
    bool first = all->stages->len == 0;
    g_array_append_val(all->stages, index);
    g_array_append_val(all->first_roots, roots);
    stage_inputs_add(solve, index, all->inputs);
    ResolveOptions options = solve_options(solve, stage->body.pip);
    if (first)
        all->options = options;
    else
        add_options(&all->options, &options, first);
    if (!first)
        solve_options_clear(&options);
    g_autoptr(GPtrArray) locations = NULL;
    if (!sources_of_stage(&solve->sources, stage->body.pip, own->inputs, &locations, error))
        return FALSE;
    for (guint i = 0; i < locations->len; i++) {
        if (!g_ptr_array_find(all->locations, locations->pdata[i], NULL))
            g_ptr_array_add(all->locations, locations->pdata[i]);
    }
    return TRUE;
}

/* Distribution to stage: the first whose lines lead to it. */

static void assign(const Together *all, const GPtrArray *pins, GHashTable *positions,
                   guint position)
{
    bool grown = true;
    while (grown) {
        grown = false;
        for (guint i = 0; i < pins->len; i++) {
            const Pin *pin = pins->pdata[i];
            if (g_hash_table_contains(positions, pin->canonical))
                continue;
            for (guint k = 0; k < pin->edges->len; k++) {
                const Edge *edge = pin->edges->pdata[k];
                bool here = edge->root && !edge->parent
                                ? position_of_root(all, edge->root) <= position
                                : edge->parent && g_hash_table_contains(positions, edge->parent);
                if (!here)
                    continue;
                g_hash_table_insert(positions, pin->canonical, GUINT_TO_POINTER(position));
                grown = true;
                break;
            }
        }
    }
}

static GHashTable *assign_all(const Together *all, const GPtrArray *pins)
{
    GHashTable *positions = g_hash_table_new(g_str_hash, g_str_equal);
    for (guint position = 0; position < all->stages->len; position++)
        assign(all, pins, positions, position);
    return positions;
}

static guint position_of(GHashTable *positions, const char *name)
{
    return name ? GPOINTER_TO_UINT(g_hash_table_lookup(positions, name)) : 0;
}

/* The part of a solution that belongs to one stage; borrows its pins. */
static Solution *part_of(Solution *solution, GHashTable *positions, guint position)
{
    Solution *part = g_new0(Solution, 1);
    part->pins = g_ptr_array_new();
    part->warnings = g_ptr_array_new_with_free_func((GDestroyNotify)finding_free);
    part->files = g_ptr_array_new();
    for (guint i = 0; i < solution->pins->len; i++) {
        const Pin *pin = solution->pins->pdata[i];
        if (position_of(positions, pin->canonical) == position)
            g_ptr_array_add(part->pins, solution->pins->pdata[i]);
    }
    for (guint i = solution->warnings->len; i-- > 0;) {
        const Finding *finding = solution->warnings->pdata[i];
        if (position_of(positions, finding->distribution) == position)
            g_ptr_array_insert(part->warnings, 0, g_ptr_array_steal_index(solution->warnings, i));
    }
    return part;
}

static gboolean apply_all(Together *all, Solution *solution, GError **error)
{
    Solve *solve = all->solve;
    g_autoptr(GHashTable) positions = assign_all(all, solution->pins);
    guint position = 0;
    bool reached = true;
    for (guint i = 0; i < solve->recipe->stages->len; i++) {
        const Stage *stage = solve->recipe->stages->pdata[i];
        LockStage *locked = solve->target->stages->pdata[i];
        if (stage->kind != STAGE_PIP) {
            if (reached)
                solve_other(solve, stage, locked);
        } else {
            g_autoptr(Solution) part = part_of(solution, positions, position++);
            if (reached && !solve_apply(solve, i, part, locked, error))
                return FALSE;
        }
        if (!reached)
            locked->status = STAGE_SKIPPED;
        reached &= locked->status == STAGE_SOLVED;
    }
    return TRUE;
}

/* The conflict belongs to the last stage that has a part in it; what is not solved is skipped. */
static void note_conflict(const Together *all, Conflict *conflict)
{
    guint position = 0;
    for (guint i = 0; i < conflict->causes->len; i++) {
        const ConflictCause *cause = conflict->causes->pdata[i];
        if (cause->root && !cause->constraint && !cause->parent)
            position = MAX(position, position_of_root(all, cause->root));
    }
    for (guint i = 0; i < all->solve->target->stages->len; i++)
        ((LockStage *)all->solve->target->stages->pdata[i])->status = STAGE_SKIPPED;
    stage_explain(all->solve, stage_at(all, position), conflict);
}

static gboolean resolve_all(Together *all, GError **error)
{
    Solve *solve = all->solve;
    if (all->stages->len == 0)
        return TRUE;
    Solution *solution = NULL;
    Conflict *conflict = NULL;
    if (!solve_resolve(solve, all->inputs, NULL, &all->options, all->locations, &solution,
                       &conflict, error))
        return FALSE;
    if (conflict)
        note_conflict(all, conflict);
    conflict_free(conflict);
    if (!solution)
        return TRUE;
    g_ptr_array_add(solve->solutions, solution);
    g_autoptr(Environment) start = environment_copy(solve->environment);
    solve->together.inputs = all->inputs;
    solve->together.options = &all->options;
    solve->together.locations = all->locations;
    solve->together.start = start;
    gboolean applied = apply_all(all, solution, error);
    memset(&solve->together, 0, sizeof solve->together);
    return applied;
}

/* Whether a stage is refused before the solve; all others are skipped then. */
static bool refuse_any(Solve *solve)
{
    guint refused = G_MAXUINT;
    for (guint i = 0; i < solve->recipe->stages->len && refused == G_MAXUINT; i++) {
        const Stage *stage = solve->recipe->stages->pdata[i];
        if (stage->kind == STAGE_PIP && solve_refuses(solve, i, solve->target->stages->pdata[i]))
            refused = i;
    }
    for (guint i = 0; refused != G_MAXUINT && i < solve->target->stages->len; i++) {
        if (i != refused)
            ((LockStage *)solve->target->stages->pdata[i])->status = STAGE_SKIPPED;
    }
    return refused != G_MAXUINT;
}

static gboolean solve_stages(Together *all, GError **error)
{
    for (guint i = 0; i < all->solve->recipe->stages->len; i++) {
        const Stage *stage = all->solve->recipe->stages->pdata[i];
        if (stage->kind == STAGE_PIP && !add_stage(all, i, error))
            return FALSE;
    }
    if (all->stages->len > 0)
        return resolve_all(all, error);
    for (guint i = 0; i < all->solve->recipe->stages->len; i++)
        solve_other(all->solve, all->solve->recipe->stages->pdata[i],
                    all->solve->target->stages->pdata[i]);
    return TRUE;
}

gboolean solve_together(Solve *solve, GError **error)
{
    if (refuse_any(solve))
        return TRUE;
    g_autoptr(StageInputs) inputs = stage_inputs_new();
    g_autoptr(GArray) stages = g_array_new(FALSE, FALSE, sizeof(guint));
    g_autoptr(GArray) first_roots = g_array_new(FALSE, FALSE, sizeof(guint));
    g_autoptr(GPtrArray) locations = g_ptr_array_new();
    Together all = {solve, inputs, stages, first_roots, locations, {.exclude_newer = -1}};
    gboolean done = solve_stages(&all, error);
    solve_options_clear(&all.options);
    return done;
}
