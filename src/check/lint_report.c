#include "check/lint_report.h"

#include "base/digest.h"
#include "check/lint_fix.h"
#include "check/sarif.h"
#include "text/jsonw.h"

enum {
    MIN_COLUMNS = 40,
};

static const LintFinding *finding_at(const LintResult *result, guint i)
{
    return result->findings->pdata[i];
}

static unsigned count_of(const LintResult *result, Severity severity)
{
    unsigned count = 0;
    for (guint i = 0; i < result->findings->len; i++) {
        const LintFinding *finding = finding_at(result, i);
        count += finding->finding->severity == severity && !finding->ignored;
    }
    return count;
}

static unsigned count_ignored(const LintResult *result)
{
    unsigned count = 0;
    for (guint i = 0; i < result->findings->len; i++)
        count += finding_at(result, i)->ignored != NULL;
    return count;
}

unsigned lint_result_count(const LintResult *result, Severity threshold)
{
    unsigned count = 0;
    for (Severity severity = threshold; severity <= SEVERITY_ERROR; severity++)
        count += count_of(result, severity);
    return count;
}

/* Text */

/* Text of the file steers no terminal. */
static char *clean(const char *text)
{
    GString *out = g_string_new(NULL);
    for (const char *p = text; *p; p = g_utf8_next_char(p)) {
        gunichar c = g_utf8_get_char(p);
        g_string_append_unichar(out, g_unichar_iscntrl(c) ? ' ' : c);
    }
    return g_string_free(out, FALSE);
}

static void put_finding(GString *out, const LintFinding *finding, ErrorStyle style,
                        RewriteMode rewrites)
{
    g_autofree char *message = clean(finding->finding->message);
    g_autofree char *why = clean(finding->why);
    g_autofree char *hint = finding->finding->hint ? clean(finding->finding->hint) : NULL;
    g_autoptr(GError) error = NULL;
    error_set(&error, ERROR_INPUT, finding->at, "%s [%s]", message, finding->finding->code);
    error_add_note(error, SPAN_NONE, "%s", why);
    if (finding->ignored)
        error_add_note(error, SPAN_NONE, "ignored: %s", finding->ignored);
    else if (hint)
        error_set_hint(error, "%s", hint);
    if (rewrites == REWRITES_WRITTEN && !finding->ignored)
        error_add_note(error, SPAN_NONE, "not rewritten: %s", lint_no_rewrite(finding));
    const char *label = finding->ignored ? "ignored" : severity_name(finding->finding->severity);
    g_autofree char *text = error_format_styled(error, label, style);
    g_string_append(out, text);
}

static void add_count(GString *text, unsigned count, const char *one, const char *many)
{
    if (count > 0)
        g_string_append_printf(text, "%s%u %s", text->len > 0 ? ", " : "", count,
                               count == 1 ? one : many);
}

static unsigned count_tried(const LintResult *result)
{
    unsigned count = 0;
    for (guint i = 0; i < result->findings->len; i++)
        count += finding_at(result, i)->tried;
    return count;
}

static char *summary(const LintResult *result, bool verbose, RewriteMode rewrites)
{
    GString *text = g_string_new(NULL);
    add_count(text, count_of(result, SEVERITY_ERROR), "error", "errors");
    add_count(text, count_of(result, SEVERITY_WARNING), "warning", "warnings");
    if (text->len == 0)
        g_string_append(text, "no error, no warning");
    add_count(text, count_of(result, SEVERITY_NOTE), verbose ? "note" : "note (-v shows it)",
              verbose ? "notes" : "notes (-v shows them)");
    add_count(text, count_ignored(result), "ignored", "ignored");
    unsigned tried = rewrites == REWRITES_OFFERED ? count_tried(result) : 0;
    if (tried > 0)
        g_string_append_printf(text, "; --fix rewrites %u", tried);
    return g_string_free(text, FALSE);
}

