/* Items that the lock decides: versions, origins, what is absent, what would be compiled. */
#include "check/torch_facts.h"
#include "check/verdict.h"
#include "python/name.h"
#include "python/requirement.h"

static void decide_version(const Verdict *verdict, const Text *text)
{
    g_autoptr(Requirement) wanted = requirement_parse(text->text, NULL);
    if (!wanted) {
        verdict_unknown(verdict, verdict_item(text), g_strdup("it is no requirement"));
        return;
    }
    const LockDistribution *installed = check_installed(verdict->run, wanted->canonical);
    if (!installed)
        verdict_fails(verdict, verdict_item(text), text->at,
                      g_strdup_printf("%s is not installed", wanted->name));
    else if (specifier_set_contains_text(wanted->specifiers, installed->version, PRERELEASES_YES))
        verdict_holds(verdict, verdict_item(text));
    else
        verdict_fails(
            verdict, verdict_item(text), text->at,
            g_strdup_printf("%s is installed in version %s", wanted->name, installed->version));
}

void verdict_version(const Verdict *verdict)
{
    for (guint i = 0; i < verdict->check->items->len; i++)
        decide_version(verdict, verdict->check->items->pdata[i]);
}

/* Where the file is from, as people say it. */
static char *describe_source(const LockDistribution *installed)
{
    const LockFile *file = installed->file;
    if (!file)
        return g_strdup("the base");
    if (file->source == LOCK_SOURCE_INDEX)
        return g_strdup_printf("index %s", file->source_name);
    return g_strdup_printf("%s %s", lock_source_name(file->source), file->source_name);
}

static void decide_index(const Verdict *verdict, const Pair *pair)
{
    g_autofree char *item = g_strdup_printf("%s from %s", pair->key, pair->value);
    g_autofree char *name = name_canonicalize(pair->key);
    const LockDistribution *installed = check_installed(verdict->run, name);
    if (!installed) {
        verdict_fails(verdict, g_steal_pointer(&item), pair->at,
                      g_strdup_printf("%s is not installed", pair->key));
        return;
    }
    const LockFile *file = installed->file;
    bool same =
        file && file->source == LOCK_SOURCE_INDEX && g_str_equal(file->source_name, pair->value);
    const char *const *substituted = (const char *const *)verdict->run->target->substituted;
    g_autofree char *source = describe_source(installed);
    if (substituted && g_strv_contains(substituted, pair->value))
        verdict_unknown(verdict, g_steal_pointer(&item),
                        g_strdup_printf("another index was put in place of %s", pair->value));
    else if (same)
        verdict_holds(verdict, g_steal_pointer(&item));
    else
        verdict_fails(
            verdict, g_steal_pointer(&item), pair->at,
            g_strdup_printf("%s %s comes from %s", pair->key, installed->version, source));
}

void verdict_index(const Verdict *verdict)
{
    for (guint i = 0; verdict->check->pairs && i < verdict->check->pairs->len; i++)
        decide_index(verdict, verdict->check->pairs->pdata[i]);
}

static void decide_absent(const Verdict *verdict, const Text *text)
{
    const LockStage *last = check_last_stage(verdict->run);
    const GPtrArray *installed = last ? last->environment : verdict->run->target->base.installed;
    g_autofree char *pattern = g_ascii_strdown(text->text, -1);
    g_autoptr(GString) found = g_string_new(NULL);
    for (guint i = 0; i < installed->len; i++) {
        const LockDistribution *one = installed->pdata[i];
        if (g_pattern_match_simple(pattern, one->name))
            g_string_append_printf(found, "%s%s %s", found->len ? ", " : "", one->name,
                                   one->version);
    }
    if (found->len > 0)
        verdict_fails(verdict, verdict_item(text), text->at,
                      g_strdup_printf("%s is installed", found->str));
    else if (verdict->run->target->base.facts == LOCK_FACTS_DECLARED &&
             verdict->run->recipe->base.kind == BASE_IMAGE)
        verdict_unknown(verdict, verdict_item(text),
                        g_strdup("no stage installs it; the base was not read"));
    else
        verdict_holds(verdict, verdict_item(text));
}

void verdict_absent(const Verdict *verdict)
{
    for (guint i = 0; i < verdict->check->items->len; i++)
        decide_absent(verdict, verdict->check->items->pdata[i]);
}

static bool may_be_built(const Recipe *recipe, const char *name)
{
    for (guint i = 0; i < recipe->stages->len; i++) {
        const Stage *stage = recipe->stages->pdata[i];
        for (guint k = 0; stage->kind == STAGE_PIP && k < stage->body.pip->build->len; k++) {
            g_autofree char *built =
                name_canonicalize(((const PipBuild *)stage->body.pip->build->pdata[k])->dist);
            if (g_str_equal(built, name))
                return true;
        }
    }
    return false;
}

void verdict_wheels_only(const Verdict *verdict)
{
    if (!verdict->check->flag)
        return;
    const LockStage *last = check_last_stage(verdict->run);
    g_autoptr(GString) sources = g_string_new(NULL);
    for (guint i = 0; last && i < last->environment->len; i++) {
        const LockDistribution *one = last->environment->pdata[i];
        if (one->file && !g_str_has_suffix(one->file->file, ".whl") &&
            !may_be_built(verdict->run->recipe, one->name))
            g_string_append_printf(sources, "%s%s", sources->len ? ", " : "", one->file->file);
    }
    if (sources->len > 0)
        verdict_fails(verdict, g_strdup("true"), verdict->check->at,
                      g_strdup_printf("built from source: %s", sources->str));
    else
        verdict_holds(verdict, g_strdup("true"));
}

static bool cuda_matches(const char *wanted, const char *found)
{
    if (wanted[strspn(wanted, "0123456789.")] == '\0' || !*found)
        return g_str_equal(wanted, found) || (!*found && g_str_equal(wanted, "cpu"));
    g_autoptr(SpecifierSet) set = specifier_set_parse(wanted, NULL);
    return set && specifier_set_contains_text(set, found, PRERELEASES_YES);
}

static void decide_cuda(const Verdict *verdict, const Text *text)
{
    const LockDistribution *torch = check_installed(verdict->run, "torch");
    TorchFacts facts;
    if (!torch) {
        verdict_fails(verdict, verdict_item(text), text->at, g_strdup("torch is not installed"));
        return;
    }
    if (!torch_facts_find(verdict->run, &facts)) {
        verdict_unknown(verdict, verdict_item(text),
                        g_strdup_printf("torch %s does not say in its version for which CUDA it is",
                                        torch->version));
        return;
    }
    if (cuda_matches(text->text, facts.cuda))
        verdict_holds(verdict, verdict_item(text));
    else
        verdict_fails(verdict, verdict_item(text), text->at,
                      g_strdup_printf("torch %s is built %s%s: %s", torch->version,
                                      *facts.cuda ? "for CUDA " : "without CUDA", facts.cuda,
                                      facts.evidence));
    torch_facts_clear(&facts);
}

void verdict_cuda(const Verdict *verdict)
{
    for (guint i = 0; i < verdict->check->items->len; i++)
        decide_cuda(verdict, verdict->check->items->pdata[i]);
}
