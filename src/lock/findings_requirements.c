#include "lock/findings.h"

/* A clause as a value of a YAML flow map. */
static char *yaml_value(const char *clause)
{
    return strpbrk(clause, ",[]{}:#") ? g_strdup_printf("\"%s\"", clause) : g_strdup(clause);
}

/* A break is the same as one before when nothing that takes part in it has changed. */
static bool was_broken(const Judge *judge, const BrokenRequirement *broken)
{
    for (guint i = 0; i < judge->broken_before->len; i++) {
        const BrokenRequirement *old = judge->broken_before->pdata[i];
        if (old->distribution == broken->distribution && old->found == broken->found &&
            requirement_same_clause(old->requirement, broken->requirement))
            return true;
    }
    return false;
}

static char *describe_break(const Judge *judge, const BrokenRequirement *broken, const char *clause)
{
    g_autofree char *who = judge_describe(judge, broken->distribution);
    g_autofree char *what = broken->found ? judge_describe(judge, broken->found) : NULL;
    bool own = g_strcmp0(broken->distribution->stage, judge->stage->name) == 0;
    if (own && !what)
        return g_strdup_printf("stage '%s' installs %s, which requires %s, but %s is not installed",
                               judge->stage->name, who, clause, broken->requirement->canonical);
    if (own)
        return g_strdup_printf("stage '%s' installs %s, which requires %s, but there is %s",
                               judge->stage->name, who, clause, what);
    if (!what)
        return g_strdup_printf("stage '%s' breaks %s, which requires %s: it removes %s",
                               judge->stage->name, who, clause, broken->requirement->canonical);
    return g_strdup_printf("stage '%s' breaks %s, which requires %s: it installs %s",
                           judge->stage->name, who, clause, what);
}

static char *hint_break(const BrokenRequirement *broken, const char *clause)
{
    g_autofree char *value = yaml_value(clause);
    return g_strdup_printf(
        "%s a version that meets %s, or declare the break in this stage: `acknowledge: [{dist: %s, "
        "requires: %s, why: ...}]`",
        broken->found ? "ask for" : "install", clause, broken->distribution->canonical, value);
}

void judge_break(Judge *judge, const BrokenRequirement *broken)
{
    const Acknowledge *entry = acknowledge_find_break(judge, broken);
    const char *name = broken->requirement->canonical;
    if (was_broken(judge, broken))
        return;
    g_autofree char *clause = requirement_clause(broken->requirement);
    Finding *finding = judge_add(judge, "breaks-requirement", judge_place_of(judge, name),
                                 describe_break(judge, broken, clause));
    finding->distribution = g_strdup(broken->distribution->canonical);
    finding->version = g_strdup(solve_installed_version(broken->distribution));
    finding->requirement = g_strdup(clause);
    finding->found = broken->found ? g_strdup(solve_installed_version(broken->found)) : NULL;
    finding->hint = hint_break(broken, clause);
    judge_set_chain(judge, finding, name);
    if (entry)
        finding_set_acknowledged(finding, entry);
    const GPtrArray *chain = judge_nearest_chain(judge, name);
    if (entry || (chain && chain->len == 1))
        judge_remember_forced(judge, name);
}
