#include "lock/findings.h"

static void judge_constraints(Judge *judge, const BaseConstraints *constraints)
{
    bool replaced = solve_replaces_base_constraints(judge->stage);
    bool applied = constraints->source && !replaced;
    const char *doing = replaced  ? "the stage's own PIP_CONSTRAINT takes their place"
                        : applied ? "this lock does so too"
                                  : "this lock does not";
    Finding *finding =
        judge_add(judge, "base-configuration", g_strdup(judge->change->locked->at),
                  g_strdup_printf("pip in the base applies the constraints of %s; %s",
                                  constraints->path, doing));
    if (applied || replaced)
        finding->severity = SEVERITY_NOTE;
    else
        finding->hint = g_strdup("copy them beside the recipe and name the file in `constraints:`");
}

/* Files that only the image may have. */
static void judge_own_constraints(Judge *judge)
{
    const Solve *solve = judge->change->solve;
    const StageInputs *inputs = solve->inputs->pdata[judge->change->index];
    for (guint i = 0; i < inputs->unread->len; i++) {
        Finding *finding = judge_add(
            judge, "base-configuration", g_strdup(judge->change->locked->at),
            g_strdup_printf("PIP_CONSTRAINT of stage '%s' names %s, which no earlier stage brings "
                            "and nothing is known of; this lock does not apply it",
                            judge->stage->name, (const char *)inputs->unread->pdata[i]));
        finding->hint = g_strdup("name the file in `constraints:`");
    }
}

/* What the base's own pip is told, which no command of the recipe says. */
void judge_base(Judge *judge)
{
    const Solve *solve = judge->change->solve;
    const BaseFacts *facts = solve->facts;
    const PipConfig *config = facts->pip_config;
    judge_own_constraints(judge);
    for (guint i = 0; i < judge->change->index; i++) {
        if (((const Stage *)solve->recipe->stages->pdata[i])->kind == STAGE_PIP)
            return;
    }
    for (guint i = 0; facts->constraints && i < facts->constraints->len; i++) {
        const BaseConstraints *constraints = facts->constraints->pdata[i];
        if (!constraints->included)
            judge_constraints(judge, constraints);
    }
    if (config && (config->index_url || config->extra_index_urls[0]))
        judge_add(judge, "base-configuration", g_strdup(judge->change->locked->at),
                  g_strdup("pip in the base asks other indexes than this lock"));
}

/* Which index won */

static bool is_of_recipe(const Judge *judge, const IndexLocation *location)
{
    const GPtrArray *indexes = judge->change->solve->recipe->indexes;
    for (guint i = 0; indexes && i < indexes->len; i++) {
        if (g_str_equal(((const RecipeIndex *)indexes->pdata[i])->name, location->name))
            return true;
    }
    return false;
}

static bool has_label(const Version *version)
{
    return strchr(version_text(version), '+') != NULL;
}

/* The index that one would have expected: it has builds for a device (local labels) where the
 * winner's file is none; or the recipe defines it, and an index that it does not define has won a
 * name that it asks for, by a higher version. Names that nobody asked for come from everywhere, as
 * is usual. */
static const Rival *find_expected(const Judge *judge, const Pin *pin)
{
    for (guint i = 0; i < pin->rivals->len; i++) {
        const Rival *rival = pin->rivals->pdata[i];
        bool device = has_label(rival->version) && !has_label(pin->version);
        bool private = pin->requested && is_of_recipe(judge, rival->location) &&
                       !is_of_recipe(judge, pin->file->location) &&
                       version_compare(pin->version, rival->version) > 0;
        if (device || private)
            return rival;
    }
    return NULL;
}

static void judge_index(const Judge *judge, const Pin *pin, const Rival *rival)
{
    const char *won = pin->file->location->name, *lost = rival->location->name;
    int order = version_compare(pin->version, rival->version);
    Finding *finding = judge_add(
        judge, "other-index", judge_place_of(judge, pin->canonical),
        g_strdup_printf("%s %s of stage '%s' comes from the index %s; %s, which has %s%s, lost",
                        pin->canonical, version_text(pin->version), judge->stage->name, won, lost,
                        order > 0 ? "only " : "", version_text(rival->version)));
    finding->distribution = g_strdup(pin->canonical);
    finding->version = g_strdup(version_text(rival->version));
    finding->found = g_strdup(version_text(pin->version));
    judge_set_chain(judge, finding, pin->canonical);
    finding->hint = g_strdup_printf("ask for that build, `%s==%s`, or route the name: `packages: "
                                    "[%s]` of an index asks that index alone",
                                    pin->canonical, version_text(rival->version), pin->canonical);
}

void judge_indexes(Judge *judge)
{
    for (guint i = 0; i < judge->change->solution->pins->len; i++) {
        const Pin *pin = judge->change->solution->pins->pdata[i];
        const Rival *rival = pin->action != PIN_KEEP ? find_expected(judge, pin) : NULL;
        if (rival)
            judge_index(judge, pin, rival);
        else if (pin->action != PIN_KEEP && pin->file)
            judge_shared_name(judge, pin);
    }
}
