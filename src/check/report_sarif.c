/* SARIF 2.1.0 (OASIS): one run, one rule for each code that is found, one result for each finding;
 * what several targets have in common is one result that names them. */
#include "base/digest.h"
#include "base/finding_pages.h"
#include "check/report.h"
#include "text/jsonw.h"

#define SCHEMA                                                                                     \
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"

/* A finding, and the targets that have it. */
typedef struct {
    const ReportFinding *one;
    Span at;
    char *fingerprint;
    GPtrArray *targets; /* char* */
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
    }
}

static const char *level_of(Severity severity)
{
    return severity_name(severity); /* the same words */
}

static void write_text(JsonWriter *json, const char *key, const char *text)
{
    g_autofree char *valid = g_utf8_make_valid(text, -1);
    jsonw_key(json, key);
    jsonw_begin_object(json, JSONW_INLINE);
    jsonw_string_member(json, "text", valid);
    jsonw_end_object(json);
}

static void write_rule(JsonWriter *json, const FindingPage *page)
{
    g_autofree char *help = g_strdup_printf("%s\n\n%s\n\nFor example:\n\n%s\n%s", page->meaning,
                                            page->matters, page->example, page->way_out);
    jsonw_begin_object(json, JSONW_BLOCK);
    jsonw_string_member(json, "id", page->kind.code);
    write_text(json, "shortDescription", page->kind.title);
    write_text(json, "fullDescription", page->meaning);
    write_text(json, "help", help);
    jsonw_key(json, "defaultConfiguration");
    jsonw_begin_object(json, JSONW_INLINE);
    jsonw_string_member(json, "level", level_of(page->kind.severity));
    jsonw_end_object(json);
    jsonw_end_object(json);
}

/* The pages of the codes that are found, by code. */
static GPtrArray *used_pages(const GPtrArray *results)
{
    g_autoptr(GPtrArray) pages = finding_pages();
    GPtrArray *used = g_ptr_array_new();
    for (guint i = 0; i < pages->len; i++) {
        const FindingPage *page = pages->pdata[i];
        bool wanted = false;
        for (guint k = 0; !wanted && k < results->len; k++) {
            const SarifResult *result = results->pdata[k];
            wanted = g_str_equal(result->one->finding->code, page->kind.code);
        }
        if (wanted)
            g_ptr_array_add(used, (void *)page);
    }
    return used;
}

static void write_driver(JsonWriter *json, const GPtrArray *pages)
{
    jsonw_key(json, "tool");
    jsonw_begin_object(json, JSONW_BLOCK);
    jsonw_key(json, "driver");
    jsonw_begin_object(json, JSONW_BLOCK);
    jsonw_string_member(json, "name", "ramekin");
    jsonw_string_member(json, "semanticVersion", RAMEKIN_VERSION);
    jsonw_key(json, "rules");
    jsonw_begin_array(json, JSONW_BLOCK);
    for (guint i = 0; i < pages->len; i++)
        write_rule(json, pages->pdata[i]);
    jsonw_end_array(json);
    jsonw_end_object(json);
    jsonw_end_object(json);
}

static void write_location(const CheckReport *report, JsonWriter *json, Span at)
{
    g_autofree char *path = source_book_path(report->book, at.source);
    g_autofree char *uri =
        g_path_is_absolute(path)
            ? g_filename_to_uri(path, NULL, NULL)
            : g_uri_escape_string(path, G_URI_RESERVED_CHARS_ALLOWED_IN_PATH, false);
    jsonw_begin_object(json, JSONW_INLINE);
    jsonw_key(json, "physicalLocation");
    jsonw_begin_object(json, JSONW_INLINE);
    jsonw_key(json, "artifactLocation");
    jsonw_begin_object(json, JSONW_INLINE);
    jsonw_string_member(json, "uri", uri);
    jsonw_end_object(json);
    jsonw_key(json, "region");
    jsonw_begin_object(json, JSONW_INLINE);
    jsonw_unsigned_member(json, "startLine", at.line);
    jsonw_unsigned_member(json, "startColumn", MAX(at.column, 1));
    if (at.width > 0)
        jsonw_unsigned_member(json, "endColumn", MAX(at.column, 1) + at.width);
    jsonw_end_object(json);
    jsonw_end_object(json);
    jsonw_end_object(json);
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

static guint rule_index(const GPtrArray *pages, const char *code)
{
    for (guint i = 0; i < pages->len; i++) {
        if (g_str_equal(((const FindingPage *)pages->pdata[i])->kind.code, code))
            return i;
    }
    return 0;
}

static void write_result(const CheckReport *report, JsonWriter *json, const SarifResult *result,
                         const GPtrArray *pages)
{
    const Finding *finding = result->one->finding;
    g_autofree char *text = describe(result);
    jsonw_begin_object(json, JSONW_BLOCK);
    jsonw_string_member(json, "ruleId", finding->code);
    jsonw_unsigned_member(json, "ruleIndex", rule_index(pages, finding->code));
    jsonw_string_member(json, "level", level_of(finding->severity));
    write_text(json, "message", text);
    jsonw_key(json, "locations");
    jsonw_begin_array(json, JSONW_BLOCK);
    if (span_is_set(result->at))
        write_location(report, json, result->at);
    jsonw_end_array(json);
    jsonw_key(json, "partialFingerprints");
    jsonw_begin_object(json, JSONW_INLINE);
    jsonw_string_member(json, "ramekinFinding/v1", result->fingerprint);
    jsonw_end_object(json);
    write_suppression(json, result->one);
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
    g_autoptr(GPtrArray) pages = used_pages(results);
    g_autoptr(JsonWriter) json = jsonw_new();
    jsonw_begin_object(json, JSONW_BLOCK);
    jsonw_string_member(json, "$schema", SCHEMA);
    jsonw_string_member(json, "version", "2.1.0");
    jsonw_key(json, "runs");
    jsonw_begin_array(json, JSONW_BLOCK);
    jsonw_begin_object(json, JSONW_BLOCK);
    write_driver(json, pages);
    jsonw_string_member(json, "columnKind", "unicodeCodePoints");
    jsonw_key(json, "results");
    jsonw_begin_array(json, JSONW_BLOCK);
    for (guint i = 0; i < results->len; i++)
        write_result(report, json, results->pdata[i], pages);
    jsonw_end_array(json);
    jsonw_end_object(json);
    jsonw_end_array(json);
    jsonw_end_object(json);
    return jsonw_finish(json, NULL);
}
