#include "python/resolution.h"

#include "base/limits.h"

typedef struct {
    guint n; /* length of the arrays */
    Criterion **criteria;
    Candidate **pins;
    GArray *order;     /* guint: pinned identifiers, the last one last */
    GPtrArray *causes; /* Info of the last conflict; shared */
} State;

typedef struct {
    World *world;
    GPtrArray *states; /* State, the current one last */
    GPtrArray *saved;  /* states to go back to when optimism fails; NULL: none */
    bool optimistic;
    GPtrArray *changed;  /* Criterion before a change that may be undone, NULL: there was none */
    GArray *changed_ids; /* guint */
} Resolution;

static Criterion *criterion_ref(Criterion *criterion)
{
    if (criterion)
        criterion->refs++;
    return criterion;
}

static void criterion_unref(Criterion *criterion)
{
    if (!criterion || --criterion->refs > 0)
        return;
    g_ptr_array_unref(criterion->infos);
    g_clear_pointer(&criterion->incompatible, g_ptr_array_unref);
    matches_unref(criterion->matches);
    g_free(criterion);
}

static GPtrArray *array_ref(GPtrArray *array)
{
    return array ? g_ptr_array_ref(array) : NULL;
}

/* Takes `infos` and `matches`. */
static Criterion *criterion_new(GPtrArray *infos, Matches *matches, GPtrArray *incompatible)
{
    Criterion *criterion = g_new0(Criterion, 1);
    criterion->refs = 1;
    criterion->infos = infos;
    criterion->matches = matches;
    criterion->incompatible = array_ref(incompatible);
    criterion->preference = provider_preference(infos);
    return criterion;
}

static void state_free(gpointer data)
{
    State *state = data;
    for (guint i = 0; i < state->n; i++)
        criterion_unref(state->criteria[i]);
    g_free(state->criteria);
    g_free(state->pins);
    g_array_unref(state->order);
    g_ptr_array_unref(state->causes);
    g_free(state);
}

/* Makes room for identifiers that were met since. */
static void state_grow(State *state, guint n)
{
    if (n <= state->n)
        return;
    state->criteria = g_renew(Criterion *, state->criteria, n);
    state->pins = g_renew(Candidate *, state->pins, n);
    memset(state->criteria + state->n, 0, (n - state->n) * sizeof *state->criteria);
    memset(state->pins + state->n, 0, (n - state->n) * sizeof *state->pins);
    state->n = n;
}

static State *state_new(guint n)
{
    State *state = g_new0(State, 1);
    state->order = g_array_new(FALSE, FALSE, sizeof(guint));
    state->causes = g_ptr_array_new();
    state_grow(state, n);
    return state;
}

static State *state_copy(const State *state)
{
    State *copy = g_new0(State, 1);
    copy->n = state->n;
    copy->criteria = g_memdup2(state->criteria, state->n * sizeof *state->criteria);
    copy->pins = g_memdup2(state->pins, state->n * sizeof *state->pins);
    for (guint i = 0; i < copy->n; i++)
        criterion_ref(copy->criteria[i]);
    copy->order = g_array_copy(state->order);
    copy->causes = g_ptr_array_ref(state->causes);
    return copy;
}

static State *resolution_state(const Resolution *resolution)
{
    return g_ptr_array_index(resolution->states, resolution->states->len - 1);
}

static void resolution_push(Resolution *resolution)
{
    g_ptr_array_add(resolution->states, state_copy(resolution_state(resolution)));
}

static Criterion *state_criterion(const State *state, const Ident *ident)
{
    return ident->id < state->n ? state->criteria[ident->id] : NULL;
}

static const GPtrArray *state_base_infos(const State *state, const Ident *ident)
{
    if (ident->base == ident)
        return NULL;
    const Criterion *base = state_criterion(state, ident->base);
    return base ? base->infos : NULL;
}

