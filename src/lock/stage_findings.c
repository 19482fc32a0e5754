#include "lock/lock_chains.h"
#include "lock/solve.h"
#include "python/name.h"

/* Who asked for what the stage does, in words. */

enum {
    EVIDENCE_LINES = 5,
};

typedef struct {
    const StageChange *change;
    const Stage *stage;
    GPtrArray *chains;                       /* of the stage's actions */
    GPtrArray *broken_before, *broken_after; /* BrokenRequirement */
    bool *acknowledged;                      /* by entry: it names something that happened */
} Judge;

static const LockStage *stage_of(const Judge *judge, const char *name)
{
    const GPtrArray *stages = judge->change->solve->target->stages;
    for (guint i = 0; name && i < stages->len; i++) {
        const LockStage *stage = stages->pdata[i];
        if (g_str_equal(stage->name, name))
            return stage;
    }
    return NULL;
}

/* "torch 2.6.0 (stage 'torch', ramekin.yaml:9)" or "torch 2.6.0 (of the base)". */
static char *describe(const Judge *judge, const InstalledDistribution *distribution)
{
    const char *version = solve_installed_version(distribution);
    if (g_strcmp0(distribution->stage, judge->stage->name) == 0)
        return g_strdup_printf("%s %s", distribution->canonical, version);
    const LockStage *stage = stage_of(judge, distribution->stage);
    return stage ? g_strdup_printf("%s %s (stage '%s', %s)", distribution->canonical, version,
                                   stage->name, stage->at)
                 : g_strdup_printf("%s %s (of the base)", distribution->canonical, version);
}

static gint find_action(const Judge *judge, const char *name)
{
    const GPtrArray *actions = judge->change->locked->actions;
    for (guint i = 0; i < actions->len; i++) {
        const LockAction *action = actions->pdata[i];
        if (g_str_equal(action->name, name) && !g_str_equal(action->action, "keep"))
            return (gint)i;
    }
    return -1;
}

/* The nearest chain to a name that the stage changed, or NULL. */
static const GPtrArray *nearest_chain(const Judge *judge, const char *name)
{
    gint index = find_action(judge, name);
    const GPtrArray *chains = index >= 0 ? judge->chains->pdata[index] : NULL;
    return chains && chains->len > 0 ? chains->pdata[0] : NULL;
}

/* The user's line where there is one, else the stage's. */
static char *place_of(const Judge *judge, const char *name)
{
    const GPtrArray *chain = nearest_chain(judge, name);
    return g_strdup(chain && chain->len == 1 ? chain->pdata[0] : judge->change->locked->at);
}

/* "requirements.txt:2 > accelerate 1.0 > torch 2.7.0" where other distributions lead to it. */
static char **chain_evidence(const Judge *judge, const char *name)
{
    const GPtrArray *chain = nearest_chain(judge, name);
    if (!chain || chain->len < 2)
        return NULL;
    const LockAction *action = judge->change->locked->actions->pdata[find_action(judge, name)];
    g_autoptr(GString) text = g_string_new("asked for by ");
    for (guint i = 0; i < chain->len; i++)
        g_string_append_printf(text, "%s > ", (char *)chain->pdata[i]);
    g_string_append_printf(text, "%s %s", action->name, action->version);
    char **lines = g_new0(char *, 2);
    lines[0] = g_strdup(text->str);
    return lines;
}

static Finding *add_finding(const Judge *judge, const char *code, char *at, char *message)
{
    Finding *finding = finding_new(code, SPAN_NONE, message);
    finding->at = at;
    g_ptr_array_add(judge->change->locked->findings, finding);
    return finding;
}

/* A clause as a value of a YAML flow map. */
static char *yaml_value(const char *clause)
{
    return strpbrk(clause, ",[]{}:#") ? g_strdup_printf("\"%s\"", clause) : g_strdup(clause);
}

/* Acknowledgements */

static bool acknowledges_break(const Acknowledge *entry, const BrokenRequirement *broken)
{
    if (!entry->dist || !entry->requires)
        return false;
    g_autofree char *dist = name_canonicalize(entry->dist);
    g_autoptr(Requirement) clause = requirement_parse(entry->requires, NULL);
    return clause && g_str_equal(dist, broken->distribution->canonical) &&
           requirement_same_clause(clause, broken->requirement);
}

