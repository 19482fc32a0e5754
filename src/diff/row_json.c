/* The rows of a matrix for scripts, and as CI systems take them. */
#include "diff/row_table.h"

#include "text/jsonw.h"

static const TargetFacts *row_of(const RowTable *table, guint index)
{
    return table->rows->pdata[index];
}

static void write_vars(JsonWriter *writer, const Recipe *recipe)
{
    jsonw_key(writer, "vars");
    jsonw_begin_object(writer, JSONW_INLINE);
    for (guint i = 0; i < recipe->vars->len; i++) {
        const Pair *pair = recipe->vars->pdata[i];
        jsonw_string_member(writer, pair->key, pair->value);
    }
    jsonw_end_object(writer);
}

static void write_failed(JsonWriter *writer, const TargetFacts *facts)
{
    jsonw_key(writer, "failed");
    if (!facts->failed) {
        jsonw_null(writer);
        return;
    }
    jsonw_begin_object(writer, JSONW_INLINE);
    jsonw_string_member(writer, "stage", facts->failed->name);
    jsonw_string_member(writer, "at", facts->at);
    jsonw_string_member(writer, "message", facts->reason);
    jsonw_end_object(writer);
}

static void write_checks(JsonWriter *writer, const TargetFacts *facts)
{
    static const char *const verdicts[] = {"holds", "fails", "moved", "unknown"};
    jsonw_key(writer, "checks");
    jsonw_begin_array(writer, JSONW_BLOCK);
    for (guint i = 0; i < facts->checks->len; i++) {
        const CheckFact *fact = facts->checks->pdata[i];
        jsonw_begin_object(writer, JSONW_INLINE);
        jsonw_string_member(writer, "item", fact->name);
        jsonw_string_member(writer, "verdict", verdicts[fact->kind]);
        jsonw_string_member(writer, "reason", fact->reason);
        jsonw_end_object(writer);
    }
    jsonw_end_array(writer);
}

static void write_solved(JsonWriter *writer, const TargetFacts *facts)
{
    jsonw_string_member(writer, "torch", facts->torch);
    jsonw_string_member(writer, "cuda", facts->cuda);
    jsonw_string_member(writer, "min_cuda", facts->min_cuda);
    jsonw_string_member(writer, "min_driver", facts->min_driver);
    gpu_facts_write(writer, facts->gpus);
    jsonw_unsigned_member(writer, "download_bytes", facts->download_bytes);
    jsonw_unsigned_member(writer, "unknown_sizes", facts->unknown_sizes);
    jsonw_unsigned_member(writer, "distributions", facts->distributions);
    jsonw_unsigned_member(writer, "errors", facts->errors);
    jsonw_unsigned_member(writer, "warnings", facts->warnings);
    jsonw_boolean_member(writer, "checked", facts->judged);
    write_checks(writer, facts);
}

static void write_row(JsonWriter *writer, const TargetFacts *facts)
{
    const LockTarget *target = facts->target;
    jsonw_begin_object(writer, JSONW_BLOCK);
    jsonw_string_member(writer, "row", target->row);
    jsonw_string_member(writer, "platform", target->platform);
    write_vars(writer, facts->recipe);
    jsonw_boolean_member(writer, "resolves", !facts->failed);
    write_failed(writer, facts);
    jsonw_string_member(writer, "base", target->base.reference);
    jsonw_string_member(writer, "python", target->base.python);
    jsonw_string_member(writer, "libc", target->base.libc);
    if (!facts->failed)
        write_solved(writer, facts);
    jsonw_end_object(writer);
}

static void write_differences(JsonWriter *writer, const RowTable *table, const char *key,
                              const GPtrArray *list)
{
    jsonw_key(writer, key);
    jsonw_begin_array(writer, JSONW_BLOCK);
    for (guint i = 0; i < list->len; i++) {
        const RowDifference *one = list->pdata[i];
        jsonw_begin_object(writer, JSONW_INLINE);
        jsonw_string_member(writer, "name", one->name);
        jsonw_key(writer, "values");
        jsonw_begin_array(writer, JSONW_INLINE);
        for (guint k = 0; k < table->rows->len; k++)
            jsonw_string(writer, one->values[k]);
        jsonw_end_array(writer);
        jsonw_end_object(writer);
    }
    jsonw_end_array(writer);
}

