/* What `ramekin check` found, over all targets of a run, and its renderings: text for people, JSON
 * (ramekin.check/1), SARIF 2.1.0 for code review tools. */
#pragma once

#include "check/check.h"
#include "check/fix.h"
#include "check/source_book.h"
#include "plan/layout.h"

typedef struct {
    const Finding *finding;
    const RecipeIgnore *ignored; /* the entry that covers it, or NULL */
    const GError *conflict;      /* an unsatisfiable stage in the solver's own words, or NULL */
    const CheckFix *fix;         /* the way out that was tried, or NULL */
} ReportFinding;

typedef struct {
    CheckRun *run;
    GPtrArray *findings; /* ReportFinding: those of the stages in order, then those of the rules */
} ReportTarget;

typedef struct {
    unsigned severities[SEVERITY_ERROR + 1]; /* neither acknowledged nor ignored */
    unsigned acknowledged, ignored;
    unsigned holds, fails, moved, unknown; /* items of `checks:` */
} ReportCounts;

typedef struct {
    SourceBook *book;
    GPtrArray *targets; /* ReportTarget */
    ReportCounts counts;
} CheckReport;

CheckReport *check_report_new(RecipeFile *file);
void check_report_free(CheckReport *report);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CheckReport, check_report_free)

/* Adds a run that was judged; takes it. Recipe, target and `fixes` (CheckFix of the run's findings)
 * outlive the report. */
void check_report_take(CheckReport *report, CheckRun *run, const GPtrArray *fixes);
/* Notes the entries of `ignore:` that cover nothing in any target; for a report that has all of the
 * recipe's. */
void check_report_note_unused(CheckReport *report);

/* Whether neither `acknowledge:` nor `ignore:` covers it. */
bool check_report_counts(const ReportFinding *finding);

typedef struct {
    bool verbose; /* notes, what is acknowledged or ignored, and items that hold */
    bool all;     /* each of findings that are alike */
    bool colour;
    unsigned columns;
} ReportStyle;

char *check_report_format_text(const CheckReport *report, const ReportStyle *style);
char *check_report_encode_json(const CheckReport *report);
char *check_report_encode_sarif(const CheckReport *report);

/* "holds", "fails", "moved", "unknown" */
const char *result_kind_name(ResultKind kind);
