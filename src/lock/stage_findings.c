#include "lock/findings.h"
#include "lock/lock_chains.h"

static const LockStage *judge_stage_of(const Judge *judge, const char *name)
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
char *judge_describe(const Judge *judge, const InstalledDistribution *distribution)
{
    const char *version = solve_installed_version(distribution);
    if (g_strcmp0(distribution->stage, judge->stage->name) == 0)
        return g_strdup_printf("%s %s", distribution->canonical, version);
    const LockStage *stage = judge_stage_of(judge, distribution->stage);
    return stage ? g_strdup_printf("%s %s (stage '%s', %s)", distribution->canonical, version,
                                   stage->name, stage->at)
                 : g_strdup_printf("%s %s (of the base)", distribution->canonical, version);
}

gint judge_find_action(const Judge *judge, const char *name, bool keep)
{
    return GPOINTER_TO_INT(g_hash_table_lookup(keep ? judge->actions : judge->changes, name)) - 1;
}

static GHashTable *number_actions(const GPtrArray *actions, bool keep)
{
    GHashTable *numbers = g_hash_table_new(g_str_hash, g_str_equal);
    for (guint i = actions->len; i > 0; i--) {
        const LockAction *action = actions->pdata[i - 1];
        if (keep || !g_str_equal(action->action, "keep"))
            g_hash_table_insert(numbers, action->name, GINT_TO_POINTER((gint)i));
    }
    return numbers;
}

/* The nearest chain to a name that the stage changed, or NULL. */
const GPtrArray *judge_nearest_chain(const Judge *judge, const char *name)
{
    gint index = judge_find_action(judge, name, false);
    const GPtrArray *chains = index >= 0 ? judge->chains->pdata[index] : NULL;
    return chains && chains->len > 0 ? chains->pdata[0] : NULL;
}

/* The user's line where there is one, else the stage's. */
char *judge_place_of(const Judge *judge, const char *name)
{
    const GPtrArray *chain = judge_nearest_chain(judge, name);
    return g_strdup(chain && chain->len == 1 ? chain->pdata[0] : judge->change->locked->at);
}

/* "requirements.txt:2 > accelerate 1.0 > torch 2.7.0" where other distributions lead to it. */
char *judge_chain_text(const Judge *judge, const char *name)
{
    const GPtrArray *chain = judge_nearest_chain(judge, name);
    if (!chain || chain->len < 2)
        return NULL;
    const LockAction *action =
        judge->change->locked->actions->pdata[judge_find_action(judge, name, false)];
    g_autoptr(GString) text = g_string_new("asked for by ");
    for (guint i = 0; i < chain->len; i++)
        g_string_append_printf(text, "%s > ", (char *)chain->pdata[i]);
    g_string_append_printf(text, "%s %s", action->name, action->version);
    return g_strdup(text->str);
}

void judge_set_chain(const Judge *judge, Finding *finding, const char *name)
{
    char *text = judge_chain_text(judge, name);
    if (!text)
        return;
    finding->evidence = g_new0(char *, 2);
    finding->evidence[0] = text;
    finding->chain = judge_nearest_chain(judge, name)->len;
}

Finding *judge_add(const Judge *judge, const char *code, char *at, char *message)
{
    Finding *finding = finding_new(code, SPAN_NONE, message);
    finding->at = at;
    g_ptr_array_add(judge->change->locked->findings, finding);
    return finding;
}

void judge_count_rest(GStrvBuilder *lines, unsigned count)
{
    if (count <= FINDING_EVIDENCE)
        return;
    g_autofree char *more = g_strdup_printf("and %u more", count - FINDING_EVIDENCE);
    g_strv_builder_add(lines, more);
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
    g_autoptr(GHashTable) changes = number_actions(change->locked->actions, false);
    g_autoptr(GHashTable) actions = number_actions(change->locked->actions, true);
    Judge judge = {change, stage, chains, before, after, changes, actions, acknowledged};
    for (guint i = 0; i < after->len; i++)
        judge_break(&judge, after->pdata[i]);
    judge_changes(&judge);
    judge_held_back(&judge);
    judge_torch(&judge);
    judge_mixed_cuda(&judge);
    judge_reinstall(&judge);
    judge_clashes(&judge);
    judge_copies(&judge);
    judge_indexes(&judge);
    judge_base(&judge);
    judge_protect_unmatched(&judge);
    for (guint i = 0; i < entries; i++) {
        if (!acknowledged[i])
            judge_stale_entry(&judge, stage->acknowledge->pdata[i]);
    }
}