/* Whether there is a candidate at all; asks for its metadata ahead of need. */
static gboolean matches_have_any(World *world, Matches *matches, bool *ret_any, GError **error)
{
    MatchIter iter;
    Candidate *first = NULL;
    match_iter_init(&iter, world, matches);
    gboolean known = match_iter_next(&iter, false, &first, error);
    match_iter_clear(&iter);
    if (known)
        *ret_any = first != NULL;
    if (known && first && first->base->file && !first->base->metadata)
        index_client_want_metadata(world->request->client, first->base->file);
    return known;
}

static void resolution_change(Resolution *resolution, State *state, guint id, Criterion *criterion)
{
    state_grow(state, resolution->world->idents->len);
    g_ptr_array_add(resolution->changed, state->criteria[id]);
    g_array_append_val(resolution->changed_ids, id);
    state->criteria[id] = criterion;
}

/* Forgets how to undo the changes made so far, or undoes them. */
static void resolution_settle(Resolution *resolution, State *state, bool keep)
{
    for (guint i = resolution->changed->len; i > 0; i--) {
        guint id = g_array_index(resolution->changed_ids, guint, i - 1);
        Criterion *before = resolution->changed->pdata[i - 1];
        if (keep) {
            criterion_unref(before);
        } else {
            criterion_unref(state->criteria[id]);
            state->criteria[id] = before;
        }
    }
    g_ptr_array_set_size(resolution->changed, 0);
    g_array_set_size(resolution->changed_ids, 0);
}

/* Notes whose wishes the search was looking at when it met an error; the first call counts. */
static gboolean world_stop(World *world, GPtrArray *infos)
{
    if (!world->stopped)
        world->stopped = g_ptr_array_ref(infos);
    return FALSE;
}

/* _add_to_criteria(). *ret_conflict is set when nothing is left to choose from. */
static gboolean resolution_add(Resolution *resolution, State *state, const Need *need,
                               Candidate *parent, Criterion **ret_conflict, GError **error)
{
    World *world = resolution->world;
    Ident *ident = need->ident;
    Criterion *before = state_criterion(state, ident);
    Info *info = g_new0(Info, 1);
    info->need = need;
    info->parent = parent;
    g_ptr_array_add(world->infos, info);
    g_autoptr(GPtrArray) infos = g_ptr_array_sized_new(before ? before->infos->len + 1 : 1);
    for (guint i = 0; before && i < before->infos->len; i++)
        g_ptr_array_add(infos, before->infos->pdata[i]);
    g_ptr_array_add(infos, info);
    GPtrArray *incompatible = before ? before->incompatible : NULL;
    g_autoptr(Matches) matches = provider_find_matches(
        world, ident, infos, state_base_infos(state, ident), incompatible, error);
    bool any = false;
    if (!matches || !matches_have_any(world, matches, &any, error))
        return world_stop(world, infos);
    Criterion *criterion =
        criterion_new(g_steal_pointer(&infos), g_steal_pointer(&matches), incompatible);
    if (any)
        resolution_change(resolution, state, ident->id, criterion);
    else
        *ret_conflict = criterion;
    return TRUE;
}

static bool criterion_fits(Criterion *criterion, const Candidate *pin)
{
    if (!pin)
        return false;
    if (criterion->checked == pin)
        return criterion->fits;
    criterion->checked = pin;
    criterion->fits = true;
    for (guint i = 0; criterion->fits && i < criterion->infos->len; i++)
        criterion->fits = need_is_satisfied(((Info *)criterion->infos->pdata[i])->need, pin);
    return criterion->fits;
}

static void prefetch_needs(World *world, const GPtrArray *needs)
{
    for (guint i = 0; i < needs->len; i++) {
        const Ident *ident = ((Need *)needs->pdata[i])->ident;
        if (!ident->is_python && !ident->base->project && !ident->base->distribution)
            finder_want(world->finder, ident->canonical);
    }
}