static const Acknowledge *find_break_entry(Judge *judge, const BrokenRequirement *broken)
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
static const Acknowledge *find_protect_entry(Judge *judge, const char *name)
{
    const GPtrArray *entries = judge->stage->acknowledge;
    for (guint i = 0; entries && i < entries->len; i++) {
        const Acknowledge *entry = entries->pdata[i];
        g_autofree char *protect = entry->protect ? name_canonicalize(entry->protect) : NULL;
        g_autoptr(Requirement) clause =
            entry->requires ? requirement_parse(entry->requires, NULL) : NULL;
        bool broken = clause && judge->acknowledged[i] && g_str_equal(clause->canonical, name);
        if (g_strcmp0(protect, name) != 0 && !broken)
            continue;
        if (entry->protect)
            judge->acknowledged[i] = true;
        return entry;
    }
    return NULL;
}

static void remember_forced(const Judge *judge, const char *name)
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

static void set_acknowledged(Finding *finding, const Acknowledge *entry)
{
    finding->acknowledged = true;
    g_strfreev(finding->evidence);
    g_autofree char *address = span_address(entry->at);
    finding->evidence = g_new0(char *, 2);
    finding->evidence[0] = g_strdup_printf("acknowledged at %s: %s", address ? address : "?",
                                           entry->why ? entry->why : "");
}

/* Broken requirements */

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
    g_autofree char *who = describe(judge, broken->distribution);
    g_autofree char *what = broken->found ? describe(judge, broken->found) : NULL;
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

static void judge_break(Judge *judge, const BrokenRequirement *broken)
{
    const Acknowledge *entry = find_break_entry(judge, broken);
    const char *name = broken->requirement->canonical;
    if (was_broken(judge, broken))
        return;
    g_autofree char *clause = requirement_clause(broken->requirement);
    Finding *finding = add_finding(judge, "breaks-requirement", place_of(judge, name),
                                   describe_break(judge, broken, clause));
    finding->distribution = g_strdup(broken->distribution->canonical);
    finding->version = g_strdup(solve_installed_version(broken->distribution));
    finding->requirement = g_strdup(clause);
    finding->found = broken->found ? g_strdup(solve_installed_version(broken->found)) : NULL;
    finding->hint = hint_break(broken, clause);
    finding->evidence = chain_evidence(judge, name);
    if (entry)
        set_acknowledged(finding, entry);
    const GPtrArray *chain = nearest_chain(judge, name);
    if (entry || (chain && chain->len == 1))
        remember_forced(judge, name);
}

/* Protection */

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
    g_autofree char *old = describe(judge, before);
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
    const Acknowledge *entry = find_protect_entry(judge, name);
    if (entry && !entry->protect)
        return;
    Finding *finding = add_finding(judge, "protected-changed", place_of(judge, name),
                                   describe_change(judge, before, after));
    finding->distribution = g_strdup(name);
    finding->version = g_strdup(solve_installed_version(before));
    finding->found = after ? g_strdup(solve_installed_version(after)) : NULL;
    finding->evidence = chain_evidence(judge, name);
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
    set_acknowledged(finding, entry);
    remember_forced(judge, name);
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
        add_finding(judge, "override-undone", place_of(judge, forced->name), message);
    finding->distribution = g_strdup(forced->name);
    finding->version = g_strdup(forced->version);
    finding->found = after ? g_strdup(solve_installed_version(after)) : NULL;
    finding->evidence = chain_evidence(judge, forced->name);
    finding->hint = g_strdup_printf("move stage '%s' behind this one, or keep its version here: "
                                    "`overrides: [%s==%s]`",
                                    forced->stage, forced->name, forced->version);
    const Acknowledge *entry = find_protect_entry(judge, forced->name);
    if (entry)
        set_acknowledged(finding, entry);
}

static void judge_changes(Judge *judge)
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

/* Acknowledged, and not so */

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

