/* The report for people: each finding as a compiler says it, then the items of `checks:`. */
#include "check/report.h"
#include "plan/findings_text.h"
#include "plan/plan_title.h"

enum {
    WHEN_WIDTH = 9,
    KIND_WIDTH = 13,
    MIN_COLUMNS = 40,
};

typedef struct {
    const CheckReport *report;
    const ReportStyle *style;
    Layout layout;
} Writer;

/* Texts that come out of wheels steer no terminal. */
static char *clean(const char *text)
{
    g_autofree char *valid = g_utf8_make_valid(text, -1);
    GString *out = g_string_new(NULL);
    for (const char *p = valid; *p; p = g_utf8_next_char(p)) {
        gunichar c = g_utf8_get_char(p);
        g_string_append_unichar(out, c != '\n' && g_unichar_iscntrl(c) ? ' ' : c);
    }
    return g_string_free(out, FALSE);
}

static const char *label_of(const ReportFinding *one)
{
    if (one->finding->acknowledged)
        return "acknowledged";
    return one->ignored ? "ignored" : severity_name(one->finding->severity);
}

static void add_remarks(GError *error, const ReportFinding *one, const GPtrArray *others)
{
    const Finding *finding = one->finding;
    for (guint i = 0; finding->evidence && finding->evidence[i]; i++) {
        g_autofree char *text = clean(finding->evidence[i]);
        error_add_note(error, SPAN_NONE, "%s", text);
    }
    if (others && others->len > 0) {
        g_autoptr(GString) names = g_string_new(NULL);
        for (guint i = 0; i < others->len; i++)
            g_string_append_printf(names, "%s %s", i > 0 ? "," : "",
                                   ((const Finding *)others->pdata[i])->distribution);
        error_add_note(error, SPAN_NONE, "and %u like it (--all shows each):%s", others->len,
                       names->str);
    }
    if (one->ignored)
        error_add_note(error, one->ignored->at, "ignored: %s", one->ignored->why);
    g_autofree char *hint = finding->hint ? clean(finding->hint) : NULL;
    if (hint && check_report_counts(one))
        error_set_hint(error, "%s", hint);
}

/* Where the finding stands; without a column, and so without the line itself, where that line must
 * not be shown. */
static Span place_of(Writer *writer, const Finding *finding)
{
    Span at = source_book_locate(writer->report->book, finding);
    if (g_str_equal(finding->code, "secret-in-image"))
        at.column = 0;
    return at;
}

static GError *finding_as_error(Writer *writer, const ReportFinding *one, const GPtrArray *others)
{
    g_autofree char *message = clean(one->finding->message);
    GError *error = NULL;
    error_set(&error, ERROR_INPUT, place_of(writer, one->finding), "%s [%s]", message,
              one->finding->code);
    add_remarks(error, one, others);
    return error;
}

static void put_finding(Writer *writer, const ReportFinding *one, const GPtrArray *others)
{
    g_autoptr(GError) error = one->conflict && check_report_counts(one)
                                  ? g_error_copy(one->conflict)
                                  : finding_as_error(writer, one, others);
    ErrorStyle style = {writer->layout.colour, writer->layout.columns};
    g_autofree char *text = error_format_styled(error, label_of(one), style);
    g_string_append(writer->layout.out, text);
}

/* The findings that are shown, summed up where they say the same of several distributions. */
static void put_findings(Writer *writer, const ReportTarget *target)
{
    g_autoptr(GPtrArray) shown = g_ptr_array_new();
    g_autoptr(GHashTable) by_finding = g_hash_table_new(NULL, NULL);
    for (guint i = 0; i < target->findings->len; i++) {
        ReportFinding *one = target->findings->pdata[i];
        bool worth_it = check_report_counts(one) && one->finding->severity != SEVERITY_NOTE;
        if (!worth_it && !writer->style->verbose)
            continue;
        g_ptr_array_add(shown, (void *)one->finding);
        g_hash_table_insert(by_finding, (void *)one->finding, one);
    }
    g_autoptr(GPtrArray) groups = finding_groups(shown, writer->style->all);
    for (guint i = 0; i < groups->len; i++) {
        const FindingGroup *group = groups->pdata[i];
        put_finding(writer, g_hash_table_lookup(by_finding, group->head), group->others);
    }
}