/* Adds everything that a candidate requires; undoes it all at the first conflict. */
static gboolean resolution_try(Resolution *resolution, State *state, Candidate *candidate,
                               Criterion **ret_conflict, GError **error)
{
    const GPtrArray *needs = world_needs(resolution->world, candidate, error);
    if (!needs)
        return FALSE;
    prefetch_needs(resolution->world, needs);
    Criterion *conflict = NULL;
    for (guint i = 0; !conflict && i < needs->len; i++) {
        if (!resolution_add(resolution, state, needs->pdata[i], candidate, &conflict, error)) {
            resolution_settle(resolution, state, false);
            return FALSE;
        }
    }
    resolution_settle(resolution, state, !conflict);
    *ret_conflict = conflict;
    return TRUE;
}

static void state_pin(State *state, const Ident *ident, Candidate *candidate)
{
    for (guint i = 0; state->pins[ident->id] && i < state->order->len; i++) {
        if (g_array_index(state->order, guint, i) == ident->id) {
            g_array_remove_index(state->order, i);
            break;
        }
    }
    state->pins[ident->id] = candidate;
    g_array_append_val(state->order, ident->id);
}

static void causes_add(GPtrArray *causes, const Criterion *criterion)
{
    for (guint i = 0; i < criterion->infos->len; i++) {
        if (!g_ptr_array_find(causes, criterion->infos->pdata[i], NULL))
            g_ptr_array_add(causes, criterion->infos->pdata[i]);
    }
}

static bool is_given_up(const World *world)
{
    return world->max_steps > 0 && world->steps >= world->max_steps;
}

/* _attempt_to_pin_criterion(). `causes` stays empty when a candidate could be pinned. */
static gboolean resolution_pin(Resolution *resolution, Ident *ident, GPtrArray *causes,
                               GError **error)
{
    State *state = resolution_state(resolution);
    g_autoptr(Matches) matches = matches_ref(state->criteria[ident->id]->matches);
    MatchIter iter;
    match_iter_init(&iter, resolution->world, matches);
    Candidate *candidate = NULL;
    gboolean known;
    while ((known = match_iter_next(&iter, true, &candidate, error)) && candidate) {
        Criterion *conflict = NULL;
        if (is_given_up(resolution->world)) {
            candidate = NULL;
            break;
        }
        resolution->world->steps++;
        const GPtrArray *infos = state->criteria[ident->id]->infos;
        if (!candidate->because && infos->len > 0)
            candidate->because = infos->pdata[0];
        known = resolution_try(resolution, state, candidate, &conflict, error);
        if (!known || !conflict)
            break;
        causes_add(causes, conflict);
        criterion_unref(conflict);
    }
    match_iter_clear(&iter);
    if (!known)
        return world_stop(resolution->world, state->criteria[ident->id]->infos);
    if (candidate) {
        g_ptr_array_set_size(causes, 0);
        state_pin(state, ident, candidate);
    } else if (causes->len == 0) {
        causes_add(causes, state->criteria[ident->id]);
    }
    return TRUE;
}

/* Takes back what identifiers of `parents` (by id) required. */
static void resolution_remove_infos(State *state, const bool *parents)
{
    for (guint i = 0; i < state->n; i++) {
        Criterion *criterion = state->criteria[i];
        if (!criterion)
            continue;
        g_autoptr(GPtrArray) infos = g_ptr_array_sized_new(criterion->infos->len);
        for (guint j = 0; j < criterion->infos->len; j++) {
            const Info *info = criterion->infos->pdata[j];
            if (!info->parent || !parents[info->parent->ident->id])
                g_ptr_array_add(infos, criterion->infos->pdata[j]);
        }
        if (infos->len == criterion->infos->len)
            continue;
        state->criteria[i] = criterion_new(g_steal_pointer(&infos), matches_ref(criterion->matches),
                                           criterion->incompatible);
        criterion_unref(criterion);
    }
}

static GPtrArray *candidates_union(const GPtrArray *a, const GPtrArray *b)
{
    GPtrArray *both = g_ptr_array_new();
    for (guint i = 0; a && i < a->len; i++)
        g_ptr_array_add(both, a->pdata[i]);
    for (guint i = 0; b && i < b->len; i++) {
        if (!g_ptr_array_find(both, b->pdata[i], NULL))
            g_ptr_array_add(both, b->pdata[i]);
    }
    return both;
}

