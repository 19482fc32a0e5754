#include "plan/why.h"

#include "base/mask.h"
#include "base/names.h"
#include "lock/lock_chains.h"
#include "python/requirement.h"

static void why_clause_free(void *data)
{
    WhyClause *clause = data;
    g_ptr_array_unref(clause->chains);
    g_free(clause->clause);
    g_free(clause);
}

static void why_stage_free(void *data)
{
    WhyStage *stage = data;
    g_ptr_array_unref(stage->clauses);
    g_free(stage);
}

void why_free(Why *why)
{
    if (!why)
        return;
    g_free(why->name);
    g_ptr_array_unref(why->stages);
    g_ptr_array_unref(why->broken);
    g_free(why);
}

/* Clauses */

static GPtrArray *chain_new(void)
{
    return g_ptr_array_new_with_free_func(g_free);
}

/* What a line says about versions, without its hashes and passwords. */
static char *clean_clause(const char *text)
{
    g_autofree char *bare = strip_credentials(text);
    char *hashes = strstr(bare, " --");
    if (hashes)
        *hashes = '\0';
    return g_strdup(g_strchomp(bare));
}

static WhyBound bound_of_specifier(const Specifier *specifier)
{
    switch (specifier->op) {
    case OP_EQUAL:
        return specifier->wildcard ? BOUND_ABOVE : BOUND_EXACT;
    case OP_ARBITRARY:
        return BOUND_EXACT;
    case OP_LESS:
    case OP_LESS_EQUAL:
    case OP_COMPATIBLE:
        return BOUND_ABOVE;
    case OP_NOT_EQUAL:
    case OP_GREATER:
    case OP_GREATER_EQUAL:
        break;
    }
    return BOUND_NONE;
}

static WhyBound bound_of(const Requirement *requirement)
{
    if (!requirement || requirement->url)
        return BOUND_EXACT;
    size_t count;
    const Specifier *items = specifier_set_items(requirement->specifiers, &count);
    WhyBound bound = BOUND_NONE;
    for (size_t i = 0; i < count; i++)
        bound = MAX(bound, bound_of_specifier(&items[i]));
    return bound;
}

/* A text that is no requirement (a path, say) names one file, which no other version is. */
static bool accepts(const Requirement *requirement, const char *text)
{
    g_autoptr(Version) version = text ? version_parse(text, NULL) : NULL;
    if (!requirement || requirement->url || !version)
        return true;
    return specifier_set_contains(requirement->specifiers, version, PRERELEASES_YES);
}

/* Takes `chains`. */
static WhyClause *clause_new(WhyKind kind, GPtrArray *chains, const char *text, const char *version)
{
    WhyClause *clause = g_new0(WhyClause, 1);
    clause->kind = kind;
    clause->chains = chains;
    clause->clause = clean_clause(text);
    g_autoptr(Requirement) requirement = requirement_parse(clause->clause, NULL);
    clause->bound = bound_of(requirement);
    clause->met = accepts(requirement, version);
    return clause;
}

static GPtrArray *chains_of_line(const char *line)
{
    GPtrArray *chains = g_ptr_array_new_with_free_func((GDestroyNotify)g_ptr_array_unref);
    GPtrArray *chain = chain_new();
    g_ptr_array_add(chain, g_strdup(line));
    g_ptr_array_add(chains, chain);
    return chains;
}

static gint find_action(const LockStage *stage, const char *name)
{
    for (guint i = 0; i < stage->actions->len; i++) {
        if (g_str_equal(((LockAction *)stage->actions->pdata[i])->name, name))
            return (gint)i;
    }
    return -1;
}

/* The chains to a distribution of the stage, each with the distribution itself at its end. */
static GPtrArray *chains_through(const LockStage *stage, const GPtrArray *all, const char *parent)
{
    GPtrArray *chains = g_ptr_array_new_with_free_func((GDestroyNotify)g_ptr_array_unref);
    gint index = find_action(stage, parent);
    const GPtrArray *above = index >= 0 ? all->pdata[index] : NULL;
    const LockDistribution *found = lock_stage_find(stage, parent);
    const char *version = index >= 0 ? ((LockAction *)stage->actions->pdata[index])->version
                          : found    ? found->version
                                     : "";
    for (guint i = 0; i < (above && above->len > 0 ? above->len : 1); i++) {
        GPtrArray *chain = chain_new();
        const GPtrArray *before = above && above->len > 0 ? above->pdata[i] : NULL;
        for (guint k = 0; before && k < before->len; k++)
            g_ptr_array_add(chain, g_strdup(before->pdata[k]));
        g_ptr_array_add(chain, g_strdup_printf("%s %s", parent, version));
        g_ptr_array_add(chains, chain);
    }
    return chains;
}

