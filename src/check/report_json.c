/* ramekin.check/1, as ramekin-check(1) describes it. */
#include "check/report.h"
#include "lock/finding_fields.h"
#include "text/jsonw.h"

static FindingEdit *describe_edit(const CheckReport *report, const FixEdit *edit)
{
    Span at = fix_edit_span(edit);
    FindingEdit *described = g_new0(FindingEdit, 1);
    described->file = source_book_path(report->book, edit->source);
    described->line = at.line;
    described->column = at.column;
    described->end_column = at.column + at.width;
    described->before = g_strdup(edit->before);
    described->after = g_strdup(edit->after);
    return described;
}

/* FindingFix: one, or none. */
static GPtrArray *describe_fixes(const CheckReport *report, const CheckFix *fix)
{
    GPtrArray *fixes = g_ptr_array_new_with_free_func(finding_fix_free);
    if (!fix)
        return fixes;
    FindingFix *described = g_new0(FindingFix, 1);
    described->about = g_strdup(fix->about);
    described->edits = g_ptr_array_new_with_free_func(finding_edit_free);
    for (guint i = 0; i < fix->edits->len; i++)
        g_ptr_array_add(described->edits, describe_edit(report, fix->edits->pdata[i]));
    g_ptr_array_add(fixes, described);
    return fixes;
}

static void write_finding(const CheckReport *report, JsonWriter *json, const ReportFinding *one)
{
    g_autoptr(GPtrArray) fixes = describe_fixes(report, one->fix);
    IgnoredFinding finding = {*one->finding, one->ignored ? one->ignored->why : NULL, fixes};
    json_record_encode(&finding_check_record, json, &finding, NULL);
}

static void write_result(JsonWriter *json, const CheckResult *result)
{
    g_autofree char *at = span_address(result->check->at);
    jsonw_begin_object(json, JSONW_INLINE);
    jsonw_string_member(json, "when", result->when);
    jsonw_string_member(json, "kind", check_kind_name(result->check->kind));
    jsonw_string_member(json, "item", result->item);
    jsonw_string_member(json, "at", at);
    jsonw_string_member(json, "result", result_kind_name(result->kind));
    jsonw_string_member(json, "reason", result->reason);
    jsonw_end_object(json);
}

static void write_target(const CheckReport *report, JsonWriter *json, const ReportTarget *target)
{
    const LockTarget *locked = target->run->target;
    jsonw_begin_object(json, JSONW_BLOCK);
    jsonw_string_member(json, "row", locked->row);
    jsonw_string_member(json, "platform", locked->platform);
    jsonw_boolean_member(json, "solved", lock_target_is_solved(locked));
    jsonw_boolean_member(json, "deep", target->run->deep);
    jsonw_key(json, "findings");
    jsonw_begin_array(json, JSONW_BLOCK);
    for (guint i = 0; i < target->findings->len; i++)
        write_finding(report, json, target->findings->pdata[i]);
    jsonw_end_array(json);
    jsonw_key(json, "checks");
    jsonw_begin_array(json, JSONW_BLOCK);
    for (guint i = 0; i < target->run->results->len; i++)
        write_result(json, target->run->results->pdata[i]);
    jsonw_end_array(json);
    jsonw_end_object(json);
}

static void write_counts(JsonWriter *json, const ReportCounts *counts)
{
    jsonw_key(json, "counts");
    jsonw_begin_object(json, JSONW_INLINE);
    jsonw_unsigned_member(json, "errors", counts->severities[SEVERITY_ERROR]);
    jsonw_unsigned_member(json, "warnings", counts->severities[SEVERITY_WARNING]);
    jsonw_unsigned_member(json, "notes", counts->severities[SEVERITY_NOTE]);
    jsonw_unsigned_member(json, "acknowledged", counts->acknowledged);
    jsonw_unsigned_member(json, "ignored", counts->ignored);
    jsonw_unsigned_member(json, "checks_hold", counts->holds);
    jsonw_unsigned_member(json, "checks_fail", counts->fails);
    jsonw_unsigned_member(json, "checks_moved", counts->moved);
    jsonw_unsigned_member(json, "checks_unknown", counts->unknown);
    jsonw_end_object(json);
}

char *check_report_encode_json(const CheckReport *report)
{
    g_autoptr(JsonWriter) json = jsonw_new();
    const ReportTarget *first = report->targets->len > 0 ? report->targets->pdata[0] : NULL;
    jsonw_begin_object(json, JSONW_BLOCK);
    jsonw_string_member(json, "schema", "ramekin.check/1");
    jsonw_string_member(json, "recipe", first ? first->run->plan->recipe_path : NULL);
    jsonw_key(json, "targets");
    jsonw_begin_array(json, JSONW_BLOCK);
    for (guint i = 0; i < report->targets->len; i++)
        write_target(report, json, report->targets->pdata[i]);
    jsonw_end_array(json);
    write_counts(json, &report->counts);
    jsonw_end_object(json);
    return jsonw_finish(json, NULL);
}
