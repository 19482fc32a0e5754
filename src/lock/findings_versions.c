#include "lock/findings.h"

/* Versions that moved although no line asks for another one. */

static const LockAction *action_of(const Judge *judge, const char *name)
{
    gint index = judge_find_action(judge, name, true);
    return index >= 0 ? judge->change->locked->actions->pdata[index] : NULL;
}

/* A forced reinstall re-picks the whole graph */

static bool is_asked_for(const LockAction *action)
{
    for (guint i = 0; i < action->edges->len; i++) {
        if (((const LockEdge *)action->edges->pdata[i])->from_line)
            return true;
    }
    return action->requested;
}

/* Whether one of the new requirements would have refused the version that was there. */
static bool had_to_move(const Judge *judge, const Pin *pin)
{
    const InstalledDistribution *before = environment_find(judge->change->before, pin->canonical);
    for (guint i = 0; before && before->metadata && i < pin->edges->len; i++) {
        const Edge *edge = pin->edges->pdata[i];
        if (edge->requirement && edge->requirement->specifiers &&
            !specifier_set_contains(edge->requirement->specifiers, before->metadata->version,
                                    PRERELEASES_YES))
            return true;
    }
    return before == NULL;
}

void judge_reinstall(Judge *judge)
{
    if (!judge->stage->body.pip->force_reinstall)
        return;
    g_autoptr(GStrvBuilder) lines = g_strv_builder_new();
    const Pin *first = NULL;
    unsigned count = 0;
    for (guint i = 0; i < judge->change->solution->pins->len; i++) {
        const Pin *pin = judge->change->solution->pins->pdata[i];
        const LockAction *action = action_of(judge, pin->canonical);
        if ((pin->action != PIN_UPGRADE && pin->action != PIN_DOWNGRADE) || !action ||
            is_asked_for(action) || had_to_move(judge, pin))
            continue;
        first = first ? first : pin;
        g_autofree char *line =
            g_strdup_printf("%s %s -> %s", action->name, action->from_version, action->version);
        if (count++ < FINDING_EVIDENCE)
            g_strv_builder_add(lines, line);
    }
    if (count == 0)
        return;
    judge_count_rest(lines, count);
    Finding *finding = judge_add(
        judge, "reinstall-moved", g_strdup(judge->change->locked->at),
        g_strdup_printf("`force_reinstall` of stage '%s' moves %u %s that nobody asks to change",
                        judge->stage->name, count, count == 1 ? "distribution" : "distributions"));
    finding->distribution = g_strdup(first->canonical);
    finding->version = g_strdup(solve_installed_version(first->installed));
    finding->found = g_strdup(version_text(first->version));
    finding->evidence = g_strv_builder_end(lines);
    finding->hint = g_strdup("`no_deps: true` replaces the named packages alone");
}

/* A constraint that drags its parents down */

static const StageInputs *inputs_of(const Judge *judge)
{
    const Solve *solve = judge->change->solve;
    return solve->together.inputs ? solve->together.inputs
                                  : solve->inputs->pdata[judge->change->index];
}

static const GPtrArray *constraints_of(const Judge *judge)
{
    return inputs_of(judge)->inputs->constraints;
}

static bool is_constrained(const Judge *judge, const char *name)
{
    const GPtrArray *lines = constraints_of(judge);
    for (guint i = 0; i < lines->len; i++) {
        const PipRequirement *line = lines->pdata[i];
        if (line->requirement && g_str_equal(line->requirement->canonical, name))
            return true;
    }
    return false;
}

/* The search left newer versions of it behind, and no constraint on its own name explains that. */
static bool is_suspect(const Judge *judge, const Pin *pin)
{
    return pin->action != PIN_KEEP && pin->newer_tried > 0 &&
           !is_constrained(judge, pin->canonical);
}

