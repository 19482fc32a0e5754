/* The findings on a Dockerfile, rendered as those on a recipe are (check/report.h): text for
 * people, JSON (ramekin.dockerfile-check/1), SARIF 2.1.0. */
#pragma once

#include "check/lint.h"
#include "check/report.h"

/* What a report says of rewrites. */
typedef enum {
    REWRITES_OFFERED, /* how many of those that were tried --fix would write */
    REWRITES_WRITTEN, /* of each finding, why it is left */
    REWRITES_SILENT,
} RewriteMode;

unsigned lint_result_count(const LintResult *result, Severity threshold);
/* Notes only where the style is verbose. */
char *lint_result_format_text(const LintResult *result, const ReportStyle *style,
                              RewriteMode rewrites);
char *lint_result_encode_json(const LintResult *result);
char *lint_result_encode_sarif(const LintResult *result);