static void judge_stale_entry(const Judge *judge, const Acknowledge *entry)
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
    Finding *finding = add_finding(judge, "acknowledge-stale", span_address(entry->at), message);
    finding->distribution = g_steal_pointer(&dist);
    finding->requirement = g_strdup(entry->requires);
    finding->hint = g_strdup("remove the entry, so that a later break is not hidden by it");
}

/* Clashes of files */

static bool same_clash_group(const FileClash *a, const FileClash *b)
{
    return a->deleted == b->deleted && g_str_equal(a->loser, b->loser) &&
           g_str_equal(a->winner, b->winner);
}

static char *describe_clash(const Judge *judge, const FileClash *clash, unsigned count)
{
    const char *files = count == 1 ? "file" : "files";
    if (clash->deleted)
        return g_strdup_printf("stage '%s' uninstalls %s and with it %u %s that %s still lists",
                               judge->stage->name, clash->winner, count, files, clash->loser);
    return g_strdup_printf("stage '%s' writes %u %s of %s over those of %s, with another content",
                           judge->stage->name, count, files, clash->winner, clash->loser);
}

static char *hint_clash(const FileClash *clash)
{
    if (clash->deleted)
        return g_strdup_printf("install %s again afterwards (`install: [%s]`, `force_reinstall: "
                               "true`, `no_deps: true`)",
                               clash->loser, clash->loser);
    return g_strdup_printf("keep one of the two; what is written last, %s, wins", clash->winner);
}

static bool is_harmless(const FileClash *clash)
{
    return !clash->deleted && clash->same_content;
}

static void add_count_of_rest(GStrvBuilder *paths, unsigned count)
{
    if (count <= EVIDENCE_LINES)
        return;
    g_autofree char *more = g_strdup_printf("and %u more", count - EVIDENCE_LINES);
    g_strv_builder_add(paths, more);
}

/* One finding for all clashes of the kind of `first`, which is the first of them. */
static void judge_clash_group(Judge *judge, const GPtrArray *clashes, guint first)
{
    const FileClash *clash = clashes->pdata[first];
    g_autoptr(GStrvBuilder) paths = g_strv_builder_new();
    unsigned count = 0;
    for (guint i = first; i < clashes->len; i++) {
        const FileClash *other = clashes->pdata[i];
        if (!is_harmless(other) && same_clash_group(clash, other) && count++ < EVIDENCE_LINES)
            g_strv_builder_add(paths, other->path);
    }
    add_count_of_rest(paths, count);
    Finding *finding =
        add_finding(judge, clash->deleted ? "file-lost" : "file-overlap",
                    place_of(judge, clash->winner), describe_clash(judge, clash, count));
    finding->distribution = g_strdup(clash->loser);
    finding->hint = hint_clash(clash);
    finding->evidence = g_strv_builder_end(paths);
}

/* A file that a whole family of distributions brings (nvidia/__init__.py) clashes once for every
 * two of them; where the content is the same, one note tells of all such files. */
static void judge_harmless(const Judge *judge, const GPtrArray *clashes)
{
    g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
    g_autoptr(GStrvBuilder) paths = g_strv_builder_new();
    unsigned count = 0;
    for (guint i = 0; i < clashes->len; i++) {
        const FileClash *clash = clashes->pdata[i];
        if (is_harmless(clash) && g_hash_table_add(seen, clash->path) && count++ < EVIDENCE_LINES)
            g_strv_builder_add(paths, clash->path);
    }
    if (count == 0)
        return;
    add_count_of_rest(paths, count);
    Finding *finding = add_finding(
        judge, "file-overlap", g_strdup(judge->change->locked->at),
        g_strdup_printf(
            "stage '%s' writes %u %s over another distribution's, with the same content",
            judge->stage->name, count, count == 1 ? "file" : "files"));
    finding->severity = SEVERITY_NOTE;
    finding->evidence = g_strv_builder_end(paths);
}

static bool is_first_of_group(const GPtrArray *clashes, guint index)
{
    for (guint i = 0; i < index; i++) {
        if (!is_harmless(clashes->pdata[i]) &&
            same_clash_group(clashes->pdata[i], clashes->pdata[index]))
            return false;
    }
    return true;
}

