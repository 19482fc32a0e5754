#include "check/fix_trial.h"

#include "check/import_roots.h"
#include "check/import_words.h"
#include "lock/fetch.h"
#include "python/requirement.h"

void fix_trial_free(FixTrial *trial)
{
    if (!trial)
        return;
    check_run_free(trial->run);
    lock_free(trial->lock);
    recipe_free(trial->recipe);
    recipe_file_unref(trial->file);
    g_clear_pointer(&trial->texts, g_hash_table_unref);
    g_free(trial);
}

static bool is_of_recipe(const FixContext *context, const Source *source)
{
    return g_ptr_array_find((GPtrArray *)recipe_file_sources(context->recipe->file), source, NULL);
}

/* The recipe's own file is the only one of it that is edited: what it includes belongs to others
 * too. */
static bool load_recipe(FixTrial *trial, const FixContext *context, const GPtrArray *edits,
                        Diags *diags)
{
    const char *path = recipe_file_path(context->recipe->file);
    Source *own = recipe_file_sources(context->recipe->file)->pdata[0];
    g_autoptr(GPtrArray) sources = fix_edits_sources(edits);
    for (guint i = 0; i < sources->len; i++) {
        if (sources->pdata[i] == own)
            continue;
        if (is_of_recipe(context, sources->pdata[i]))
            return false;
        g_hash_table_insert(trial->texts, g_strdup(source_name(sources->pdata[i])),
                            fix_edits_apply(edits, sources->pdata[i]));
    }
    g_autofree char *text = fix_edits_apply(edits, own);
    g_autoptr(Source) source = source_new(source_name(own), text, strlen(text));
    trial->file = recipe_file_from_source(source, path, diags);
    trial->recipe = trial->file ? recipe_decode(trial->file, context->recipe->row,
                                                context->recipe_options, diags)
                                : NULL;
    return trial->recipe != NULL;
}

static bool resolve(FixTrial *trial, const FixContext *context, LockTarget **ret_target,
                    Diags *diags)
{
    lock_session_prefer(context->session, context->lock);
    lock_session_edit(context->session, trial->texts);
    bool ok = lock_resolve_target(context->session, trial->recipe, context->target->platform,
                                  trial->lock, ret_target, diags, NULL);
    lock_session_edit(context->session, NULL);
    return ok && lock_target_is_solved(*ret_target);
}

/* Wheels of the target; `before`: but for those that it has. */
static GPtrArray *collect_wheels(const LockTarget *target, const LockTarget *before)
{
    g_autoptr(GPtrArray) old = before ? lock_target_installs(before) : g_ptr_array_new();
    g_autoptr(GHashTable) known = g_hash_table_new(g_str_hash, g_str_equal);
    for (guint i = 0; i < old->len; i++)
        g_hash_table_add(known, ((const LockFile *)old->pdata[i])->sha256);
    GPtrArray *files = lock_target_installs(target);
    for (guint i = files->len; i-- > 0;) {
        const LockFile *file = files->pdata[i];
        if (!g_str_has_suffix(file->file, ".whl") || g_hash_table_contains(known, file->sha256))
            g_ptr_array_remove_index_fast(files, i);
    }
    return files;
}

/* Bytes that are fetched when these wheels are read whole. */
static guint64 count_missing(const FixContext *context, const GPtrArray *files)
{
    g_autoptr(BlobStore) blobs = blob_store_new(lock_session_cache(context->session));
    guint64 missing = 0;
    for (guint i = 0; i < files->len; i++) {
        const LockFile *file = files->pdata[i];
        g_autofree char *path = file->source == LOCK_SOURCE_INDEX
                                    ? blob_store_find(blobs, file->sha256, file->size)
                                    : g_strdup("");
        missing += path ? 0 : file->size;
    }
    return missing;
}

static bool can_afford(const FixContext *context, const GPtrArray *files)
{
    guint64 missing = context->budget && files ? count_missing(context, files) : 0;
    if (context->budget && missing > *context->budget)
        return false;
    if (context->budget)
        *context->budget -= missing;
    return true;
}

