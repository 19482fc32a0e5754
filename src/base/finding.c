#include "base/finding.h"

Finding *finding_new(const char *code, Span at, char *message)
{
    const FindingKind *kind = finding_kind_find(code);
    g_assert(kind);
    Finding *finding = g_new0(Finding, 1);
    finding->code = g_strdup(code);
    finding->severity = kind->severity;
    finding->at = span_address(at);
    finding->column = finding->at ? at.column : 0;
    finding->width = finding->at ? at.width : 0;
    finding->message = message;
    return finding;
}

void finding_free(Finding *finding)
{
    if (!finding)
        return;
    g_free(finding->code);
    g_free(finding->at);
    g_free(finding->distribution);
    g_free(finding->version);
    g_free(finding->requirement);
    g_free(finding->found);
    g_free(finding->message);
    g_free(finding->hint);
    g_strfreev(finding->evidence);
    g_free(finding);
}

static const char *const severity_names[] = {"note", "warning", "error"};

const char *severity_name(Severity severity)
{
    return severity_names[severity];
}