/* What was solved, which is the stage or all of them at once, with these constraints. */
static gboolean solve_changed(const Judge *judge, const StageInputs *inputs,
                              Solution **ret_solution, Conflict **ret_conflict)
{
    Solve *solve = judge->change->solve;
    const StageInputs *own = solve->inputs->pdata[judge->change->index];
    if (solve->together.inputs)
        return solve_resolve(solve, inputs, NULL, solve->together.options,
                             solve->together.locations, ret_solution, ret_conflict, NULL);
    g_autoptr(GPtrArray) locations = NULL;
    if (!sources_of_stage(&solve->sources, judge->stage->body.pip, own->inputs, &locations, NULL))
        return FALSE;
    ResolveOptions options = solve_options(solve, judge->stage->body.pip);
    gboolean done = solve_resolve(solve, inputs, judge->stage->name, &options, locations,
                                  ret_solution, ret_conflict, NULL);
    solve_options_clear(&options);
    return done;
}

/* NULL where that has no solution or can't be known. */
static Solution *search_again(const Judge *judge, GPtrArray *constraints)
{
    Solve *solve = judge->change->solve;
    PipInputs inputs = *inputs_of(judge)->inputs;
    inputs.constraints = constraints;
    StageInputs changed = *inputs_of(judge);
    changed.inputs = &inputs;
    Solution *solution = NULL;
    Conflict *conflict = NULL;
    Environment *now = solve->environment;
    solve->environment =
        solve->together.inputs ? solve->together.start : (Environment *)judge->change->before;
    solve_changed(judge, &changed, &solution, &conflict);
    solve->environment = now;
    conflict_free(conflict);
    return solution;
}

/* Stages that are solved at once have a line of the recipe once each. */
static bool same_line(const PipRequirement *a, const PipRequirement *b)
{
    return a == b || (span_is_set(a->at) && span_is_set(b->at) && a->at.line == b->at.line &&
                      a->at.column == b->at.column && g_str_equal(a->text, b->text) &&
                      g_str_equal(source_name(a->at.source), source_name(b->at.source)));
}

/* The constraint lines but for `without`; NULL: none of them. */
static GPtrArray *constraints_without(const Judge *judge, const PipRequirement *without)
{
    const GPtrArray *lines = constraints_of(judge);
    GPtrArray *left = g_ptr_array_new();
    for (guint i = 0; i < lines->len; i++) {
        if (without && !same_line(lines->pdata[i], without))
            g_ptr_array_add(left, lines->pdata[i]);
    }
    return left;
}

static Solution *search_without(const Judge *judge, const PipRequirement *without)
{
    g_autoptr(GPtrArray) constraints = constraints_without(judge, without);
    return search_again(judge, constraints);
}

static bool refuses(const PipRequirement *line, const Solution *solution)
{
    const Pin *pin =
        line->requirement ? solution_find(solution, line->requirement->canonical) : NULL;
    return pin && line->requirement->specifiers &&
           !specifier_set_contains(line->requirement->specifiers, pin->version, PRERELEASES_YES);
}

/* What the version that would be there requires of the constrained name. */
static char *describe_reason(const Judge *judge, const Pin *free, const char *name)
{
    for (guint i = 0; i < free->metadata->requires_dist->len; i++) {
        const Requirement *requirement = free->metadata->requires_dist->pdata[i];
        if (!g_str_equal(requirement->canonical, name) ||
            (requirement->marker &&
             !marker_evaluate(requirement->marker, judge->change->solve->markers, "")))
            continue;
        g_autofree char *clause = requirement_clause(requirement);
        return g_strdup_printf("%s %s requires %s", free->canonical, version_text(free->version),
                               clause);
    }
    return NULL;
}

/* What is downloaded because of the line, and how many distributions that is. */
static guint64 cost_of(const Judge *judge, const Solution *free, unsigned *ret_count)
{
    guint64 size = 0;
    *ret_count = 0;
    for (guint i = 0; i < judge->change->solution->pins->len; i++) {
        const Pin *pin = judge->change->solution->pins->pdata[i];
        const Pin *other = solution_find(free, pin->canonical);
        if (pin->action == PIN_KEEP || (other && other->action != PIN_KEEP &&
                                        version_compare(pin->version, other->version) == 0))
            continue;
        const LockAction *action = action_of(judge, pin->canonical);
        size += action && action->file ? action->file->size : 0;
        (*ret_count)++;
    }
    return size;
}