/* One step of _patch_criteria(): the identifier without `incompatible`. */
static gboolean resolution_patch_one(Resolution *resolution, State *state, Ident *ident,
                                     const GPtrArray *incompatible, bool *ret_any, GError **error)
{
    Criterion *criterion = state_criterion(state, ident);
    *ret_any = true;
    if (!criterion || !incompatible || incompatible->len == 0)
        return TRUE;
    g_autoptr(GPtrArray) all = candidates_union(incompatible, criterion->incompatible);
    g_autoptr(Matches) matches = provider_find_matches(resolution->world, ident, criterion->infos,
                                                       state_base_infos(state, ident), all, error);
    if (!matches || !matches_have_any(resolution->world, matches, ret_any, error))
        return FALSE;
    if (*ret_any) {
        state->criteria[ident->id] =
            criterion_new(g_ptr_array_ref(criterion->infos), g_steal_pointer(&matches), all);
        criterion_unref(criterion);
    }
    return TRUE;
}

static gboolean resolution_patch(Resolution *resolution, const State *broken, Candidate *candidate,
                                 bool *ret_any, GError **error)
{
    State *state = resolution_state(resolution);
    *ret_any = true;
    for (guint i = 0; *ret_any && i < broken->n; i++) {
        const Criterion *criterion = broken->criteria[i];
        if (criterion &&
            !resolution_patch_one(resolution, state, resolution->world->idents->pdata[i],
                                  criterion->incompatible, ret_any, error))
            return FALSE;
    }
    g_autoptr(GPtrArray) last = g_ptr_array_new();
    g_ptr_array_add(last, candidate);
    return !*ret_any ||
           resolution_patch_one(resolution, state, candidate->ident, last, ret_any, error);
}

static void resolution_save(Resolution *resolution)
{
    if (resolution->saved)
        return;
    resolution->saved = g_ptr_array_new_with_free_func(state_free);
    for (guint i = 0; i < resolution->states->len; i++)
        g_ptr_array_add(resolution->saved, state_copy(resolution->states->pdata[i]));
}

static void resolution_roll_back(Resolution *resolution)
{
    resolution->optimistic = false;
    if (!resolution->saved)
        return;
    g_ptr_array_unref(resolution->states);
    resolution->states = g_steal_pointer(&resolution->saved);
}

static bool *idents_of_causes(const World *world, const GPtrArray *causes)
{
    bool *involved = g_new0(bool, world->idents->len);
    for (guint i = 0; i < causes->len; i++) {
        const Info *info = causes->pdata[i];
        involved[info->need->ident->id] = true;
        if (info->parent)
            involved[info->parent->ident->id] = true;
    }
    return involved;
}

static bool needs_involve(const GPtrArray *needs, const bool *involved, guint n)
{
    for (guint i = 0; i < needs->len; i++) {
        const Ident *ident = ((Need *)needs->pdata[i])->ident;
        if (ident->id < n && involved[ident->id])
            return true;
    }
    return false;
}

typedef enum {
    JUMP_DONE,
    JUMP_IMPOSSIBLE, /* there is nothing left to go back to */
    JUMP_ERROR,
} Jump;

static Candidate *state_unpin_last(State *state)
{
    guint last = state->order->len - 1;
    guint id = g_array_index(state->order, guint, last);
    Candidate *candidate = state->pins[id];
    state->pins[id] = NULL;
    g_array_set_size(state->order, last);
    return candidate;
}

