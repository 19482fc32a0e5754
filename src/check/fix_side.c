#include "check/fix_side.h"

#include "python/requirement.h"

enum {
    MAX_TRIED = 5,     /* versions of one distribution; with FIX_NEWER the newest on top */
    MAX_SURVEYED = 24, /* whose metadata is asked for */
    SURVEY_MSEC = 10000,
};

void fix_side_free(FixSide *side)
{
    if (!side)
        return;
    g_free(side->at);
    g_free(side->requirement);
    g_ptr_array_unref(side->versions);
    g_free(side);
}

/* A version that the stage could install. */
typedef struct {
    const SurveyFile *file;
    Version *version;
    guint distance; /* how many versions away: builds of the same one first, newer before older */
    SurveyFit fit;
} Candidate;

static void candidate_free(void *data)
{
    Candidate *candidate = data;
    version_unref(candidate->version);
    g_free(candidate);
}

/* Each version once, the oldest first, without the one that is installed. */
static GPtrArray *collect_candidates(const GPtrArray *files, const Version *now)
{
    GPtrArray *candidates = g_ptr_array_new_with_free_func(candidate_free);
    for (guint i = files->len; i-- > 0;) {
        const SurveyFile *file = files->pdata[i];
        g_autoptr(Version) version = file->wheel && !file->refused && !file->yanked
                                         ? version_parse(file->version, NULL)
                                         : NULL;
        if (!version || version_equal(version, now) ||
            (version_is_prerelease(version) && !version_is_prerelease(now)))
            continue;
        const Candidate *last = candidates->len > 0 ? candidates->pdata[candidates->len - 1] : NULL;
        if (last && version_equal(last->version, version))
            continue;
        Candidate *candidate = g_new0(Candidate, 1);
        candidate->file = file;
        candidate->version = g_steal_pointer(&version);
        g_ptr_array_add(candidates, candidate);
    }
    return candidates;
}

static bool is_other_build(const Candidate *candidate, const char *now_public)
{
    g_autofree char *public = version_public_text(candidate->version);
    return g_str_equal(public, now_public);
}

static void keep_newer(GPtrArray *candidates, const Version *now)
{
    g_autofree char *now_public = version_public_text(now);
    guint older = 0;
    while (older < candidates->len &&
           (version_compare(((const Candidate *)candidates->pdata[older])->version, now) <= 0 ||
            is_other_build(candidates->pdata[older], now_public)))
        older++;
    g_ptr_array_remove_range(candidates, 0, older);
    if (candidates->len > MAX_TRIED + 1)
        g_ptr_array_remove_range(candidates, MAX_TRIED, candidates->len - MAX_TRIED - 1);
}

static int compare_distances(const void *a, const void *b)
{
    const Candidate *one = *(Candidate *const *)a, *other = *(Candidate *const *)b;
    return one->distance < other->distance ? -1 : one->distance > other->distance;
}

static void sort_by_distance(GPtrArray *candidates, const Version *now)
{
    g_autofree char *now_public = version_public_text(now);
    guint older = 0;
    while (older < candidates->len &&
           version_compare(((const Candidate *)candidates->pdata[older])->version, now) < 0)
        older++;
    for (guint i = 0; i < candidates->len; i++) {
        Candidate *candidate = candidates->pdata[i];
        candidate->distance = i >= older ? 2 * (i - older) + 1 : 2 * (older - i);
        if (is_other_build(candidate, now_public))
            candidate->distance = 0;
    }
    g_ptr_array_sort(candidates, compare_distances);
    if (candidates->len > MAX_SURVEYED)
        g_ptr_array_set_size(candidates, MAX_SURVEYED);
}

/* Metadata */

static SurveyFit worse_fit(SurveyFit a, SurveyFit b)
{
    if (a == SURVEY_SILENT || b == SURVEY_SILENT)
        return a == SURVEY_SILENT ? b : a;
    return a == SURVEY_UNFIT ? a : b;
}

