/* ramekin.check/1, as ramekin-check(1) describes it. */
#include "check/report.h"
#include "lock/finding_fields.h"
#include "text/jsonw.h"

static void write_finding(JsonWriter *json, const ReportFinding *one)
{
    IgnoredFinding finding = {*one->finding, one->ignored ? one->ignored->why : NULL};
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

static void write_target(JsonWriter *json, const ReportTarget *target)
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
        write_finding(json, target->findings->pdata[i]);
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
        write_target(json, report->targets->pdata[i]);
    jsonw_end_array(json);
    write_counts(json, &report->counts);
    jsonw_end_object(json);
    return jsonw_finish(json, NULL);
}
