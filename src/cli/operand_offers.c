/* What there is of the versions that a recipe asks for, of one that can't be satisfied. */
#include "cli/operand.h"

#include "lock/survey.h"
#include "python/requirement.h"

/* A line that asks for one version. */
typedef struct {
    const char *stage, *line;
    Requirement *requirement;
    const SurveyFile *best; /* NULL: there is no file of it */
    GPtrArray *files;       /* SurveyFile; NULL: they could not be asked for */
} Wish;

static void wish_free(void *data)
{
    Wish *wish = data;
    g_clear_pointer(&wish->files, g_ptr_array_unref);
    requirement_free(wish->requirement);
    g_free(wish);
}

/* "==2.8.0", but not "==2.8.*". */
static bool asks_for_one(const Requirement *requirement)
{
    const char *text = specifier_set_text(requirement->specifiers);
    return !requirement->url && g_str_has_prefix(text, "==") && !strpbrk(text, ",*");
}

static GPtrArray *find_wishes(const LockTarget *target)
{
    GPtrArray *wishes = g_ptr_array_new_with_free_func(wish_free);
    for (guint i = 0; i < target->stages->len; i++) {
        const LockStage *stage = target->stages->pdata[i];
        for (size_t k = 0; stage->pip_arguments && stage->pip_arguments[k]; k++) {
            Requirement *requirement = requirement_parse(stage->pip_arguments[k], NULL);
            Wish *wish = g_new0(Wish, 1);
            *wish = (Wish){stage->name, stage->pip_arguments[k], requirement, NULL, NULL};
            if (requirement && asks_for_one(requirement))
                g_ptr_array_add(wishes, wish);
            else
                wish_free(wish);
        }
    }
    return wishes;
}

/* A wheel that the target can take, else a source distribution. */
static const SurveyFile *choose(const Wish *wish)
{
    const SurveyFile *source = NULL;
    for (guint i = 0; i < wish->files->len; i++) {
        const SurveyFile *file = wish->files->pdata[i];
        if (!specifier_set_contains_text(wish->requirement->specifiers, file->version,
                                         PRERELEASES_YES))
            continue;
        if (file->wheel && !file->refused)
            return file;
        if (!file->wheel && !source)
            source = file;
    }
    return source;
}

static void survey_wishes(LockSurvey *survey, const GPtrArray *wishes)
{
    g_autoptr(GPtrArray) found = g_ptr_array_new();
    for (guint i = 0; i < wishes->len; i++) {
        const Wish *wish = wishes->pdata[i];
        lock_survey_want(survey, wish->stage, wish->requirement->canonical);
    }
    for (guint i = 0; i < wishes->len; i++) {
        Wish *wish = wishes->pdata[i];
        if (!lock_survey_files(survey, wish->stage, wish->requirement->canonical, &wish->files,
                               NULL))
            continue;
        wish->best = choose(wish);
        if (wish->best)
            g_ptr_array_add(found, (void *)wish->best);
    }
    lock_survey_describe(survey, found);
}

static GHashTable *make_offers(const GPtrArray *wishes)
{
    GHashTable *offers = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    for (guint i = 0; i < wishes->len; i++) {
        const Wish *wish = wishes->pdata[i];
        if (!wish->files)
            continue;
        DiffOffer *offer = g_new0(DiffOffer, 1);
        offer->kind = !wish->best ? OFFER_NOTHING : wish->best->wheel ? OFFER_WHEEL : OFFER_SOURCE;
        offer->size = wish->best && wish->best->size > 0 ? (guint64)wish->best->size : 0;
        g_hash_table_insert(offers, g_strdup(wish->line), offer);
    }
    return offers;
}

GHashTable *operand_find_offers(Workspace *workspace, const WorkTarget *wanted,
                                const LockTarget *target)
{
    g_autoptr(Diags) diags = diags_new();
    g_autoptr(GPtrArray) wishes = find_wishes(target);
    g_autoptr(LockSurvey) survey = lock_survey_new(workspace_session(workspace), wanted->recipe,
                                                   wanted->platform, diags, NULL);
    if (survey)
        survey_wishes(survey, wishes);
    return make_offers(wishes);
}