/* The inner loop of _backjump(): drops states until the dropped pin has to do with the conflict. */
static Jump resolution_drop(Resolution *resolution, const bool *involved, guint n,
                            State **ret_broken, Candidate **ret_candidate, GError **error)
{
    for (;;) {
        if (resolution->states->len == 0)
            return JUMP_IMPOSSIBLE;
        State *broken = g_ptr_array_steal_index(resolution->states, resolution->states->len - 1);
        g_clear_pointer(ret_broken, state_free);
        *ret_broken = broken;
        if (broken->order->len == 0)
            return JUMP_IMPOSSIBLE;
        Candidate *candidate = *ret_candidate = state_unpin_last(broken);
        bool is_involved = candidate->ident->id < n && involved[candidate->ident->id];
        if (!resolution->optimistic && !is_involved)
            return JUMP_DONE;
        if (resolution->optimistic && !is_involved)
            resolution_save(resolution);
        const GPtrArray *needs = world_needs(resolution->world, candidate, error);
        if (!needs)
            return JUMP_ERROR;
        if (needs_involve(needs, involved, n) || broken->order->len == 0)
            return JUMP_DONE;
        if (resolution->states->len <= 1)
            return JUMP_IMPOSSIBLE;
    }
}

/* _backjump() */
static Jump resolution_backjump(Resolution *resolution, const GPtrArray *causes, GError **error)
{
    guint n = resolution->world->idents->len;
    g_autofree bool *involved = idents_of_causes(resolution->world, causes);
    Jump jump = JUMP_DONE;
    bool patched = false;
    while (!patched && jump == JUMP_DONE && resolution->states->len >= 3) {
        State *broken = NULL;
        Candidate *candidate = NULL;
        g_ptr_array_set_size(resolution->states, (int)resolution->states->len - 1);
        jump = resolution_drop(resolution, involved, n, &broken, &candidate, error);
        if (jump == JUMP_DONE && resolution->states->len == 0)
            jump = JUMP_IMPOSSIBLE;
        if (jump == JUMP_DONE) {
            resolution_push(resolution);
            if (!resolution_patch(resolution, broken, candidate, &patched, error))
                jump = JUMP_ERROR;
        }
        g_clear_pointer(&broken, state_free);
    }
    return jump != JUMP_DONE || patched ? jump : JUMP_IMPOSSIBLE;
}

/* A conflict: go back, or give up. *ret_stop is set when there is no way. */
static gboolean resolution_recover(Resolution *resolution, GPtrArray *causes, bool *ret_stop,
                                   GError **error)
{
    Jump jump = resolution_backjump(resolution, causes, error);
    if (jump == JUMP_ERROR)
        return FALSE;
    if (jump == JUMP_IMPOSSIBLE && resolution->optimistic && resolution->saved) {
        resolution_roll_back(resolution);
        return TRUE;
    }
    *ret_stop = jump == JUMP_IMPOSSIBLE;
    if (jump == JUMP_DONE) {
        State *state = resolution_state(resolution);
        g_ptr_array_unref(state->causes);
        state->causes = g_ptr_array_ref(causes);
    }
    return TRUE;
}

/* How often an identifier is unpinned in conflicts before it is pinned earlier. */
#define CONFLICTS_BEFORE_PROMOTION 5

static void count_conflict(const State *state, Ident *ident, bool *causing)
{
    causing[ident->id] = true;
    if (ident->id < state->n && state->pins[ident->id])
        return;
    if (++ident->conflicts >= CONFLICTS_BEFORE_PROMOTION)
        ident->promoted = true;
}

/* narrow_requirement_selection(): reduces `names` (Ident) in place. */
static void resolution_narrow(Resolution *resolution, GPtrArray *names)
{
    const State *state = resolution_state(resolution);
    g_autofree bool *causing = g_new0(bool, resolution->world->idents->len);
    for (guint i = 0; i < state->causes->len; i++) {
        const Info *info = state->causes->pdata[i];
        count_conflict(state, info->need->ident, causing);
        if (info->parent)
            count_conflict(state, info->parent->ident, causing);
    }
    g_autoptr(GPtrArray) caused = g_ptr_array_new();
    g_autoptr(GPtrArray) promoted = g_ptr_array_new();
    for (guint i = 0; i < names->len; i++) {
        Ident *ident = names->pdata[i];
        if (ident->is_python) {
            g_ptr_array_set_size(names, 0);
            g_ptr_array_add(names, ident);
            return;
        }
        if (causing[ident->id])
            g_ptr_array_add(caused, ident);
        else if (ident->promoted)
            g_ptr_array_add(promoted, ident);
    }
    const GPtrArray *chosen = caused->len > 0 ? caused : promoted;
    if (chosen->len == 0)
        return;
    g_ptr_array_set_size(names, 0);
    for (guint i = 0; i < chosen->len; i++)
        g_ptr_array_add(names, chosen->pdata[i]);
}

