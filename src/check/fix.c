#include "check/fix.h"

#include "check/import_roots.h"
#include "lock/survey.h"
#include "python/requirement.h"

enum {
    MAX_FIXED = 4,  /* findings of a target */
    MAX_NEARER = 5, /* versions that are tried one after another */
};

/* Codes whose findings are about the version of one distribution. */
static const char *const version_codes[] = {
    "import-fails",    "import-needs-driver", "import-deferred",
    "gpu-unsupported", "torch-without-cuda",
};

void check_fix_free(void *data)
{
    CheckFix *fix = data;
    if (!fix)
        return;
    g_ptr_array_unref(fix->edits);
    g_free(fix->about);
    g_free(fix);
}

static void free_version(void *version)
{
    version_unref(version);
}

/* Versions that the stage could install, the nearest newer ones first, then the newest. */
static GPtrArray *candidates(const GPtrArray *files, const char *current)
{
    GPtrArray *versions = g_ptr_array_new_with_free_func(free_version);
    g_autoptr(Version) now = version_parse(current, NULL);
    g_autofree char *now_public = now ? version_public_text(now) : g_strdup("");
    for (guint i = files->len; now && i-- > 0;) {
        const SurveyFile *file = files->pdata[i];
        g_autoptr(Version) version = file->wheel && !file->refused && !file->yanked
                                         ? version_parse(file->version, NULL)
                                         : NULL;
        g_autofree char *public = version ? version_public_text(version) : NULL;
        if (!version || g_str_equal(public, now_public) || version_compare(version, now) <= 0 ||
            (version_is_prerelease(version) && !version_is_prerelease(now)))
            continue;
        bool known =
            versions->len > 0 && version_equal(versions->pdata[versions->len - 1], version);
        if (!known)
            g_ptr_array_add(versions, g_steal_pointer(&version));
    }
    if (versions->len > MAX_NEARER + 1)
        g_ptr_array_remove_range(versions, MAX_NEARER, versions->len - MAX_NEARER - 1);
    return versions;
}

static const LockStage *find_stage(const FixContext *context, const char *name)
{
    for (guint i = 0; name && i < context->target->stages->len; i++) {
        const LockStage *stage = context->target->stages->pdata[i];
        if (g_str_equal(stage->name, name))
            return stage;
    }
    return NULL;
}

static const LockEdge *find_line(const LockStage *stage, const char *name)
{
    for (guint i = 0; stage && i < stage->actions->len; i++) {
        const LockAction *action = stage->actions->pdata[i];
        for (guint k = 0; g_str_equal(action->name, name) && k < action->edges->len; k++) {
            const LockEdge *edge = action->edges->pdata[k];
            if (edge->from_line)
                return edge;
        }
    }
    return NULL;
}

static GPtrArray *one_edit(FixEdit *take)
{
    GPtrArray *edits = g_ptr_array_new_with_free_func(fix_edit_free);
    g_ptr_array_add(edits, take);
    return edits;
}

/* Items that hold the distribution to the version that it has: they move along. */
static bool add_items(const FixContext *context, GPtrArray *edits, const GPtrArray *checks,
                      const LockDistribution *installed, const char *wanted)
{
    for (guint i = 0; checks && i < checks->len; i++) {
        const Check *check = checks->pdata[i];
        for (guint k = 0; check->kind == CHECK_VERSION && k < check->items->len; k++) {
            const Text *item = check->items->pdata[k];
            g_autoptr(Requirement) asked = requirement_parse(item->text, NULL);
            if (!asked || !g_str_equal(asked->canonical, installed->name) ||
                specifier_set_contains_text(asked->specifiers, wanted, PRERELEASES_YES))
                continue;
            g_autofree char *address = span_address(item->at);
            FixEdit *edit = address ? fix_edit_version(context->book, context->recipe, address,
                                                       item->text, wanted)
                                    : NULL;
            if (!edit)
                return false;
            fix_edits_take(edits, edit);
        }
    }
    return true;
}

/* The user's line and the items of `checks:` that go with it; NULL where one can't be changed. */
static GPtrArray *edits_for(const FixContext *context, const LockEdge *line,
                            const LockDistribution *installed, const char *wanted)
{
    FixEdit *edit =
        fix_edit_version(context->book, context->recipe, line->from, line->requirement, wanted);
    if (!edit)
        return NULL;
    g_autoptr(GPtrArray) edits = one_edit(edit);
    const RecipeChecks *checks = context->recipe->checks;
    if (checks && (!add_items(context, edits, checks->build, installed, wanted) ||
                   !add_items(context, edits, checks->runtime, installed, wanted) ||
                   !add_items(context, edits, checks->gpu, installed, wanted)))
        return NULL;
    return g_steal_pointer(&edits);
}

/* What has to be imported again to see whether the finding is gone. */
static GPtrArray *concerned_roots(const FixContext *context)
{
    GPtrArray *names = g_ptr_array_new();
    const GPtrArray *roots = context->run->roots;
    for (guint i = 0; roots && i < roots->len; i++) {
        const ImportRoot *root = roots->pdata[i];
        bool fails = (root->build && root->build->outcome == IMPORT_FAILS) ||
                     (root->run && root->run->outcome == IMPORT_FAILS);
        if (fails)
            g_ptr_array_add(names, root->name);
    }
    return names;
}

