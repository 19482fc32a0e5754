/* One result for each finding; what several targets have in common is one result that names them.
 */
#include "base/digest.h"
#include "check/report.h"
#include "check/sarif.h"
#include "text/jsonw.h"

/* A finding, and the targets that have it. */
typedef struct {
    const ReportFinding *one;
    Span at;
    char *fingerprint;
    GPtrArray *targets;  /* char* */
    const CheckFix *fix; /* of the first target that has one; or NULL */
} SarifResult;

static void free_result(void *data)
{
    SarifResult *result = data;
    g_free(result->fingerprint);
    g_ptr_array_unref(result->targets);
    g_free(result);
}

/* The same for the same finding on the same text, wherever that line has moved to. */
static char *make_fingerprint(const CheckReport *report, const Finding *finding, Span at)
{
    size_t length = 0;
    const char *line = span_is_set(at) ? source_line(at.source, at.line, &length) : NULL;
    g_autofree char *text = g_strndup(line ? line : "", length);
    g_autofree char *path =
        span_is_set(at) ? source_book_path(report->book, at.source) : g_strdup("");
    const char *parts[] = {finding->code,
                           path,
                           g_strstrip(text),
                           finding->distribution ? finding->distribution : "",
                           finding->requirement ? finding->requirement : "",
                           finding->distribution ? "" : finding->message,
                           NULL};
    g_autofree char *all = g_strjoinv("\n", (char **)parts);
    return digest_sha256(all, strlen(all));
}

static char *target_name(const LockTarget *target)
{
    return target->row ? g_strdup_printf("%s (%s)", target->row, target->platform)
                       : g_strdup(target->platform);
}

static SarifResult *find_result(const GPtrArray *results, const Finding *finding,
                                const char *fingerprint)
{
    for (guint i = 0; i < results->len; i++) {
        SarifResult *result = results->pdata[i];
        if (g_str_equal(result->fingerprint, fingerprint) &&
            g_str_equal(result->one->finding->message, finding->message) &&
            g_strcmp0(result->one->finding->at, finding->at) == 0)
            return result;
    }
    return NULL;
}

static void collect(const CheckReport *report, const ReportTarget *target, GPtrArray *results)
{
    for (guint i = 0; i < target->findings->len; i++) {
        const ReportFinding *one = target->findings->pdata[i];
        Span at = source_book_locate(report->book, one->finding);
        g_autofree char *fingerprint = make_fingerprint(report, one->finding, at);
        SarifResult *result = find_result(results, one->finding, fingerprint);
        if (!result) {
            result = g_new0(SarifResult, 1);
            result->one = one;
            result->at = at;
            result->fingerprint = g_steal_pointer(&fingerprint);
            result->targets = g_ptr_array_new_with_free_func(g_free);
            g_ptr_array_add(results, result);
        }
        g_ptr_array_add(result->targets, target_name(target->run->target));
        result->fix = result->fix ? result->fix : one->fix;
    }
}

/* What a reviewer reads: the message with evidence and hint. */
static char *describe(const SarifResult *result)
{
    const Finding *finding = result->one->finding;
    GString *text = g_string_new(finding->message);
    for (guint i = 0; finding->evidence && finding->evidence[i]; i++)
        g_string_append_printf(text, "\n%s", finding->evidence[i]);
    if (finding->hint)
        g_string_append_printf(text, "\nhint: %s", finding->hint);
    return g_string_free(text, FALSE);
}

/* The replacements of one file. */
static void write_change(const CheckReport *report, JsonWriter *json, const GPtrArray *edits,
                         Source *source)
{
    g_autofree char *path = source_book_path(report->book, source);
    jsonw_begin_object(json, JSONW_BLOCK);
    sarif_write_artifact(json, path);
    jsonw_key(json, "replacements");
    jsonw_begin_array(json, JSONW_BLOCK);
    for (guint i = 0; i < edits->len; i++) {
        const FixEdit *edit = edits->pdata[i];
        if (edit->source != source)
            continue;
        Span begin = fix_edit_span(edit), end = begin;
        end.column += end.width;
        sarif_write_replacement(json, begin, end, edit->after);
    }
    jsonw_end_array(json);
    jsonw_end_object(json);
}

