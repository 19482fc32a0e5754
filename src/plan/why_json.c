#include "plan/result_head.h"
#include "plan/why.h"
#include "text/jsonw.h"

static void write_chains(JsonWriter *writer, const GPtrArray *chains)
{
    jsonw_key(writer, "chains");
    jsonw_begin_array(writer, JSONW_INLINE);
    for (guint i = 0; i < chains->len; i++) {
        const GPtrArray *chain = chains->pdata[i];
        jsonw_texts(writer, JSONW_INLINE, chain);
    }
    jsonw_end_array(writer);
}

static void write_clause(JsonWriter *writer, const WhyClause *clause, bool asked)
{
    static const char *const kinds[] = {"line", "required", "constraint", "override"};
    static const char *const bounds[] = {"none", "above", "exact"};
    jsonw_begin_object(writer, JSONW_INLINE);
    jsonw_string_member(writer, "kind", kinds[clause->kind]);
    jsonw_string_member(writer, "requirement", clause->clause);
    jsonw_string_member(writer, "bound", bounds[clause->bound]);
    jsonw_boolean_member(writer, "met", clause->met);
    if (asked)
        jsonw_boolean_member(writer, "excludes", clause->excludes);
    write_chains(writer, clause->chains);
    jsonw_end_object(writer);
}

static void write_clauses(JsonWriter *writer, const char *key, const GPtrArray *clauses, bool asked)
{
    jsonw_key(writer, key);
    jsonw_begin_array(writer, JSONW_BLOCK);
    for (guint i = 0; i < clauses->len; i++)
        write_clause(writer, clauses->pdata[i], asked);
    jsonw_end_array(writer);
}

static void write_stage(JsonWriter *writer, const Why *why, const WhyStage *stage)
{
    static const char *const effects[] = {"installed", "changed", "reinstalled", "kept", "removed"};
    jsonw_begin_object(writer, JSONW_BLOCK);
    jsonw_string_member(writer, "name", stage->stage->name);
    jsonw_string_member(writer, "at", stage->stage->at);
    jsonw_string_member(writer, "effect", effects[stage->effect]);
    jsonw_string_member(writer, "version", stage->action->version);
    jsonw_string_member(writer, "from", stage->action->from_version);
    jsonw_string_member(writer, "undoes", stage->undoes);
    write_clauses(writer, "clauses", stage->clauses, why->question != NULL);
    jsonw_end_object(writer);
}

static void write_files(JsonWriter *writer, const WhyQuestion *question)
{
    jsonw_key(writer, "files");
    if (!question->files) {
        jsonw_null(writer);
        return;
    }
    jsonw_begin_array(writer, JSONW_BLOCK);
    for (guint i = 0; i < question->files->len; i++) {
        const SurveyFile *file = question->files->pdata[i];
        if (!g_str_equal(file->version, question->version))
            continue;
        jsonw_begin_object(writer, JSONW_INLINE);
        jsonw_string_member(writer, "index", file->index);
        jsonw_string_member(writer, "file", file->file);
        jsonw_boolean_member(writer, "yanked", file->yanked);
        jsonw_string_member(writer, "refused", file->refused);
        jsonw_end_object(writer);
    }
    jsonw_end_array(writer);
}

/* What stands in the way of the version; nulls where nothing does. */
static void write_failed(JsonWriter *writer, const LockStage *failed)
{
    g_autofree char *text = failed ? why_failed_text(failed) : NULL;
    jsonw_string_member(writer, "explanation", text);
    if (!failed)
        return;
    lock_conflict_write(writer, failed->conflict_lines, failed->ways_out);
}

static void write_question(JsonWriter *writer, const Why *why)
{
    static const char *const trials[] = {NULL, "solved", "unsatisfiable"};
    const WhyQuestion *question = why->question;
    jsonw_key(writer, "asked");
    if (!question) {
        jsonw_null(writer);
        return;
    }
    jsonw_begin_object(writer, JSONW_BLOCK);
    jsonw_string_member(writer, "version", question->version);
    jsonw_boolean_member(writer, "excluded", why_is_excluded(why));
    write_files(writer, question);
    jsonw_string_member(writer, "trial", trials[question->trial]);
    write_failed(writer, question->failed);
    jsonw_end_object(writer);
}

char *why_encode_json(const Why *why)
{
    g_autoptr(JsonWriter) writer = jsonw_new();
    const LockDistribution *current = why->current;
    bool indexed = current && current->file && current->file->source == LOCK_SOURCE_INDEX;
    result_head_begin(writer, "ramekin.why/1", why->recipe_path, why->target);
    jsonw_string_member(writer, "name", why->name);
    jsonw_string_member(writer, "version", current ? current->version : NULL);
    jsonw_string_member(writer, "index", indexed ? current->file->source_name : NULL);
    jsonw_string_member(writer, "stage", current ? current->stage : NULL);
    jsonw_key(writer, "stages");
    jsonw_begin_array(writer, JSONW_BLOCK);
    for (guint i = 0; i < why->stages->len; i++)
        write_stage(writer, why, why->stages->pdata[i]);
    jsonw_end_array(writer);
    write_clauses(writer, "broken", why->broken, false);
    write_question(writer, why);
    jsonw_end_object(writer);
    return jsonw_finish(writer, NULL);
}