static bool helps(const FixContext *context, const Finding *finding, const GPtrArray *edits,
                  const SceneOptions *options)
{
    g_autoptr(FixTrial) trial = fix_trial_new(context, edits, options);
    return trial && fix_trial_helps(context, trial, finding);
}

/* Whole wheels are only fetched of what is not refused without them. */
static CheckFix *try_edits(const FixContext *context, Finding *finding, GPtrArray *take_edits,
                           const char *about)
{
    g_autoptr(GPtrArray) edits = take_edits;
    g_autoptr(GPtrArray) only = concerned_roots(context);
    SceneOptions options = {.only = only};
    if (!helps(context, finding, edits, &options))
        return NULL;
    options.deep = context->run->deep;
    if (options.deep && !helps(context, finding, edits, &options))
        return NULL;
    CheckFix *fix = g_new0(CheckFix, 1);
    fix->finding = finding;
    fix->edits = g_steal_pointer(&edits);
    fix->about = g_strdup(about);
    return fix;
}

static CheckFix *try_versions(const FixContext *context, Finding *finding, const LockEdge *line,
                              const LockDistribution *installed, const GPtrArray *versions)
{
    for (guint i = 0; i < versions->len; i++) {
        const char *wanted = version_text(versions->pdata[i]);
        GPtrArray *edits = edits_for(context, line, installed, wanted);
        if (!edits)
            return NULL;
        g_autofree char *about = g_strdup_printf("%s %s", finding->distribution, wanted);
        CheckFix *fix = try_edits(context, finding, edits, about);
        if (fix)
            return fix;
    }
    return NULL;
}

/* Another version of the distribution that the finding is about. */
static CheckFix *fix_version(const FixContext *context, LockSurvey *survey, Finding *finding)
{
    const LockDistribution *installed =
        finding->distribution ? check_installed(context->run, finding->distribution) : NULL;
    const LockStage *stage = installed ? find_stage(context, installed->stage) : NULL;
    const LockEdge *line = find_line(stage, finding->distribution);
    g_autoptr(GPtrArray) files = NULL;
    if (!line || !lock_survey_files(survey, stage->name, installed->name, &files, NULL))
        return NULL;
    g_autoptr(GPtrArray) versions = candidates(files, installed->version);
    return try_versions(context, finding, line, installed, versions);
}

/* A change that the solver has tried: with it the stage is satisfied. */
static CheckFix *fix_stage(const FixContext *context, Finding *finding)
{
    for (guint i = 0; i < context->target->stages->len; i++) {
        const LockStage *stage = context->target->stages->pdata[i];
        for (guint k = 0; stage->status == STAGE_UNSATISFIABLE && k < stage->ways_out->len; k++) {
            const LockWayOut *way = stage->ways_out->pdata[k];
            bool usable = way->at && way->line && way->instead && !way->partial;
            FixEdit *edit =
                usable ? fix_edit_text(context->book, way->at, way->line, way->instead) : NULL;
            CheckFix *fix = edit ? try_edits(context, finding, one_edit(edit), way->instead) : NULL;
            if (fix)
                return fix;
        }
    }
    return NULL;
}

/* "change bitsandbytes==0.45.0 to bitsandbytes==0.45.2 (requirements.txt:1), which was tried" */
static void set_hint(Finding *finding, const CheckFix *fix)
{
    GString *text = g_string_new("change ");
    for (guint i = 0; i < fix->edits->len; i++) {
        const FixEdit *edit = fix->edits->pdata[i];
        g_string_append_printf(text, "%s%s to %s (%s)", i > 0 ? " and " : "", edit->before,
                               edit->after, edit->at);
    }
    g_string_append_printf(text, ": with %s this finding is gone, and no error comes", fix->about);
    g_free(finding->hint);
    finding->hint = g_string_free(text, FALSE);
}

static bool is_about_version(const Finding *finding)
{
    for (size_t i = 0; i < G_N_ELEMENTS(version_codes); i++) {
        if (g_str_equal(version_codes[i], finding->code))
            return finding->severity > SEVERITY_NOTE;
    }
    return false;
}

GPtrArray *check_fixes_find(const FixContext *context)
{
    GPtrArray *fixes = g_ptr_array_new_with_free_func(check_fix_free);
    g_autoptr(Diags) diags = diags_new();
    g_autoptr(LockSurvey) survey = NULL;
    unsigned tried = 0;
    for (guint i = 0; i < context->run->findings->len && tried < MAX_FIXED; i++) {
        Finding *finding = context->run->findings->pdata[i];
        CheckFix *fix = NULL;
        bool unsatisfiable = g_str_equal(finding->code, "unsatisfiable");
        if (!unsatisfiable && !is_about_version(finding))
            continue;
        tried++;
        if (unsatisfiable) {
            fix = fix_stage(context, finding);
        } else {
            if (!survey)
                survey = lock_survey_new(context->session, context->recipe,
                                         context->target->platform, diags, NULL);
            fix = survey ? fix_version(context, survey, finding) : NULL;
        }
        if (!fix)
            continue;
        g_ptr_array_add(fixes, fix);
        if (!unsatisfiable)
            set_hint(finding, fix);
    }
    return fixes;
}