char *lint_result_format_text(const LintResult *result, const ReportStyle *style,
                              RewriteMode rewrites)
{
    Layout layout = {g_string_new(NULL), style->colour, MAX(style->columns, MIN_COLUMNS)};
    ErrorStyle errors = {layout.colour, layout.columns};
    for (guint i = 0; i < result->findings->len; i++) {
        const LintFinding *finding = finding_at(result, i);
        bool worth_it = finding->finding->severity != SEVERITY_NOTE && !finding->ignored;
        if (worth_it || style->verbose)
            put_finding(layout.out, finding, errors, rewrites);
    }
    if (layout.out->len > 0)
        g_string_append_c(layout.out, '\n');
    g_autofree char *counts = summary(result, style->verbose, rewrites);
    bool bad = count_of(result, SEVERITY_ERROR) > 0;
    layout_words(&layout, bad ? TINT_BAD : TINT_STRONG, counts, 0, 4);
    return g_string_free(layout.out, FALSE);
}

/* JSON */

/* Where the edit ends: behind its last byte. */
static Span edit_end(const LintResult *result, const LintEdit *edit)
{
    return span_of_bytes(result->source, edit->start + edit->length, 0);
}

static void write_edit(JsonWriter *json, const LintResult *result, const LintEdit *edit)
{
    Span begin = span_of_bytes(result->source, edit->start, 0), end = edit_end(result, edit);
    g_autofree char *old = g_strndup(source_text(result->source, NULL) + edit->start, edit->length);
    jsonw_begin_object(json, JSONW_INLINE);
    jsonw_unsigned_member(json, "line", begin.line);
    jsonw_unsigned_member(json, "column", begin.column);
    jsonw_unsigned_member(json, "end_line", end.line);
    jsonw_unsigned_member(json, "end_column", end.column);
    jsonw_string_member(json, "old", old);
    jsonw_string_member(json, "new", edit->after);
    jsonw_end_object(json);
}

static void write_fixes(JsonWriter *json, const LintResult *result, const LintFinding *finding)
{
    jsonw_key(json, "fixes");
    jsonw_begin_array(json, finding->tried ? JSONW_BLOCK : JSONW_INLINE);
    if (finding->tried) {
        jsonw_begin_object(json, JSONW_BLOCK);
        jsonw_string_member(json, "about", finding->about);
        jsonw_key(json, "edits");
        jsonw_begin_array(json, JSONW_BLOCK);
        for (guint i = 0; i < finding->edits->len; i++)
            write_edit(json, result, finding->edits->pdata[i]);
        jsonw_end_array(json);
        jsonw_end_object(json);
    }
    jsonw_end_array(json);
    bool open = !finding->tried && !finding->ignored;
    jsonw_string_member(json, "no_fix", open ? lint_no_rewrite(finding) : NULL);
}

static void write_finding(JsonWriter *json, const LintResult *result, const LintFinding *finding)
{
    jsonw_begin_object(json, JSONW_BLOCK);
    jsonw_string_member(json, "code", finding->finding->code);
    jsonw_string_member(json, "severity", severity_name(finding->finding->severity));
    jsonw_string_member(json, "at", finding->finding->at);
    jsonw_unsigned_member(json, "line", finding->at.line);
    jsonw_unsigned_member(json, "column", finding->at.column);
    jsonw_unsigned_member(json, "width", finding->at.width);
    jsonw_string_member(json, "message", finding->finding->message);
    jsonw_string_member(json, "why", finding->why);
    jsonw_string_member(json, "hint", finding->finding->hint);
    jsonw_string_member(json, "ignored", finding->ignored);
    write_fixes(json, result, finding);
    jsonw_end_object(json);
}

char *lint_result_encode_json(const LintResult *result)
{
    g_autoptr(JsonWriter) json = jsonw_new();
    jsonw_begin_object(json, JSONW_BLOCK);
    jsonw_string_member(json, "schema", "ramekin.dockerfile-check/1");
    jsonw_string_member(json, "dockerfile", source_name(result->source));
    jsonw_key(json, "findings");
    jsonw_begin_array(json, JSONW_BLOCK);
    for (guint i = 0; i < result->findings->len; i++)
        write_finding(json, result, finding_at(result, i));
    jsonw_end_array(json);
    jsonw_key(json, "counts");
    jsonw_begin_object(json, JSONW_INLINE);
    jsonw_unsigned_member(json, "errors", count_of(result, SEVERITY_ERROR));
    jsonw_unsigned_member(json, "warnings", count_of(result, SEVERITY_WARNING));
    jsonw_unsigned_member(json, "notes", count_of(result, SEVERITY_NOTE));
    jsonw_unsigned_member(json, "ignored", count_ignored(result));
    jsonw_end_object(json);
    jsonw_end_object(json);
    return jsonw_finish(json, NULL);
}