static void add_edges(WhyStage *stage, const char *version)
{
    g_autoptr(GPtrArray) all = lock_chains(stage->stage);
    const GPtrArray *edges = stage->action->edges;
    for (guint i = 0; i < edges->len; i++) {
        const LockEdge *edge = edges->pdata[i];
        GPtrArray *chains = edge->from_line ? chains_of_line(edge->from)
                                            : chains_through(stage->stage, all, edge->from);
        g_ptr_array_add(stage->clauses, clause_new(edge->from_line ? WHY_LINE : WHY_REQUIRED,
                                                   chains, edge->requirement, version));
    }
}

static void add_survey(WhyStage *stage, const LockSurvey *survey, const char *name,
                       const char *version)
{
    g_autoptr(GPtrArray) lines = lock_survey_lines(survey, stage->stage->name, name);
    for (guint i = 0; i < lines->len; i++) {
        const SurveyLine *line = lines->pdata[i];
        WhyKind kind = line->kind == SURVEY_OVERRIDE ? WHY_OVERRIDE : WHY_CONSTRAINT;
        const char *at = line->at ? line->at : stage->stage->at;
        g_ptr_array_add(stage->clauses, clause_new(kind, chains_of_line(at), line->text, version));
    }
}

/* Stages */

static WhyEffect effect_of(const LockAction *action)
{
    static const struct {
        const char *action;
        WhyEffect effect;
    } effects[] = {
        {"install", WHY_INSTALLED},     {"upgrade", WHY_CHANGED}, {"downgrade", WHY_CHANGED},
        {"reinstall", WHY_REINSTALLED}, {"keep", WHY_KEPT},       {"remove", WHY_REMOVED},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(effects); i++) {
        if (g_str_equal(effects[i].action, action->action))
            return effects[i].effect;
    }
    return WHY_KEPT;
}

static const LockDistribution *find_in(const GPtrArray *environment, const char *name)
{
    for (guint i = 0; i < environment->len; i++) {
        const LockDistribution *distribution = environment->pdata[i];
        if (!distribution->ghost && g_str_equal(distribution->name, name))
            return distribution;
    }
    return NULL;
}

static void add_stage(Why *why, const LockStage *locked, const LockAction *action,
                      const LockDistribution *before, const LockSurvey *survey)
{
    WhyStage *stage = g_new0(WhyStage, 1);
    stage->stage = locked;
    stage->action = action;
    stage->effect = effect_of(action);
    stage->clauses = g_ptr_array_new_with_free_func(why_clause_free);
    bool changes = stage->effect == WHY_CHANGED || stage->effect == WHY_REMOVED;
    stage->undoes = changes && before ? before->stage : NULL;
    bool removed = stage->effect == WHY_REMOVED;
    add_edges(stage, removed ? NULL : action->version);
    if (survey && !removed)
        add_survey(stage, survey, why->name, action->version);
    g_ptr_array_add(why->stages, stage);
    if (stage->effect != WHY_KEPT)
        why->decided = removed ? NULL : stage;
}

/* A name may be in a stage twice: installed by it and removed at its end. */
static void add_actions(Why *why, const LockStage *locked, const LockDistribution *before,
                        const LockSurvey *survey)
{
    for (guint i = 0; i < locked->actions->len; i++) {
        const LockAction *action = locked->actions->pdata[i];
        if (g_str_equal(action->name, why->name))
            add_stage(why, locked, action, before, survey);
    }
}