static void judge_clashes(Judge *judge)
{
    const GPtrArray *clashes = judge->change->effects->clashes;
    for (guint i = 0; i < clashes->len; i++) {
        const FileClash *clash = clashes->pdata[i];
        if (!is_harmless(clash) &&
            environment_find(judge->change->solve->environment, clash->loser) &&
            is_first_of_group(clashes, i))
            judge_clash_group(judge, clashes, i);
    }
    judge_harmless(judge, clashes);
}

/* Copies that remain */

static void judge_copies(Judge *judge)
{
    const InstallEffects *effects = judge->change->effects;
    for (guint i = 0; i < effects->ghosts->len; i++) {
        const char *copy = effects->ghosts->pdata[i];
        g_autofree char *name = g_strndup(copy, strcspn(copy, " "));
        g_autofree char *canonical = name_canonicalize(name);
        const InstalledDistribution *seen =
            environment_find(judge->change->solve->environment, canonical);
        Finding *finding = add_finding(
            judge, "ghost-distribution", place_of(judge, canonical),
            g_strdup_printf("stage '%s' installs %s beside %s, which stays; pip reports %s",
                            judge->stage->name, canonical, copy,
                            seen ? solve_installed_version(seen) : "neither"));
        finding->distribution = g_steal_pointer(&canonical);
        finding->hint = g_strdup("`ignore_installed` uninstalls nothing: files of the old version "
                                 "remain among those of the new one; use `force_reinstall`");
    }
    for (guint i = 0; i < effects->shadowed->len; i++) {
        const char *copy = effects->shadowed->pdata[i];
        g_autofree char *name = g_strndup(copy, strcspn(copy, " "));
        g_autofree char *canonical = name_canonicalize(name);
        Finding *finding = add_finding(
            judge, "outside-environment", place_of(judge, canonical),
            g_strdup_printf("%s lies outside the environment: pip leaves it, and the new copy "
                            "hides it",
                            copy));
        finding->distribution = g_steal_pointer(&canonical);
    }
}

/* What the base's own pip is told, which no command of the recipe says. */
static void judge_base(Judge *judge)
{
    const Solve *solve = judge->change->solve;
    const PipConfig *config = solve->facts->pip_config;
    for (guint i = 0; i < judge->change->index; i++) {
        if (((const Stage *)solve->recipe->stages->pdata[i])->kind == STAGE_PIP)
            return;
    }
    for (size_t i = 0; config && config->constraints[i]; i++) {
        Finding *finding = add_finding(
            judge, "base-configuration", g_strdup(judge->change->locked->at),
            g_strdup_printf("pip in the base applies the constraints of %s, this lock does not",
                            config->constraints[i]));
        finding->hint = g_strdup("copy them beside the recipe and name the file in `constraints:`");
    }
    if (config && (config->index_url || config->extra_index_urls[0]))
        add_finding(judge, "base-configuration", g_strdup(judge->change->locked->at),
                    g_strdup("pip in the base asks other indexes than this lock"));
}

void findings_of_stage(const StageChange *change)
{
    const Stage *stage = change->solve->recipe->stages->pdata[change->index];
    guint entries = stage->acknowledge ? stage->acknowledge->len : 0;
    g_autofree bool *acknowledged = g_new0(bool, entries + 1);
    g_autoptr(GPtrArray) chains = lock_chains(change->locked);
    g_autoptr(GPtrArray) before = environment_check(change->before, change->solve->markers);
    g_autoptr(GPtrArray) after =
        environment_check(change->solve->environment, change->solve->markers);
    Judge judge = {change, stage, chains, before, after, acknowledged};
    for (guint i = 0; i < after->len; i++)
        judge_break(&judge, after->pdata[i]);
    judge_changes(&judge);
    judge_clashes(&judge);
    judge_copies(&judge);
    judge_base(&judge);
    for (guint i = 0; i < entries; i++) {
        if (!acknowledged[i])
            judge_stale_entry(&judge, stage->acknowledge->pdata[i]);
    }
}
