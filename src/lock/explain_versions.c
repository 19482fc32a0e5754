#include "lock/solve_words.h"

#include "lock/lock_chains.h"

/* Longer lists are given by their ends. */
#define VERSIONS_LISTED 8

static bool is_one_version(const SpecifierSet *set)
{
    size_t count = 0;
    const Specifier *items = specifier_set_items(set, &count);
    return count == 1 && (items[0].op == OP_EQUAL || items[0].op == OP_ARBITRARY) &&
           !items[0].wildcard;
}

/* "; there are 2.6.0 and 2.7.0": the neighbours of a version that does not exist. */
static char *describe_neighbours(const Conflict *conflict, const SpecifierSet *set)
{
    size_t count = 0;
    const Version *wanted = specifier_set_items(set, &count)[0].version;
    const char *below = NULL, *above = NULL;
    for (char **text = conflict->versions; wanted && *text && !above; text++) {
        g_autoptr(Version) version = version_parse(*text, NULL);
        if (version && version_compare(version, wanted) < 0)
            below = *text;
        else if (version)
            above = *text;
    }
    if (!below && !above)
        return g_strdup("");
    return g_strdup_printf("; next to it %s %s%s%s", below && above ? "are" : "is",
                           below ? below : "", below && above ? " and " : "", above ? above : "");
}

/* Those that the set accepts (NULL: all); pre-releases only where there is nothing else. */
static GPtrArray *versions_shown(char **versions, const SpecifierSet *set)
{
    GPtrArray *finals = g_ptr_array_new();
    g_autoptr(GPtrArray) all = g_ptr_array_new();
    for (char **text = versions; *text; text++) {
        g_autoptr(Version) version = version_parse(*text, NULL);
        if (!version || (set && !specifier_set_contains(set, version, PRERELEASES_YES)))
            continue;
        g_ptr_array_add(all, *text);
        if (!version_is_prerelease(version))
            g_ptr_array_add(finals, *text);
    }
    if (finals->len > 0)
        return finals;
    g_ptr_array_unref(finals);
    return g_steal_pointer(&all);
}

char *explain_allowed(const Conflict *conflict, const char *requirement)
{
    g_autoptr(Requirement) clause = requirement_parse(requirement, NULL);
    if (!clause || !conflict->versions || !conflict->versions[0] ||
        !g_str_equal(clause->canonical, conflict->name) ||
        specifier_set_is_empty(clause->specifiers))
        return g_strdup("");
    g_autoptr(GPtrArray) allowed = versions_shown(conflict->versions, clause->specifiers);
    const char *oldest = allowed->len > 0 ? allowed->pdata[0] : NULL;
    const char *newest = allowed->len > 0 ? allowed->pdata[allowed->len - 1] : NULL;
    if (!oldest && is_one_version(clause->specifiers)) {
        g_autofree char *neighbours = describe_neighbours(conflict, clause->specifiers);
        return g_strdup_printf(" (no such version%s)", neighbours);
    }
    if (!oldest)
        return g_strdup(" (allows none of them)");
    if (is_one_version(clause->specifiers))
        return g_strdup("");
    if (oldest == newest)
        return g_strdup_printf(" (allows %s)", oldest);
    return g_strdup_printf(" (allows %s to %s)", oldest, newest);
}

static char *describe_versions(char **versions)
{
    g_autoptr(GPtrArray) shown = versions_shown(versions, NULL);
    guint count = shown->len;
    if (count == 0)
        return g_strdup("none");
    if (g_strv_length(versions) <= VERSIONS_LISTED)
        return g_strjoinv(", ", versions);
    return g_strdup_printf("%s to %s, %u versions", (char *)shown->pdata[0],
                           (char *)shown->pdata[count - 1], count);
}

char *explain_indexes(const Conflict *conflict)
{
    if (!conflict->versions || !conflict->versions[0])
        return NULL;
    g_autoptr(GString) text = g_string_new(NULL);
    for (guint i = 0; i < conflict->indexes->len; i++) {
        const IndexVersions *index = conflict->indexes->pdata[i];
        if (index->links && !index->versions[0])
            continue;
        g_autofree char *versions = describe_versions(index->versions);
        g_string_append_printf(text, "%s on %s: %s", text->len ? ";" : conflict->name, index->name,
                               versions);
    }
    return g_string_free(g_steal_pointer(&text), FALSE);
}

/* The line of the user by which a stage came to have the action, and (or NULL) through what. */
static char *find_line(const LockStage *stage, const char *name, char **ret_through)
{
    g_autoptr(GPtrArray) all = lock_chains(stage);
    for (guint i = 0; i < stage->actions->len; i++) {
        const LockAction *action = stage->actions->pdata[i];
        const GPtrArray *chains = all->pdata[i];
        if (!g_str_equal(action->name, name) || chains->len == 0)
            continue;
        const GPtrArray *chain = chains->pdata[0];
        *ret_through = chain->len > 1 ? g_strdup(chain->pdata[1]) : NULL;
        return g_strdup(chain->pdata[0]);
    }
    *ret_through = NULL;
    return g_strdup(stage->at);
}

/* The stage so far solved that has the name, or NULL. */
static const LockStage *find_stage(const Solve *solve, const char *name)
{
    for (guint i = 0; name && i < solve->target->stages->len; i++) {
        const LockStage *stage = solve->target->stages->pdata[i];
        if (g_str_equal(stage->name, name))
            return stage;
    }
    return NULL;
}

char *explain_origin_line(const Solve *solve, const InstalledDistribution *installed)
{
    g_autofree char *through = NULL;
    const LockStage *stage = find_stage(solve, installed->stage);
    return stage ? find_line(stage, installed->canonical, &through) : NULL;
}

char *explain_origin(const Solve *solve, const char *name, const char *version)
{
    const InstalledDistribution *found =
        solve->environment ? environment_find(solve->environment, name) : NULL;
    if (!found || (version && !g_str_equal(solve_installed_version(found), version)))
        return g_strdup("");
    const LockStage *stage = find_stage(solve, found->stage);
    if (!stage)
        return g_strdup(" (of the base)");
    g_autofree char *through = NULL;
    g_autofree char *line = find_line(stage, name, &through);
    return g_strdup_printf(" (stage '%s', %s%s%s)", stage->name, line, through ? ", for " : "",
                           through ? through : "");
}