char *row_table_encode_json(const RowTable *table)
{
    g_autoptr(JsonWriter) writer = jsonw_new();
    jsonw_begin_object(writer, JSONW_BLOCK);
    jsonw_string_member(writer, "schema", "ramekin.matrix/1");
    jsonw_string_member(writer, "recipe", table->recipe_path);
    jsonw_key(writer, "rows");
    jsonw_begin_array(writer, JSONW_BLOCK);
    for (guint i = 0; i < table->rows->len; i++)
        write_row(writer, row_of(table, i));
    jsonw_end_array(writer);
    jsonw_key(writer, "differ");
    jsonw_begin_object(writer, JSONW_BLOCK);
    write_differences(writer, table, "checks", table->checks);
    write_differences(writer, table, "vars", table->vars);
    write_differences(writer, table, "asked", table->asked);
    write_differences(writer, table, "brought", table->brought);
    jsonw_end_object(writer);
    jsonw_end_object(writer);
    return jsonw_finish(writer, NULL);
}

/* CI */

static char *address_of(const RowTable *table, const TargetFacts *facts)
{
    const char *row = facts->target->row;
    return g_strconcat(table->recipe_path, row ? "#" : NULL, row, NULL);
}

/* What a job is about: GitHub's keys are lower case, GitLab's are names of variables. */
static void write_job(JsonWriter *writer, const RowTable *table, const TargetFacts *facts,
                      bool upper)
{
    g_autofree char *address = address_of(table, facts);
    const struct {
        const char *key, *value;
    } members[] = {
        {"row", facts->target->row},
        {"recipe", address},
        {"platform", facts->target->platform},
        {"python", facts->target->base.python},
        {"torch", facts->torch},
        {"cuda", facts->cuda},
        {"driver", facts->min_driver},
    };
    jsonw_begin_object(writer, JSONW_INLINE);
    for (size_t i = 0; i < G_N_ELEMENTS(members); i++) {
        g_autofree char *big = g_ascii_strup(members[i].key, -1);
        g_autofree char *key = upper ? g_strconcat("RAMEKIN_", big, NULL) : NULL;
        jsonw_string_member(writer, upper ? key : members[i].key,
                            members[i].value ? members[i].value : "");
    }
    jsonw_end_object(writer);
}

static void write_jobs(JsonWriter *writer, const RowTable *table, bool upper)
{
    jsonw_begin_array(writer, JSONW_INLINE);
    for (guint i = 0; i < table->rows->len; i++) {
        if (!row_of(table, i)->failed)
            write_job(writer, table, row_of(table, i), upper);
    }
    jsonw_end_array(writer);
}

char *row_table_encode_github(const RowTable *table)
{
    g_autoptr(JsonWriter) writer = jsonw_new();
    jsonw_begin_object(writer, JSONW_INLINE);
    jsonw_key(writer, "include");
    write_jobs(writer, table, false);
    jsonw_end_object(writer);
    return jsonw_finish(writer, NULL);
}

char *row_table_encode_gitlab(const RowTable *table)
{
    g_autoptr(JsonWriter) writer = jsonw_new();
    jsonw_begin_object(writer, JSONW_BLOCK);
    jsonw_key(writer, ".ramekin");
    jsonw_begin_object(writer, JSONW_BLOCK);
    jsonw_key(writer, "parallel");
    jsonw_begin_object(writer, JSONW_BLOCK);
    jsonw_key(writer, "matrix");
    write_jobs(writer, table, true);
    jsonw_end_object(writer);
    jsonw_end_object(writer);
    jsonw_end_object(writer);
    return jsonw_finish(writer, NULL);
}