/* What an installed distribution requires of the candidate. */
static SurveyFit fit_of(const LockDistribution *installed, const char *name, const char *version)
{
    SurveyFit fit = SURVEY_SILENT;
    for (char **clause = installed->requires; clause && *clause; clause++) {
        g_autoptr(Requirement) asked = requirement_parse(*clause, NULL);
        if (!asked || !g_str_equal(asked->canonical, name))
            continue;
        bool meets = specifier_set_contains_text(asked->specifiers, version, PRERELEASES_YES);
        fit = worse_fit(fit, meets ? SURVEY_FITS : SURVEY_UNFIT);
    }
    return fit;
}

/* The candidate beside all else that is installed. */
static SurveyFit find_fit(const FixContext *context, LockSurvey *survey, const char *name,
                          const Candidate *candidate)
{
    const LockStage *last = check_last_stage(context->run);
    SurveyFit fit = SURVEY_SILENT;
    for (guint i = 0; i < last->environment->len; i++) {
        const LockDistribution *one = last->environment->pdata[i];
        if (g_str_equal(one->name, name))
            continue;
        fit = worse_fit(fit, fit_of(one, name, candidate->file->version));
        fit = worse_fit(fit, lock_survey_fit(survey, candidate->file, one->name, one->version));
    }
    return fit;
}

static int compare_fits(const void *a, const void *b)
{
    static const int ranks[] = {[SURVEY_FITS] = 0, [SURVEY_SILENT] = 1, [SURVEY_UNFIT] = 2};
    const Candidate *one = *(Candidate *const *)a, *other = *(Candidate *const *)b;
    int order = ranks[one->fit] - ranks[other->fit];
    return order != 0 ? order : compare_distances(a, b);
}

/* Where one agrees, those that do not are no way out. */
static void sort_by_fit(const FixContext *context, LockSurvey *survey, const char *name,
                        GPtrArray *candidates)
{
    lock_survey_allow(survey, 2 * MAX_SURVEYED, SURVEY_MSEC);
    for (guint i = 0; i < candidates->len; i++)
        lock_survey_want_fit(survey, ((const Candidate *)candidates->pdata[i])->file);
    bool agrees = false;
    for (guint i = 0; i < candidates->len; i++) {
        Candidate *candidate = candidates->pdata[i];
        candidate->fit = find_fit(context, survey, name, candidate);
        agrees = agrees || candidate->fit == SURVEY_FITS;
    }
    lock_survey_lift(survey);
    g_ptr_array_sort(candidates, compare_fits);
    for (guint i = candidates->len; agrees && i-- > 0;) {
        if (((const Candidate *)candidates->pdata[i])->fit == SURVEY_UNFIT)
            g_ptr_array_remove_index(candidates, i);
    }
    if (candidates->len > MAX_TRIED)
        g_ptr_array_set_size(candidates, MAX_TRIED);
}

/* Lines */

static const LockStage *find_stage(const FixContext *context, const char *name)
{
    for (guint i = 0; name && i < context->target->stages->len; i++) {
        const LockStage *stage = context->target->stages->pdata[i];
        if (g_str_equal(stage->name, name))
            return stage;
    }
    return NULL;
}

static const LockEdge *find_edge(const LockStage *stage, const char *name)
{
    for (guint i = 0; i < stage->actions->len; i++) {
        const LockAction *action = stage->actions->pdata[i];
        for (guint k = 0; g_str_equal(action->name, name) && k < action->edges->len; k++) {
            const LockEdge *edge = action->edges->pdata[k];
            if (edge->from_line)
                return edge;
        }
    }
    return NULL;
}

/* The line that asks for it, else one that holds what others ask for. */
static bool find_line(const LockStage *stage, LockSurvey *survey, const char *name, FixSide *side)
{
    const LockEdge *edge = find_edge(stage, name);
    g_autoptr(GPtrArray) lines = edge ? NULL : lock_survey_lines(survey, stage->name, name);
    const SurveyLine *line = lines && lines->len > 0 ? lines->pdata[lines->len - 1] : NULL;
    side->at = g_strdup(edge ? edge->from : line ? line->at : NULL);
    side->requirement = g_strdup(edge ? edge->requirement : line ? line->text : NULL);
    return side->at && side->requirement;
}