static Ident *resolution_choose(Resolution *resolution, GPtrArray *names)
{
    const State *state = resolution_state(resolution);
    if (names->len > 1)
        resolution_narrow(resolution, names);
    Ident *best = names->pdata[0];
    for (guint i = 1; i < names->len; i++) {
        Ident *ident = names->pdata[i];
        if (provider_prefers(ident, state->criteria[ident->id]->preference, best,
                             state->criteria[best->id]->preference))
            best = ident;
    }
    return best;
}

/* Names that fitted before the last pin and no longer do lose what they required. */
static void resolution_drop_unfit(Resolution *resolution, const bool *fitted, guint n)
{
    State *state = resolution_state(resolution);
    g_autofree bool *unfit = g_new0(bool, resolution->world->idents->len);
    bool any = false;
    for (guint i = 0; i < MIN(n, state->n); i++) {
        unfit[i] = fitted[i] && !criterion_fits(state->criteria[i], state->pins[i]);
        any |= unfit[i];
    }
    if (any)
        resolution_remove_infos(state, unfit);
}

typedef enum {
    ROUND_AGAIN,
    ROUND_DONE,
    ROUND_STOP, /* no solution */
    ROUND_ERROR,
} Round;

static Round resolution_round(Resolution *resolution, GPtrArray **ret_causes, GError **error)
{
    State *state = resolution_state(resolution);
    g_autoptr(GPtrArray) unfit = g_ptr_array_new();
    guint n = state->n;
    g_autofree bool *fitted = g_new0(bool, n);
    for (guint i = 0; i < n; i++) {
        if (!state->criteria[i])
            continue;
        fitted[i] = criterion_fits(state->criteria[i], state->pins[i]);
        if (!fitted[i])
            g_ptr_array_add(unfit, resolution->world->idents->pdata[i]);
    }
    if (unfit->len == 0)
        return ROUND_DONE;
    Ident *ident = resolution_choose(resolution, unfit);
    g_autoptr(GPtrArray) causes = g_ptr_array_new();
    if (!resolution_pin(resolution, ident, causes, error))
        return ROUND_ERROR;
    if (causes->len == 0) {
        resolution_drop_unfit(resolution, fitted, n);
        resolution_push(resolution);
        return ROUND_AGAIN;
    }
    bool stop = false;
    if (!resolution_recover(resolution, causes, &stop, error))
        return ROUND_ERROR;
    if (stop)
        *ret_causes = g_steal_pointer(&causes);
    return stop ? ROUND_STOP : ROUND_AGAIN;
}

/* Optimism gets a tenth of the rounds that are left when it starts. */
#define OPTIMISTIC_SHARE 10

static Round resolution_loop(Resolution *resolution, GPtrArray **ret_causes, GError **error)
{
    unsigned optimistic_since = 0, cutoff = 0;
    for (unsigned i = 0; i < LIMIT_RESOLVE_ROUNDS; i++) {
        if (resolution->optimistic && resolution->saved) {
            if (cutoff == 0) {
                optimistic_since = i;
                cutoff = (LIMIT_RESOLVE_ROUNDS - i) / OPTIMISTIC_SHARE;
            }
            if (i - optimistic_since >= cutoff) {
                resolution_roll_back(resolution);
                continue;
            }
        }
        resolution->world->steps++;
        Round round = resolution_round(resolution, ret_causes, error);
        bool given_up = round == ROUND_STOP && is_given_up(resolution->world);
        if (round != ROUND_AGAIN && !given_up)
            return round;
        g_clear_pointer(ret_causes, g_ptr_array_unref);
        if (is_given_up(resolution->world))
            break;
    }
    *ret_causes = g_ptr_array_new();
    return ROUND_STOP;
}