static Tint result_tint(ResultKind kind)
{
    static const Tint tints[] = {TINT_GOOD, TINT_BAD, TINT_NOTICE, TINT_FAINT};
    return tints[kind];
}

static const char *result_word(const CheckResult *result)
{
    static const char *const words[] = {"holds", "fails", "moved to gpu", "not decided"};
    return words[result->kind];
}

static void put_result(Writer *writer, const CheckResult *result)
{
    Layout *layout = &writer->layout;
    const char *kind = check_kind_name(result->check->kind);
    layout_put(layout, TINT_NONE, "  ");
    layout_pad(layout, TINT_FAINT, result->when, WHEN_WIDTH, false);
    layout_pad(layout, TINT_NONE, kind, KIND_WIDTH, false);
    g_autoptr(GString) text = g_string_new(result->item);
    g_string_append_printf(text, "%s%s", text->len ? ": " : "", result_word(result));
    if (result->reason)
        g_string_append_printf(text, ": %s", result->reason);
    unsigned column = 2 + WHEN_WIDTH + KIND_WIDTH;
    layout_words(layout, result_tint(result->kind), text->str, column, column);
}

static void put_results(Writer *writer, const ReportTarget *target)
{
    bool begun = false;
    for (guint i = 0; i < target->run->results->len; i++) {
        const CheckResult *result = target->run->results->pdata[i];
        bool told = result->kind == RESULT_HOLDS || result->kind == RESULT_FAILS; /* a finding */
        if (told && !writer->style->verbose)
            continue;
        if (!begun)
            layout_put(&writer->layout, TINT_STRONG, "checks\n");
        begun = true;
        put_result(writer, result);
    }
}

static void put_target(Writer *writer, const ReportTarget *target)
{
    Layout *layout = &writer->layout;
    if (layout->out->len > 0)
        g_string_append_c(layout->out, '\n');
    plan_put_title(layout, target->run->plan);
    put_findings(writer, target);
    put_results(writer, target);
}

static void add_count(GString *text, unsigned count, const char *one, const char *many)
{
    if (count > 0)
        g_string_append_printf(text, "%s%u %s", text->len > 0 ? ", " : "", count,
                               count == 1 ? one : many);
}

static void put_summary(Writer *writer)
{
    const ReportCounts *counts = &writer->report->counts;
    bool verbose = writer->style->verbose;
    g_autoptr(GString) text = g_string_new(NULL);
    add_count(text, counts->severities[SEVERITY_ERROR], "error", "errors");
    add_count(text, counts->severities[SEVERITY_WARNING], "warning", "warnings");
    if (text->len == 0)
        g_string_append(text, "no error, no warning");
    add_count(text, counts->severities[SEVERITY_NOTE], verbose ? "note" : "note (-v shows it)",
              verbose ? "notes" : "notes (-v shows them)");
    add_count(text, counts->acknowledged, "acknowledged", "acknowledged");
    add_count(text, counts->ignored, "ignored", "ignored");
    if (counts->holds + counts->fails + counts->moved + counts->unknown > 0) {
        g_autoptr(GString) items = g_string_new(NULL);
        add_count(items, counts->holds, "holds", "hold");
        add_count(items, counts->fails, "fails", "fail");
        add_count(items, counts->moved, "moved to gpu", "moved to gpu");
        add_count(items, counts->unknown, "not decided", "not decided");
        g_string_append_printf(text, "; checks: %s", items->str);
    }
    bool bad = counts->severities[SEVERITY_ERROR] > 0;
    g_string_append_c(writer->layout.out, '\n');
    layout_words(&writer->layout, bad ? TINT_BAD : TINT_STRONG, text->str, 0, 4);
}

char *check_report_format_text(const CheckReport *report, const ReportStyle *style)
{
    Writer writer = {
        report, style, {g_string_new(NULL), style->colour, MAX(style->columns, MIN_COLUMNS)}};
    for (guint i = 0; i < report->targets->len; i++)
        put_target(&writer, report->targets->pdata[i]);
    put_summary(&writer);
    return g_string_free(writer.layout.out, FALSE);
}
