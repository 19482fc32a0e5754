#include "python/conflict_lines.h"
#include "python/ways_out.h"

static TrialAnswer lines_try(Trials *trials, const Lines *lines)
{
    TrialPlan plan = {.lines = lines};
    g_autoptr(Trial) trial = trial_run(trials, &plan);
    return trial->answer;
}

static Lines lines_of(const World *world)
{
    const PipInputs *inputs = world->request->inputs;
    return (Lines){inputs->roots, inputs->constraints, NULL};
}

static bool conflict_names(const Conflict *conflict, const PipRequirement *line)
{
    for (guint i = 0; i < conflict->causes->len; i++) {
        const ConflictCause *cause = conflict->causes->pdata[i];
        if (cause->root == line || cause->chain_root == line)
            return true;
    }
    return false;
}

/* Leaves the lines that the conflict names, with all constraints or with those that it names. */
static void lines_keep_named(Lines *lines, const Conflict *conflict, bool constraints)
{
    for (guint i = lines_count(lines); i > 0; i--) {
        const PipRequirement *line = lines_get(lines, i - 1);
        bool keep = !constraints && i > lines->roots->len;
        if (!keep && !conflict_names(conflict, line))
            lines_remove(lines, line);
    }
}

/* The lines that the conflict names, if they conflict without the others; that saves trials. */
static void lines_guess(Trials *trials, Lines *lines, const Conflict *conflict)
{
    guint count = lines_count(lines);
    for (unsigned constraints = 1;; constraints--) {
        Lines named = lines_copy(lines);
        lines_keep_named(&named, conflict, constraints);
        bool found = lines_count(&named) < count && lines_try(trials, &named) == TRIAL_CONFLICT;
        if (found) {
            lines_clear(lines);
            *lines = named;
        } else {
            lines_clear(&named);
        }
        if (found || constraints == 0)
            return;
    }
}

/* Leaves out `size` lines at a time, the last ones first, where the others still conflict. */
static bool lines_reduce_by(Trials *trials, Lines *lines, guint size)
{
    bool reduced = false;
    for (guint end = lines_count(lines); end > 0;) {
        guint begin = end > size ? end - size : 0;
        Lines fewer = lines_copy(lines);
        for (guint i = begin; i < end; i++)
            lines_remove(&fewer, lines_get(lines, i));
        bool conflict = lines_count(&fewer) > 0 && lines_try(trials, &fewer) == TRIAL_CONFLICT;
        if (conflict) {
            lines_clear(lines);
            *lines = fewer;
            reduced = true;
        } else {
            lines_clear(&fewer);
        }
        end = begin;
    }
    return reduced;
}

/* A search that is not complete may fail on less after it has succeeded on more, so single lines
 * are tried until none can be left out. */
static void lines_reduce(Trials *trials, Lines *lines)
{
    guint count = lines_count(lines);
    for (guint size = count > 8 ? count / 2 : 1; size > 1; size /= 2)
        lines_reduce_by(trials, lines, size);
    while (lines_count(lines) > 1 && !trials->stopped && lines_reduce_by(trials, lines, 1)) {
    }
}

/* Those of the pins that the conflict names, where they are enough; else all of them. */
static GPtrArray *pins_guess(Trials *trials, Lines *lines, const Conflict *conflict,
                             const GPtrArray *all)
{
    GPtrArray *named = g_ptr_array_new();
    for (guint i = 0; i < all->len; i++) {
        const InstalledDistribution *pin = all->pdata[i];
        bool found = g_str_equal(pin->canonical, conflict->name);
        for (guint k = 0; k < conflict->causes->len && !found; k++)
            found = g_strcmp0(((ConflictCause *)conflict->causes->pdata[k])->parent,
                              pin->canonical) == 0;
        if (found)
            g_ptr_array_add(named, all->pdata[i]);
    }
    lines->pins = named;
    if (named->len > 0 && named->len < all->len && lines_try(trials, lines) == TRIAL_CONFLICT)
        return named;
    g_ptr_array_set_size(named, 0);
    for (guint i = 0; i < all->len; i++)
        g_ptr_array_add(named, all->pdata[i]);
    return named;
}

static bool pins_reduce_by(Trials *trials, Lines *lines, guint size)
{
    bool reduced = false;
    for (guint end = lines->pins->len; end > 0;) {
        guint begin = end > size ? end - size : 0;
        Lines fewer = lines_copy(lines);
        g_ptr_array_remove_range(fewer.pins, begin, end - begin);
        bool conflict = lines_try(trials, &fewer) == TRIAL_CONFLICT;
        if (conflict) {
            g_ptr_array_set_size(lines->pins, 0);
            g_ptr_array_extend(lines->pins, fewer.pins, NULL, NULL);
            reduced = true;
        }
        lines_clear(&fewer);
        end = begin;
    }
    return reduced;
}