/* Reachability from the user's requirements along the requirements of what is pinned. */
static void result_connect(Result *result)
{
    bool changed = true;
    while (changed) {
        changed = false;
        for (guint i = 0; i < result->n; i++) {
            const Criterion *criterion = result->criteria[i];
            for (guint j = 0; criterion && !result->connected[i] && j < criterion->infos->len;
                 j++) {
                const Candidate *parent = ((Info *)criterion->infos->pdata[j])->parent;
                result->connected[i] = !parent || (result->pins[parent->ident->id] == parent &&
                                                   result->connected[parent->ident->id]);
                changed |= result->connected[i];
            }
        }
    }
}

static Result *result_new(World *world, State *state)
{
    Result *result = g_new0(Result, 1);
    state_grow(state, world->idents->len);
    result->world = world;
    result->n = state->n;
    result->criteria = g_steal_pointer(&state->criteria);
    result->pins = g_steal_pointer(&state->pins);
    state->n = 0;
    result->connected = g_new0(bool, result->n);
    result_connect(result);
    result->order = g_ptr_array_new();
    for (guint i = 0; i < state->order->len; i++) {
        guint id = g_array_index(state->order, guint, i);
        if (result->connected[id])
            g_ptr_array_add(result->order, world->idents->pdata[id]);
    }
    return result;
}

void result_free(Result *result)
{
    if (!result)
        return;
    for (guint i = 0; i < result->n; i++)
        criterion_unref(result->criteria[i]);
    g_free(result->criteria);
    g_free(result->pins);
    g_free(result->connected);
    g_ptr_array_unref(result->order);
    g_free(result);
}

static gboolean resolution_add_roots(Resolution *resolution, const GPtrArray *roots,
                                     GPtrArray **ret_causes, GError **error)
{
    State *state = resolution_state(resolution);
    Criterion *conflict = NULL;
    for (guint i = 0; !conflict && i < roots->len; i++) {
        if (!resolution_add(resolution, state, roots->pdata[i], NULL, &conflict, error)) {
            resolution_settle(resolution, state, true);
            return FALSE;
        }
    }
    resolution_settle(resolution, state, true);
    if (conflict) {
        *ret_causes = g_ptr_array_ref(conflict->infos);
        criterion_unref(conflict);
    }
    return TRUE;
}

static void resolution_clear(Resolution *resolution)
{
    g_clear_pointer(&resolution->states, g_ptr_array_unref);
    g_clear_pointer(&resolution->saved, g_ptr_array_unref);
    g_clear_pointer(&resolution->changed, g_ptr_array_unref);
    g_clear_pointer(&resolution->changed_ids, g_array_unref);
}

gboolean resolution_run(World *world, const GPtrArray *roots, Result **ret_result,
                        GPtrArray **ret_causes, GError **error)
{
    Resolution resolution = {.world = world, .optimistic = true};
    resolution.states = g_ptr_array_new_with_free_func(state_free);
    resolution.changed = g_ptr_array_new();
    resolution.changed_ids = g_array_new(FALSE, FALSE, sizeof(guint));
    g_ptr_array_add(resolution.states, state_new(world->idents->len));
    g_autoptr(GPtrArray) causes = NULL;
    Round round = ROUND_ERROR;
    if (resolution_add_roots(&resolution, roots, &causes, error)) {
        resolution_push(&resolution);
        round = causes ? ROUND_STOP : resolution_loop(&resolution, &causes, error);
    }
    if (round == ROUND_DONE)
        *ret_result = result_new(world, resolution_state(&resolution));
    else if (round == ROUND_STOP)
        *ret_causes = g_steal_pointer(&causes);
    resolution_clear(&resolution);
    return round != ROUND_ERROR;
}
