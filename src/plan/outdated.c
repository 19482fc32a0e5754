#include "plan/outdated.h"

#include "plan/result_head.h"
#include "python/version.h"
#include "text/jsonw.h"

static void move_free(OutdatedMove *move)
{
    if (!move)
        return;
    g_free(move->version);
    g_free(move->problem);
    g_ptr_array_unref(move->changes);
    g_ptr_array_unref(move->breaks);
    g_free(move);
}

OutdatedMove *outdated_entry_move(OutdatedEntry *entry, const char *version)
{
    move_free(entry->move);
    entry->move = g_new0(OutdatedMove, 1);
    entry->move->version = g_strdup(version);
    entry->move->changes = g_ptr_array_new_with_free_func(g_free);
    entry->move->breaks = g_ptr_array_new_with_free_func(g_free);
    return entry->move;
}

static void entry_free(void *data)
{
    OutdatedEntry *entry = data;
    move_free(entry->move);
    why_free(entry->why);
    g_ptr_array_unref(entry->holders);
    g_ptr_array_unref(entry->files);
    g_free(entry);
}

static void outdated_stage_free(void *data)
{
    OutdatedStage *stage = data;
    g_ptr_array_unref(stage->entries);
    g_free(stage);
}

void outdated_free(Outdated *outdated)
{
    if (!outdated)
        return;
    g_ptr_array_unref(outdated->stages);
    g_free(outdated);
}

static const LockStage *last_stage(const LockTarget *target)
{
    const GPtrArray *stages = target->stages;
    return stages->len > 0 ? stages->pdata[stages->len - 1] : NULL;
}

/* Only what an index brought can be found newer on an index. */
static bool is_checked(const LockDistribution *distribution, const LockStage *stage)
{
    return !distribution->ghost && g_strcmp0(distribution->stage, stage->name) == 0 &&
           distribution->file && distribution->file->source == LOCK_SOURCE_INDEX;
}

/* The newest version that counts: the first file that has it. */
static const SurveyFile *find_newest(const GPtrArray *files, const Version *current)
{
    for (guint i = 0; i < files->len; i++) {
        const SurveyFile *file = files->pdata[i];
        g_autoptr(Version) version = version_parse(file->version, NULL);
        if (!version || file->yanked ||
            (version_is_prerelease(version) && !version_is_prerelease(current)))
            continue;
        return version_compare(version, current) > 0 ? file : NULL;
    }
    return NULL;
}

/* What a refusal tells: least that one of many wheels is for another platform. */
static unsigned weight(const SurveyFile *file)
{
    return file->elsewhere ? 1 : file->wheel ? 3 : 2;
}

/* Why none of the files of a version can be taken; NULL: one can. */
static const char *find_refusal(const GPtrArray *files, const SurveyFile *newest)
{
    const SurveyFile *telling = NULL;
    for (guint i = 0; i < files->len; i++) {
        const SurveyFile *file = files->pdata[i];
        if (!g_str_equal(file->version, newest->version))
            continue;
        if (!file->refused)
            return NULL;
        if (!telling || weight(file) > weight(telling))
            telling = file;
    }
    return telling ? telling->refused : NULL;
}

static OutdatedEntry *entry_new(const Outdated *outdated, const LockDistribution *current,
                                const LockTarget *upgraded, const LockSurvey *survey,
                                GPtrArray *files, const SurveyFile *newest)
{
    const LockStage *last = last_stage(upgraded);
    const LockDistribution *allowed = last ? lock_stage_find(last, current->name) : NULL;
    OutdatedEntry *entry = g_new0(OutdatedEntry, 1);
    entry->current = current;
    entry->allowed = allowed ? allowed->version : NULL;
    entry->newest = newest->version;
    entry->index = newest->index;
    entry->refused = find_refusal(files, newest);
    entry->files = g_ptr_array_ref(files);
    entry->question = (WhyQuestion){.version = newest->version, .files = files};
    entry->why = why_new(outdated->recipe_path, upgraded, survey, current->name);
    if (entry->why)
        why_ask(entry->why, &entry->question);
    entry->holders = entry->why ? why_excluding(entry->why) : g_ptr_array_new();
    return entry;
}

static gboolean check(Outdated *outdated, OutdatedStage *stage, const LockDistribution *current,
                      const LockTarget *upgraded, LockSurvey *survey, GError **error)
{
    g_autoptr(GPtrArray) files = NULL;
    if (!lock_survey_files(survey, stage->stage->name, current->name, &files, error))
        return FALSE;
    g_autoptr(Version) version = version_parse(current->version, NULL);
    const SurveyFile *newest = version ? find_newest(files, version) : NULL;
    outdated->checked++;
    if (!newest)
        return TRUE;
    outdated->outdated++;
    g_ptr_array_add(stage->entries, entry_new(outdated, current, upgraded, survey, files, newest));
    return TRUE;
}