static void add_drag(const Judge *judge, const Pin *pin, const Solution *free,
                     const PipRequirement *line)
{
    const Pin *would = solution_find(free, pin->canonical);
    bool down = pin->action == PIN_DOWNGRADE;
    g_autofree char *address = span_address(line->at);
    const char *tail = pin->newer_tried == 1 ? "version was" : "versions were";
    Finding *finding = judge_add(
        judge, "constraint-downgrade", g_strdup(address ? address : judge->change->locked->at),
        g_strdup_printf(
            "the constraint %s makes stage '%s' %s %s%s%s %s %s: %u newer %s tried and "
            "refused",
            line->text, judge->stage->name, down ? "take" : "install", down ? pin->canonical : "",
            down ? " from " : pin->canonical, down ? solve_installed_version(pin->installed) : "",
            down ? "down to" : "in version", version_text(pin->version), pin->newer_tried, tail));
    if (!down)
        finding->severity = SEVERITY_NOTE;
    unsigned count = 0;
    guint64 size = cost_of(judge, free, &count);
    g_autofree char *bytes = g_format_size(size);
    g_autoptr(GStrvBuilder) lines = g_strv_builder_new();
    g_autofree char *reason = describe_reason(judge, would, line->requirement->canonical);
    g_autofree char *without =
        would->action == PIN_KEEP ? g_strdup_printf("without it %s %s stays", would->canonical,
                                                    version_text(would->version))
                                  : g_strdup_printf("without it %s %s would be installed",
                                                    would->canonical, version_text(would->version));
    g_autofree char *cost =
        g_strdup_printf("%u %s because of it, %s to download", count,
                        count == 1 ? "distribution changes" : "distributions change", bytes);
    if (reason)
        g_strv_builder_add(lines, reason);
    g_strv_builder_add(lines, without);
    g_strv_builder_add(lines, cost);
    finding->evidence = g_strv_builder_end(lines);
    finding->distribution = g_strdup(pin->canonical);
    finding->version = g_strdup(version_text(would->version));
    finding->requirement = g_strdup(line->text);
    finding->found = g_strdup(version_text(pin->version));
    finding->hint = g_strdup_printf("drop or loosen the constraint, or hold %s as well, so that "
                                    "the two contradict each other: `constraints: [%s==%s]`",
                                    pin->canonical, pin->canonical, version_text(would->version));
}

static bool is_dragged(const Pin *pin, const Solution *free)
{
    const Pin *would = solution_find(free, pin->canonical);
    return would && version_compare(would->version, pin->version) > 0;
}

/* The first of the refusing lines without which the version would be newer. */
static void judge_suspect(const Judge *judge, const Pin *pin, const Solution *all_free)
{
    const GPtrArray *lines = constraints_of(judge);
    unsigned tries = 0;
    for (guint i = 0; i < lines->len && tries < FINDING_EVIDENCE; i++) {
        if (!refuses(lines->pdata[i], all_free))
            continue;
        tries++;
        g_autoptr(Solution) free = search_without(judge, lines->pdata[i]);
        if (free && is_dragged(pin, free)) {
            add_drag(judge, pin, free, lines->pdata[i]);
            return;
        }
    }
}

void judge_held_back(Judge *judge)
{
    if (constraints_of(judge)->len == 0)
        return;
    g_autoptr(Solution) all_free = NULL;
    for (guint i = 0; i < judge->change->solution->pins->len; i++) {
        const Pin *pin = judge->change->solution->pins->pdata[i];
        if (!is_suspect(judge, pin))
            continue;
        if (!all_free && !(all_free = search_without(judge, NULL)))
            return;
        if (is_dragged(pin, all_free))
            judge_suspect(judge, pin, all_free);
    }
}
