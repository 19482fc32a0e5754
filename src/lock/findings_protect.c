#include "lock/findings.h"

static const Text *find_pattern(const GPtrArray *patterns, const char *name)
{
    for (guint i = 0; patterns && i < patterns->len; i++) {
        const Text *pattern = patterns->pdata[i];
        g_autofree char *glob = solve_name_pattern(pattern->text);
        if (g_pattern_match_simple(glob, name))
            return pattern;
    }
    return NULL;
}

/* What protects a name against this stage: the recipe, or an earlier stage. */
static const Text *find_protection(const Judge *judge, const char *name)
{
    const Recipe *recipe = judge->change->solve->recipe;
    const Text *found = find_pattern(recipe->protect, name);
    for (guint i = 0; !found && i < judge->change->index; i++)
        found = find_pattern(((const Stage *)recipe->stages->pdata[i])->protect, name);
    return found;
}

static const char *index_of(const InstalledDistribution *distribution)
{
    const IndexFile *file = distribution->file;
    return file && file->location ? file->location->name : NULL;
}

static bool is_changed(const InstalledDistribution *before, const InstalledDistribution *after)
{
    if (!after)
        return true;
    if (!g_str_equal(solve_installed_version(before), solve_installed_version(after)))
        return true;
    return index_of(before) && index_of(after) && !g_str_equal(index_of(before), index_of(after));
}

static char *describe_change(const Judge *judge, const InstalledDistribution *before,
                             const InstalledDistribution *after)
{
    g_autofree char *old = judge_describe(judge, before);
    if (!after)
        return g_strdup_printf("stage '%s' removes %s, which is protected", judge->stage->name,
                               old);
    const char *index = index_of(after);
    return g_strdup_printf("stage '%s' replaces %s, which is protected, by %s%s%s%s",
                           judge->stage->name, old, solve_installed_version(after),
                           index ? " (index " : "", index ? index : "", index ? ")" : "");
}

static void judge_protected(Judge *judge, const InstalledDistribution *before,
                            const InstalledDistribution *after, const Text *protection)
{
    const char *name = before->canonical;
    const Acknowledge *entry = acknowledge_find_protect(judge, name);
    if (entry && !entry->protect)
        return;
    Finding *finding = judge_add(judge, "protected-changed", judge_place_of(judge, name),
                                 describe_change(judge, before, after));
    finding->distribution = g_strdup(name);
    finding->version = g_strdup(solve_installed_version(before));
    finding->found = after ? g_strdup(solve_installed_version(after)) : NULL;
    judge_set_chain(judge, finding, name);
    finding->hint = g_strdup_printf(
        "hold it in this stage, `constraints: [%s==%s]`, or let it go: `acknowledge: [{protect: "
        "%s, why: ...}]`",
        name, solve_installed_version(before), name);
    g_autofree char *address = span_address(protection->at);
    if (!finding->evidence && address) {
        finding->evidence = g_new0(char *, 2);
        finding->evidence[0] = g_strdup_printf("protected at %s", address);
    }
    if (!entry)
        return;
    finding_set_acknowledged(finding, entry);
    judge_remember_forced(judge, name);
}

/* The last stage that forced the version which was there before this one, or NULL. */
static const ForcedPackage *find_forced(const Judge *judge, const InstalledDistribution *before)
{
    const GPtrArray *forced = judge->change->solve->forced;
    for (guint i = forced->len; i-- > 0;) {
        const ForcedPackage *package = forced->pdata[i];
        if (g_str_equal(package->name, before->canonical) &&
            !g_str_equal(package->stage, judge->stage->name))
            return g_str_equal(package->version, solve_installed_version(before)) ? package : NULL;
    }
    return NULL;
}