/* SARIF */

/* The same for the same finding on the same text, wherever that line has moved to. */
static char *fingerprint(const LintResult *result, const LintFinding *finding)
{
    size_t length = 0;
    const char *line = source_line(result->source, finding->at.line, &length);
    g_autofree char *text = g_strndup(line ? line : "", length);
    g_autofree char *all = g_strjoin("\n", finding->finding->code, source_name(result->source),
                                     g_strstrip(text), finding->finding->message, NULL);
    return digest_sha256(all, strlen(all));
}

static void write_suppression(JsonWriter *json, const LintFinding *finding)
{
    if (!finding->ignored)
        return;
    jsonw_key(json, "suppressions");
    jsonw_begin_array(json, JSONW_INLINE);
    jsonw_begin_object(json, JSONW_INLINE);
    jsonw_string_member(json, "kind", "inSource");
    jsonw_string_member(json, "justification", finding->ignored);
    jsonw_end_object(json);
    jsonw_end_array(json);
}

/* The rewrite as a review tool applies it. */
static void write_fix(JsonWriter *json, const LintResult *result, const LintFinding *finding)
{
    if (!finding->tried)
        return;
    jsonw_key(json, "fixes");
    jsonw_begin_array(json, JSONW_BLOCK);
    jsonw_begin_object(json, JSONW_BLOCK);
    sarif_write_text(json, "description", finding->about);
    jsonw_key(json, "artifactChanges");
    jsonw_begin_array(json, JSONW_BLOCK);
    jsonw_begin_object(json, JSONW_BLOCK);
    sarif_write_artifact(json, source_name(result->source));
    jsonw_key(json, "replacements");
    jsonw_begin_array(json, JSONW_BLOCK);
    for (guint i = 0; i < finding->edits->len; i++) {
        const LintEdit *edit = finding->edits->pdata[i];
        sarif_write_replacement(json, span_of_bytes(result->source, edit->start, 0),
                                edit_end(result, edit), edit->after);
    }
    jsonw_end_array(json);
    jsonw_end_object(json);
    jsonw_end_array(json);
    jsonw_end_object(json);
    jsonw_end_array(json);
}

static void write_result(JsonWriter *json, const LintResult *result, const LintFinding *finding,
                         const GPtrArray *pages)
{
    g_autofree char *print = fingerprint(result, finding);
    g_autofree char *text = g_strdup_printf("%s\n%s%s%s", finding->finding->message, finding->why,
                                            finding->finding->hint ? "\nhint: " : "",
                                            finding->finding->hint ? finding->finding->hint : "");
    jsonw_begin_object(json, JSONW_BLOCK);
    sarif_write_rule_of(json, finding->finding, pages);
    sarif_write_text(json, "message", text);
    jsonw_key(json, "locations");
    jsonw_begin_array(json, JSONW_BLOCK);
    if (span_is_set(finding->at))
        sarif_write_location(json, source_name(result->source), finding->at);
    jsonw_end_array(json);
    jsonw_key(json, "partialFingerprints");
    jsonw_begin_object(json, JSONW_INLINE);
    jsonw_string_member(json, "ramekinFinding/v1", print);
    jsonw_end_object(json);
    write_fix(json, result, finding);
    write_suppression(json, finding);
    jsonw_end_object(json);
}

char *lint_result_encode_sarif(const LintResult *result)
{
    g_autoptr(GPtrArray) codes = g_ptr_array_new();
    for (guint i = 0; i < result->findings->len; i++)
        g_ptr_array_add(codes, finding_at(result, i)->finding->code);
    g_autoptr(GPtrArray) pages = sarif_pages(codes);
    g_autoptr(JsonWriter) json = jsonw_new();
    sarif_begin(json, pages);
    for (guint i = 0; i < result->findings->len; i++)
        write_result(json, result, finding_at(result, i), pages);
    sarif_end(json);
    return jsonw_finish(json, NULL);
}