static void add_broken(Why *why, const GPtrArray *environment)
{
    for (guint i = 0; why->current && i < environment->len; i++) {
        const LockDistribution *owner = environment->pdata[i];
        for (char **text = owner->requires; !owner->ghost && text && *text; text++) {
            g_autoptr(Requirement) requirement = requirement_parse(*text, NULL);
            if (!requirement || !g_str_equal(requirement->canonical, why->name) ||
                accepts(requirement, why->current->version))
                continue;
            g_autofree char *who = g_strdup_printf("%s %s", owner->name, owner->version);
            g_ptr_array_add(why->broken, clause_new(WHY_REQUIRED, chains_of_line(who), *text,
                                                    why->current->version));
        }
    }
}

Why *why_new(const char *recipe_path, const LockTarget *target, const LockSurvey *survey,
             const char *name)
{
    g_autoptr(Why) why = g_new0(Why, 1);
    why->target = target;
    why->recipe_path = recipe_path;
    why->name = g_strdup(name);
    why->stages = g_ptr_array_new_with_free_func(why_stage_free);
    why->broken = g_ptr_array_new_with_free_func(why_clause_free);
    const GPtrArray *environment = target->base.installed;
    for (guint i = 0; i < target->stages->len; i++) {
        const LockStage *locked = target->stages->pdata[i];
        if (locked->status != STAGE_SOLVED)
            break;
        add_actions(why, locked, find_in(environment, name), survey);
        environment = locked->environment;
    }
    why->current = find_in(environment, name);
    add_broken(why, environment);
    if (!why->current && why->stages->len == 0)
        return NULL;
    return g_steal_pointer(&why);
}

/* Questions */

static void mark_excluding(GPtrArray *clauses, const char *version)
{
    for (guint i = 0; i < clauses->len; i++) {
        WhyClause *clause = clauses->pdata[i];
        g_autoptr(Requirement) requirement = requirement_parse(clause->clause, NULL);
        clause->excludes = !accepts(requirement, version);
    }
}

void why_ask(Why *why, const WhyQuestion *question)
{
    why->question = question;
    for (guint i = 0; i < why->stages->len; i++)
        mark_excluding(((WhyStage *)why->stages->pdata[i])->clauses, question->version);
}

static const char *owner_of(const WhyClause *clause)
{
    const GPtrArray *chain = clause->chains->pdata[0];
    return chain->pdata[chain->len - 1];
}

/* A later stage that keeps a distribution meets the clauses of the earlier one again. */
static bool has_clause(const GPtrArray *clauses, const WhyClause *clause)
{
    for (guint i = 0; i < clauses->len; i++) {
        const WhyClause *other = clauses->pdata[i];
        if (g_str_equal(other->clause, clause->clause) &&
            g_str_equal(owner_of(other), owner_of(clause)))
            return true;
    }
    return false;
}

GPtrArray *why_excluding(const Why *why)
{
    GPtrArray *excluding = g_ptr_array_new();
    bool counts = !why->decided;
    for (guint i = 0; i < why->stages->len; i++) {
        const WhyStage *stage = why->stages->pdata[i];
        counts |= stage == why->decided;
        for (guint k = 0; counts && k < stage->clauses->len; k++) {
            WhyClause *clause = stage->clauses->pdata[k];
            if (clause->excludes && !has_clause(excluding, clause))
                g_ptr_array_add(excluding, clause);
        }
    }
    return excluding;
}

bool why_is_excluded(const Why *why)
{
    g_autoptr(GPtrArray) excluding = why_excluding(why);
    return excluding->len > 0;
}

char *why_failed_text(const LockStage *failed)
{
    return g_strdup_printf("stage '%s' can't be satisfied: %s", failed->name, failed->explanation);
}

const char *why_nearest(const LockTarget *target, const char *name)
{
    g_autoptr(GPtrArray) names = g_ptr_array_new();
    for (guint i = 0; i < target->base.installed->len; i++)
        g_ptr_array_add(names, ((LockDistribution *)target->base.installed->pdata[i])->name);
    for (guint i = 0; i < target->stages->len; i++) {
        const GPtrArray *actions = ((const LockStage *)target->stages->pdata[i])->actions;
        for (guint k = 0; k < actions->len; k++)
            g_ptr_array_add(names, ((LockAction *)actions->pdata[k])->name);
    }
    return names_nearest(name, (const char *const *)names->pdata, names->len);
}