FixSide *fix_side_new(const FixContext *context, LockSurvey *survey, const char *name,
                      FixReach reach)
{
    const LockDistribution *installed = check_installed(context->run, name);
    const LockStage *stage = installed ? find_stage(context, installed->stage) : NULL;
    g_autoptr(Version) now = installed ? version_parse(installed->version, NULL) : NULL;
    g_autoptr(FixSide) side = g_new0(FixSide, 1);
    side->versions = g_ptr_array_new_with_free_func(g_free);
    side->installed = installed;
    g_autoptr(GPtrArray) files = NULL;
    if (!stage || !now || !find_line(stage, survey, name, side) ||
        !lock_survey_files(survey, stage->name, name, &files, NULL))
        return NULL;
    g_autoptr(GPtrArray) candidates = collect_candidates(files, now);
    if (reach == FIX_NEWER) {
        keep_newer(candidates, now);
    } else {
        sort_by_distance(candidates, now);
        sort_by_fit(context, survey, name, candidates);
    }
    for (guint i = 0; i < candidates->len; i++) {
        const Candidate *candidate = candidates->pdata[i];
        side->fits = side->fits || candidate->fit == SURVEY_FITS;
        g_ptr_array_add(side->versions, g_strdup(version_text(candidate->version)));
    }
    return side->versions->len > 0 ? g_steal_pointer(&side) : NULL;
}

/* Edits */

static bool add_edit(const FixContext *context, GPtrArray *edits, const char *at,
                     const char *requirement, const char *wanted)
{
    FixEdit *edit =
        at ? fix_edit_version(context->book, context->recipe, at, requirement, wanted) : NULL;
    if (edit)
        fix_edits_take(edits, edit);
    return edit != NULL;
}

/* Whether a line about the distribution would not have it in that version. */
static bool forbids(const char *text, const char *name, const char *wanted)
{
    g_autoptr(Requirement) asked = requirement_parse(text, NULL);
    return asked && g_str_equal(asked->canonical, name) &&
           !specifier_set_contains_text(asked->specifiers, wanted, PRERELEASES_YES);
}

/* Items that hold the distribution to the version that it has: they move along. */
static bool add_items(const FixContext *context, GPtrArray *edits, const GPtrArray *checks,
                      const LockDistribution *installed, const char *wanted)
{
    for (guint i = 0; checks && i < checks->len; i++) {
        const Check *check = checks->pdata[i];
        for (guint k = 0; check->kind == CHECK_VERSION && k < check->items->len; k++) {
            const Text *item = check->items->pdata[k];
            g_autofree char *address = span_address(item->at);
            if (forbids(item->text, installed->name, wanted) &&
                !add_edit(context, edits, address, item->text, wanted))
                return false;
        }
    }
    return true;
}

static bool add_constraints(const FixContext *context, LockSurvey *survey, GPtrArray *edits,
                            const LockDistribution *installed, const char *wanted)
{
    g_autoptr(GPtrArray) lines = lock_survey_lines(survey, installed->stage, installed->name);
    for (guint i = 0; i < lines->len; i++) {
        const SurveyLine *line = lines->pdata[i];
        if (forbids(line->text, installed->name, wanted) &&
            !add_edit(context, edits, line->at, line->text, wanted))
            return false;
    }
    return true;
}

GPtrArray *fix_side_edits(const FixContext *context, LockSurvey *survey, const FixSide *side,
                          const char *wanted)
{
    g_autoptr(GPtrArray) edits = g_ptr_array_new_with_free_func(fix_edit_free);
    const RecipeChecks *checks = context->recipe->checks;
    if (!add_edit(context, edits, side->at, side->requirement, wanted) ||
        !add_constraints(context, survey, edits, side->installed, wanted))
        return NULL;
    if (checks && (!add_items(context, edits, checks->build, side->installed, wanted) ||
                   !add_items(context, edits, checks->runtime, side->installed, wanted) ||
                   !add_items(context, edits, checks->gpu, side->installed, wanted)))
        return NULL;
    return g_steal_pointer(&edits);
}
