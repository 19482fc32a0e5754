#include "lock/findings.h"
#include "python/name.h"

static bool acknowledges_break(const Acknowledge *entry, const BrokenRequirement *broken)
{
    if (!entry->dist || !entry->requires)
        return false;
    g_autofree char *dist = name_canonicalize(entry->dist);
    g_autoptr(Requirement) clause = requirement_parse(entry->requires, NULL);
    return clause && g_str_equal(dist, broken->distribution->canonical) &&
           requirement_same_clause(clause, broken->requirement);
}

const Acknowledge *acknowledge_find_break(Judge *judge, const BrokenRequirement *broken)
{
    const GPtrArray *entries = judge->stage->acknowledge;
    for (guint i = 0; entries && i < entries->len; i++) {
        if (!acknowledges_break(entries->pdata[i], broken))
            continue;
        judge->acknowledged[i] = true;
        return entries->pdata[i];
    }
    return NULL;
}

/* `protect: NAME`, or a `requires:` on the name that is really broken, which lifts its protection
 * as well. */
const Acknowledge *acknowledge_find_protect(Judge *judge, const char *name)
{
    const GPtrArray *entries = judge->stage->acknowledge;
    for (guint i = 0; entries && i < entries->len; i++) {
        const Acknowledge *entry = entries->pdata[i];
        g_autofree char *glob = entry->protect ? solve_name_pattern(entry->protect) : NULL;
        g_autoptr(Requirement) clause =
            entry->requires ? requirement_parse(entry->requires, NULL) : NULL;
        bool broken = clause && judge->acknowledged[i] && g_str_equal(clause->canonical, name);
        if (!(glob && g_pattern_match_simple(glob, name)) && !broken)
            continue;
        if (entry->protect)
            judge->acknowledged[i] = true;
        return entry;
    }
    return NULL;
}

void judge_remember_forced(const Judge *judge, const char *name)
{
    Solve *solve = judge->change->solve;
    const InstalledDistribution *now = environment_find(solve->environment, name);
    if (!now)
        return;
    ForcedPackage *forced = g_new0(ForcedPackage, 1);
    forced->name = g_strdup(name);
    forced->version = g_strdup(solve_installed_version(now));
    forced->stage = g_strdup(judge->stage->name);
    forced->at = g_strdup(judge->change->locked->at);
    g_ptr_array_add(solve->forced, forced);
}

void finding_set_acknowledged(Finding *finding, const Acknowledge *entry)
{
    finding->acknowledged = true;
    g_strfreev(finding->evidence);
    g_autofree char *address = span_address(entry->at);
    finding->evidence = g_new0(char *, 2);
    finding->evidence[0] = g_strdup_printf("acknowledged at %s: %s", address ? address : "?",
                                           entry->why ? entry->why : "");
}

/* What the distribution really says about the name in the entry's clause. */
static char *describe_held(const Judge *judge, const InstalledDistribution *found,
                           const Acknowledge *entry)
{
    g_autoptr(Requirement) clause = requirement_parse(entry->requires, NULL);
    const GPtrArray *requires = found->metadata ? found->metadata->requires_dist : NULL;
    g_autofree char *other = NULL;
    for (guint i = 0; clause && requires && i < requires->len; i++) {
        const Requirement *requirement = requires->pdata[i];
        if (!g_str_equal(requirement->canonical, clause->canonical))
            continue;
        if (requirement_same_clause(requirement, clause))
            return g_strdup("but it does");
        g_free(other);
        other = requirement_clause(requirement);
    }
    return other ? g_strdup_printf("but what it requires is %s", other)
                 : g_strdup("but it requires no such thing");
}

void judge_stale_entry(const Judge *judge, const Acknowledge *entry)
{
    const char *stage = judge->stage->name;
    g_autofree char *dist = entry->dist ? name_canonicalize(entry->dist) : NULL;
    const InstalledDistribution *found =
        dist ? environment_find(judge->change->solve->environment, dist) : NULL;
    char *message;
    if (entry->protect) {
        message = g_strdup_printf("stage '%s' acknowledges a change of %s, which does not happen",
                                  stage, entry->protect);
    } else if (!found) {
        message = g_strdup_printf("stage '%s' acknowledges a break of %s, which is not installed",
                                  stage, entry->dist);
    } else {
        g_autofree char *held = describe_held(judge, found, entry);
        message = g_strdup_printf("stage '%s' acknowledges that %s %s does not get %s, %s", stage,
                                  dist, solve_installed_version(found), entry->requires, held);
    }
    Finding *finding = judge_add(judge, "acknowledge-stale", span_address(entry->at), message);
    finding->distribution = g_steal_pointer(&dist);
    finding->requirement = g_strdup(entry->requires);
    finding->hint = g_strdup("remove the entry, so that a later break is not hidden by it");
}