/* What earlier stages installed and the lines, a smallest set already, need for the conflict. */
static void conflict_find_inherited(Trials *trials, const Lines *lines, Conflict *conflict)
{
    g_autoptr(GPtrArray) all = world_inherited(trials->world);
    g_autoptr(GPtrArray) none = g_ptr_array_new();
    if (all->len == 0)
        return;
    Lines some = {lines->roots, lines->constraints, none};
    TrialAnswer relaxed = lines_try(trials, &some);
    if (relaxed == TRIAL_CONFLICT || relaxed == TRIAL_OPEN)
        return;
    g_autoptr(GPtrArray) pins = pins_guess(trials, &some, conflict, all);
    for (guint size = pins->len > 4 ? pins->len / 2 : 1; size > 1; size /= 2)
        pins_reduce_by(trials, &some, size);
    while (pins->len > 1 && !trials->stopped && pins_reduce_by(trials, &some, 1)) {
    }
    g_ptr_array_extend(conflict->inherited, pins, NULL, NULL);
}

static Conflict *lines_explain(Trials *trials, const Lines *lines)
{
    TrialPlan plan = {.lines = lines};
    g_autoptr(Trial) trial = trial_run(trials, &plan);
    return trial->answer == TRIAL_CONFLICT ? conflict_from_causes(trial->world, trial->causes)
                                           : NULL;
}

static Conflict *conflict_reduce(Trials *trials, Conflict *conflict, const Lines *all, Lines *lines)
{
    lines_guess(trials, lines, conflict);
    lines_reduce(trials, lines);
    Conflict *less = lines_count(lines) < lines_count(all) ? lines_explain(trials, lines) : NULL;
    if (less)
        conflict_free(conflict);
    else
        less = conflict;
    for (guint i = 0; i < lines_count(lines); i++)
        g_ptr_array_add(less->lines, (gpointer)lines_get(lines, i));
    conflict_find_inherited(trials, lines, less);
    return less;
}

static unsigned conflicts_of(const World *world, const PipRequirement *line)
{
    const Ident *ident = g_hash_table_lookup(world->ident_table, line->requirement->canonical);
    return ident ? ident->conflicts : 0;
}

/* Leaves the lines whose names were most often in the way, `count` of them. */
static void lines_keep_busiest(const World *world, Lines *lines, guint count)
{
    while (lines_count(lines) > count) {
        const PipRequirement *least = lines_get(lines, lines_count(lines) - 1);
        for (guint i = lines_count(lines); i > 0; i--) {
            const PipRequirement *line = lines_get(lines, i - 1);
            if (conflicts_of(world, line) < conflicts_of(world, least))
                least = line;
        }
        lines_remove(lines, least);
    }
}

/* The search was given up: nothing tells which lines conflict, if any do. */
static void ways_out_of_depth(Trials *trials, const Lines *all, Conflict *conflict)
{
    g_auto(Lines) busiest = lines_copy(all);
    lines_keep_busiest(trials->world, &busiest, LINES_TRIED);
    ways_out_find(trials, all, &busiest, conflict);
}

Conflict *search_explain(World *world, const GPtrArray *causes)
{
    Conflict *conflict = conflict_from_causes(world, causes);
    Trials trials;
    Lines all = lines_of(world);
    trials_begin(&trials, world);
    ways_out_beyond_pip(&trials, &all, conflict);
    if (causes->len > 0 && !conflict->solvable) {
        g_auto(Lines) lines = lines_copy(&all);
        conflict = conflict_reduce(&trials, conflict, &all, &lines);
        ways_out_find(&trials, &all, &lines, conflict);
    }
    if (causes->len == 0)
        ways_out_of_depth(&trials, &all, conflict);
    trials_end(&trials, conflict);
    return conflict;
}

static void explain_source(World *world, Conflict *conflict)
{
    Trials trials;
    Lines all = lines_of(world);
    trials_begin(&trials, world);
    ways_out_of_source(&trials, &all, conflict);
    trials_end(&trials, conflict);
}

Conflict *search_explain_source(World *world, const Candidate *candidate, const GPtrArray *infos)
{
    Conflict *conflict = conflict_from_source(world, candidate, infos);
    explain_source(world, conflict);
    return conflict;
}

Conflict *search_explain_error(World *world, const GError *error)
{
    Conflict *conflict = conflict_from_error(world, error);
    bool any = false;
    for (guint i = 0; i < conflict->refused->len; i++)
        any |= ((RefusedFile *)conflict->refused->pdata[i])->reason == REFUSED_FORMAT;
    if (any)
        explain_source(world, conflict);
    return conflict;
}