/* The way out that was tried, as a review tool applies it. */
static void write_fix(const CheckReport *report, JsonWriter *json, const CheckFix *fix)
{
    g_autofree char *text =
        g_strdup_printf("With %s this finding is gone, and no error comes.", fix->about);
    g_autoptr(GPtrArray) sources = fix_edits_sources(fix->edits);
    jsonw_key(json, "fixes");
    jsonw_begin_array(json, JSONW_BLOCK);
    jsonw_begin_object(json, JSONW_BLOCK);
    sarif_write_text(json, "description", text);
    jsonw_key(json, "artifactChanges");
    jsonw_begin_array(json, JSONW_BLOCK);
    for (guint i = 0; i < sources->len; i++)
        write_change(report, json, fix->edits, sources->pdata[i]);
    jsonw_end_array(json);
    jsonw_end_object(json);
    jsonw_end_array(json);
}

/* What the user has answered is in the result as suppressed. */
static void write_suppression(JsonWriter *json, const ReportFinding *one)
{
    if (check_report_counts(one))
        return;
    jsonw_key(json, "suppressions");
    jsonw_begin_array(json, JSONW_INLINE);
    jsonw_begin_object(json, JSONW_INLINE);
    jsonw_string_member(json, "kind", "inSource");
    jsonw_string_member(json, "justification", one->ignored ? one->ignored->why : "acknowledged");
    jsonw_end_object(json);
    jsonw_end_array(json);
}

static void write_result(const CheckReport *report, JsonWriter *json, const SarifResult *result,
                         const GPtrArray *pages)
{
    const Finding *finding = result->one->finding;
    g_autofree char *text = describe(result);
    jsonw_begin_object(json, JSONW_BLOCK);
    sarif_write_rule_of(json, finding, pages);
    sarif_write_text(json, "message", text);
    jsonw_key(json, "locations");
    jsonw_begin_array(json, JSONW_BLOCK);
    if (span_is_set(result->at)) {
        g_autofree char *path = source_book_path(report->book, result->at.source);
        sarif_write_location(json, path, result->at);
    }
    jsonw_end_array(json);
    jsonw_key(json, "partialFingerprints");
    jsonw_begin_object(json, JSONW_INLINE);
    jsonw_string_member(json, "ramekinFinding/v1", result->fingerprint);
    jsonw_end_object(json);
    write_suppression(json, result->one);
    if (result->fix)
        write_fix(report, json, result->fix);
    jsonw_key(json, "properties");
    jsonw_begin_object(json, JSONW_INLINE);
    g_ptr_array_add(result->targets, NULL);
    jsonw_strings_member(json, "targets", (const char *const *)result->targets->pdata);
    jsonw_end_object(json);
    jsonw_end_object(json);
}

char *check_report_encode_sarif(const CheckReport *report)
{
    g_autoptr(GPtrArray) results = g_ptr_array_new_with_free_func(free_result);
    for (guint i = 0; i < report->targets->len; i++)
        collect(report, report->targets->pdata[i], results);
    g_autoptr(GPtrArray) codes = g_ptr_array_new();
    for (guint i = 0; i < results->len; i++)
        g_ptr_array_add(codes, ((SarifResult *)results->pdata[i])->one->finding->code);
    g_autoptr(GPtrArray) pages = sarif_pages(codes);
    g_autoptr(JsonWriter) json = jsonw_new();
    sarif_begin(json, pages);
    for (guint i = 0; i < results->len; i++)
        write_result(report, json, results->pdata[i], pages);
    sarif_end(json);
    return jsonw_finish(json, NULL);
}