static gboolean check_stage(Outdated *outdated, const LockStage *locked,
                            const GPtrArray *environment, const LockTarget *upgraded,
                            LockSurvey *survey, GError **error)
{
    OutdatedStage *stage = g_new0(OutdatedStage, 1);
    stage->stage = locked;
    stage->entries = g_ptr_array_new_with_free_func(entry_free);
    g_ptr_array_add(outdated->stages, stage);
    for (guint i = 0; i < environment->len; i++) {
        if (is_checked(environment->pdata[i], locked) &&
            !check(outdated, stage, environment->pdata[i], upgraded, survey, error))
            return FALSE;
    }
    if (stage->entries->len == 0)
        g_ptr_array_remove(outdated->stages, stage);
    return TRUE;
}

static void want_all(const LockTarget *target, const GPtrArray *environment, LockSurvey *survey)
{
    for (guint i = 0; i < environment->len; i++) {
        const LockDistribution *distribution = environment->pdata[i];
        for (guint k = 0; k < target->stages->len; k++) {
            const LockStage *stage = target->stages->pdata[k];
            if (is_checked(distribution, stage))
                lock_survey_want(survey, stage->name, distribution->name);
        }
    }
}

Outdated *outdated_new(const char *recipe_path, const LockTarget *target,
                       const LockTarget *upgraded, LockSurvey *survey, GError **error)
{
    g_autoptr(Outdated) outdated = g_new0(Outdated, 1);
    outdated->recipe_path = recipe_path;
    outdated->target = target;
    outdated->stages = g_ptr_array_new_with_free_func(outdated_stage_free);
    const LockStage *last = last_stage(target);
    if (!last)
        return g_steal_pointer(&outdated);
    want_all(target, last->environment, survey);
    for (guint i = 0; i < target->stages->len; i++) {
        if (!check_stage(outdated, target->stages->pdata[i], last->environment, upgraded, survey,
                         error))
            return NULL;
    }
    return g_steal_pointer(&outdated);
}

/* JSON */

static void write_holders(JsonWriter *writer, const GPtrArray *holders)
{
    static const char *const kinds[] = {"line", "required", "constraint", "override"};
    jsonw_key(writer, "held_by");
    jsonw_begin_array(writer, JSONW_INLINE);
    for (guint i = 0; i < holders->len; i++) {
        const WhyClause *clause = holders->pdata[i];
        const GPtrArray *chain = clause->chains->pdata[0];
        jsonw_begin_object(writer, JSONW_INLINE);
        jsonw_string_member(writer, "kind", kinds[clause->kind]);
        jsonw_string_member(writer, "requirement", clause->clause);
        jsonw_texts_member(writer, "chain", chain);
        jsonw_end_object(writer);
    }
    jsonw_end_array(writer);
}

static void write_move(JsonWriter *writer, const OutdatedMove *move)
{
    jsonw_key(writer, "move");
    if (!move) {
        jsonw_null(writer);
        return;
    }
    jsonw_begin_object(writer, JSONW_INLINE);
    jsonw_string_member(writer, "version", move->version);
    jsonw_boolean_member(writer, "solved", move->solved);
    jsonw_string_member(writer, "problem", move->problem);
    jsonw_texts_member(writer, "changes", move->changes);
    jsonw_texts_member(writer, "breaks", move->breaks);
    jsonw_end_object(writer);
}

static void write_entry(JsonWriter *writer, const OutdatedEntry *entry)
{
    jsonw_begin_object(writer, JSONW_INLINE);
    jsonw_string_member(writer, "name", entry->current->name);
    jsonw_string_member(writer, "current", entry->current->version);
    jsonw_string_member(writer, "allowed", entry->allowed);
    jsonw_string_member(writer, "newest", entry->newest);
    jsonw_string_member(writer, "index", entry->index);
    jsonw_string_member(writer, "refused", entry->refused);
    write_holders(writer, entry->holders);
    write_move(writer, entry->move);
    jsonw_end_object(writer);
}

char *outdated_encode_json(const Outdated *outdated)
{
    g_autoptr(JsonWriter) writer = jsonw_new();
    result_head_begin(writer, "ramekin.outdated/1", outdated->recipe_path, outdated->target);
    jsonw_unsigned_member(writer, "checked", outdated->checked);
    jsonw_key(writer, "stages");
    jsonw_begin_array(writer, JSONW_BLOCK);
    for (guint i = 0; i < outdated->stages->len; i++) {
        const OutdatedStage *stage = outdated->stages->pdata[i];
        jsonw_begin_object(writer, JSONW_BLOCK);
        jsonw_string_member(writer, "name", stage->stage->name);
        jsonw_string_member(writer, "at", stage->stage->at);
        jsonw_key(writer, "distributions");
        jsonw_begin_array(writer, JSONW_BLOCK);
        for (guint k = 0; k < stage->entries->len; k++)
            write_entry(writer, stage->entries->pdata[k]);
        jsonw_end_array(writer);
        jsonw_end_object(writer);
    }
    jsonw_end_array(writer);
    jsonw_end_object(writer);
    return jsonw_finish(writer, NULL);
}