static void judge_undone(Judge *judge, const ForcedPackage *forced,
                         const InstalledDistribution *after)
{
    char *message =
        after ? g_strdup_printf("stage '%s' undoes stage '%s' (%s): %s goes from %s to %s",
                                judge->stage->name, forced->stage, forced->at, forced->name,
                                forced->version, solve_installed_version(after))
              : g_strdup_printf("stage '%s' undoes stage '%s' (%s): %s %s is removed",
                                judge->stage->name, forced->stage, forced->at, forced->name,
                                forced->version);
    Finding *finding =
        judge_add(judge, "override-undone", judge_place_of(judge, forced->name), message);
    finding->distribution = g_strdup(forced->name);
    finding->version = g_strdup(forced->version);
    finding->found = after ? g_strdup(solve_installed_version(after)) : NULL;
    judge_set_chain(judge, finding, forced->name);
    finding->hint = g_strdup_printf("move stage '%s' behind this one, or keep its version here: "
                                    "`overrides: [%s==%s]`",
                                    forced->stage, forced->name, forced->version);
    const Acknowledge *entry = acknowledge_find_protect(judge, forced->name);
    if (entry)
        finding_set_acknowledged(finding, entry);
}

void judge_changes(Judge *judge)
{
    const Environment *before = judge->change->before;
    const Environment *after = judge->change->solve->environment;
    for (guint i = 0; i < before->distributions->len; i++) {
        const InstalledDistribution *old = before->distributions->pdata[i];
        const InstalledDistribution *now = environment_find(after, old->canonical);
        if (environment_find(before, old->canonical) != old || !is_changed(old, now))
            continue;
        const ForcedPackage *forced = find_forced(judge, old);
        const Text *protection = find_protection(judge, old->canonical);
        if (forced)
            judge_undone(judge, forced, now);
        else if (protection)
            judge_protected(judge, old, now, protection);
    }
}

/* Names that are never there */

static bool is_on_stage_line(const Recipe *recipe, const Text *item)
{
    for (guint i = 0; i < recipe->stages->len; i++) {
        const Stage *stage = recipe->stages->pdata[i];
        if (stage->at.source == item->at.source && stage->at.line == item->at.line)
            return true;
    }
    return false;
}

static bool was_installed(const Solve *solve, const char *name)
{
    if (environment_find(solve->environment, name))
        return true;
    const GPtrArray *base = solve->target->base.installed;
    for (guint i = 0; base && i < base->len; i++) {
        if (g_str_equal(((const LockDistribution *)base->pdata[i])->name, name))
            return true;
    }
    for (guint i = 0; i < solve->target->stages->len; i++) {
        if (lock_stage_find(solve->target->stages->pdata[i], name))
            return true;
    }
    return false;
}

static void judge_protect_item(const Judge *judge, const Text *item)
{
    const Solve *solve = judge->change->solve;
    g_autofree char *name = solve_name_pattern(item->text);
    if (strpbrk(name, "*?") || was_installed(solve, name))
        return;
    g_autofree char *address = span_address(item->at);
    Finding *finding = judge_add(
        judge, "protect-unmatched", g_strdup(address ? address : judge->change->locked->at),
        g_strdup_printf("`protect:` names %s, which neither the base nor a stage installs", name));
    finding->distribution = g_strdup(name);
    finding->hint = g_strdup("correct the name, or remove the entry");
    if (solve->recipe->row || solve->target->base.facts == LOCK_FACTS_DECLARED)
        finding->severity = SEVERITY_NOTE;
}

static bool is_last_pip_stage(const Judge *judge)
{
    const GPtrArray *stages = judge->change->solve->recipe->stages;
    for (guint i = judge->change->index + 1; i < stages->len; i++) {
        if (((const Stage *)stages->pdata[i])->kind == STAGE_PIP)
            return false;
    }
    return true;
}

/* Names of the recipe, not globs, and not what stage definitions protect (which stands on the line
 * of the stage): those say what might be there. Another row may install the name, and a base whose
 * content is only declared may have it. */
void judge_protect_unmatched(Judge *judge)
{
    const Recipe *recipe = judge->change->solve->recipe;
    if (!is_last_pip_stage(judge))
        return;
    for (guint i = 0; recipe->protect && i < recipe->protect->len; i++) {
        if (!is_on_stage_line(recipe, recipe->protect->pdata[i]))
            judge_protect_item(judge, recipe->protect->pdata[i]);
    }
    for (guint i = 0; i < recipe->stages->len; i++) {
        const GPtrArray *own = ((const Stage *)recipe->stages->pdata[i])->protect;
        for (guint k = 0; own && k < own->len; k++)
            judge_protect_item(judge, own->pdata[k]);
    }
}