FixTrial *fix_trial_new(const FixContext *context, const GPtrArray *edits, const GPtrArray *only,
                        TrialDepth depth, bool *ret_unseen)
{
    g_autoptr(Diags) diags = diags_new();
    *ret_unseen = false;
    g_autoptr(FixTrial) trial = g_new0(FixTrial, 1);
    trial->lock = lock_new();
    trial->texts = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    LockTarget *target = NULL;
    if (!load_recipe(trial, context, edits, diags) || !resolve(trial, context, &target, diags))
        return NULL;
    trial->run = check_run_new(trial->recipe, target);
    g_autoptr(GPtrArray) whole =
        depth == TRIAL_NONE
            ? NULL
            : collect_wheels(target, depth == TRIAL_CHANGED ? context->target : NULL);
    SceneOptions options = {.deep = depth == TRIAL_ALL, .only = only};
    if (depth == TRIAL_CHANGED)
        options.whole = whole;
    g_autoptr(CheckScene) scene =
        can_afford(context, whole) ? check_scene_open(context->session, trial->run, &options, NULL)
                                   : NULL;
    if (!scene) {
        *ret_unseen = true;
        return NULL;
    }
    check_judge(trial->run);
    return g_steal_pointer(&trial);
}

/* Whether both are about requirements of the same name, or about none. */
static bool same_required(const Finding *a, const Finding *b)
{
    g_autoptr(Requirement) one = a->requirement ? requirement_parse(a->requirement, NULL) : NULL;
    g_autoptr(Requirement) other = b->requirement ? requirement_parse(b->requirement, NULL) : NULL;
    return one && other ? g_str_equal(one->canonical, other->canonical) : one == other;
}

static bool has_finding(const GPtrArray *findings, const Finding *wanted)
{
    for (guint i = 0; i < findings->len; i++) {
        const Finding *finding = findings->pdata[i];
        if (g_str_equal(finding->code, wanted->code) &&
            g_strcmp0(finding->distribution, wanted->distribution) == 0 &&
            same_required(finding, wanted) && finding->severity >= wanted->severity)
            return true;
    }
    return false;
}

static bool target_has_finding(const CheckRun *run, const Finding *wanted)
{
    for (guint i = 0; i < run->target->stages->len; i++) {
        const LockStage *stage = run->target->stages->pdata[i];
        if (has_finding(stage->findings, wanted))
            return true;
    }
    return has_finding(run->findings, wanted);
}

static bool has_new_error(const CheckRun *before, const GPtrArray *findings)
{
    for (guint i = 0; i < findings->len; i++) {
        const Finding *finding = findings->pdata[i];
        if (finding->severity == SEVERITY_ERROR && !finding->acknowledged &&
            !target_has_finding(before, finding))
            return true;
    }
    return false;
}

static bool fails(const ImportVerdict *verdict)
{
    return verdict && verdict->outcome == IMPORT_FAILS;
}

/* Whether the failure begins or ends in a file of the distribution: findings are told of either. */
static bool fails_in(const ImportVerdict *verdict, const char *distribution)
{
    if (!fails(verdict))
        return false;
    const ImportStep *first = import_first_step(verdict), *last = import_last_step(verdict);
    return !distribution || (first && g_strcmp0(first->distribution, distribution) == 0) ||
           (last && g_strcmp0(last->distribution, distribution) == 0);
}

static bool root_fails(const GPtrArray *roots, const ImportRoot *wanted)
{
    for (guint i = 0; roots && i < roots->len; i++) {
        const ImportRoot *root = roots->pdata[i];
        bool build = root->kind == ROOT_CHECK && !g_str_equal(root->when, "gpu");
        if (root->kind == wanted->kind && g_strcmp0(root->name, wanted->name) == 0 &&
            (fails(root->run) || (build && fails(root->build))))
            return true;
    }
    return false;
}

/* A version whose import fails elsewhere, or needs a driver where there is none, is no way out of
 * one whose import fails. */
static bool still_fails(const FixContext *context, const CheckRun *run, const Finding *finding)
{
    const GPtrArray *roots = context->run->roots;
    bool import = g_str_equal(finding->code, "import-fails") ||
                  g_str_equal(finding->code, "import-needs-driver");
    for (guint i = 0; import && roots && i < roots->len; i++) {
        const ImportRoot *root = roots->pdata[i];
        bool concerned = fails_in(root->run, finding->distribution) ||
                         fails_in(root->build, finding->distribution);
        if (concerned && root_fails(run->roots, root))
            return true;
    }
    return target_has_finding(run, finding);
}

bool fix_trial_helps(const FixContext *context, const FixTrial *trial, const Finding *finding)
{
    if (still_fails(context, trial->run, finding) ||
        has_new_error(context->run, trial->run->findings))
        return false;
    for (guint i = 0; i < trial->run->target->stages->len; i++) {
        const LockStage *stage = trial->run->target->stages->pdata[i];
        if (has_new_error(context->run, stage->findings))
            return false;
    }
    return true;
}
