#include "base/finding.h"

/* clang-format off */
static const FindingKind kinds[] = {
    {"acknowledge-stale",    SEVERITY_ERROR,   "an acknowledged break does not happen"},
    {"assumed-inert",        SEVERITY_NOTE,    "a stage is assumed not to change what pip sees"},
    {"base-configuration",   SEVERITY_WARNING, "pip in the base is configured to do something else"},
    {"breaks-requirement",   SEVERITY_ERROR,   "a stage breaks a requirement of an installed distribution"},
    {"constraint-downgrade", SEVERITY_WARNING, "a constraint on one distribution makes another one older"},
    {"cuda-changed",         SEVERITY_WARNING, "a stage changes the CUDA version of torch"},
    {"file-lost",            SEVERITY_ERROR,   "an uninstall deletes a file that another distribution lists"},
    {"file-overlap",         SEVERITY_WARNING, "two distributions install one path with different content"},
    {"ghost-distribution",   SEVERITY_WARNING, "two versions of one distribution remain installed"},
    {"insecure-index",       SEVERITY_WARNING, "an index is not read because it is plain http and not trusted"},
    {"mixed-cuda",           SEVERITY_WARNING, "wheels of two CUDA major versions are installed together"},
    {"other-index",          SEVERITY_WARNING, "an index wins that the recipe gives no reason to expect"},
    {"outside-environment",  SEVERITY_WARNING, "the replaced copy lies where pip does not uninstall"},
    {"override-undone",      SEVERITY_ERROR,   "a stage undoes a package that an earlier one forced"},
    {"patch-release",        SEVERITY_WARNING, "what is installed depends on a patch release of Python that nobody gave"},
    {"protect-unmatched",    SEVERITY_WARNING, "what `protect:` names is never installed"},
    {"protected-changed",    SEVERITY_ERROR,   "a stage changes a protected distribution"},
    {"reinstall-moved",      SEVERITY_WARNING, "`force_reinstall` changes versions that nobody asked to change"},
    {"source-distribution",  SEVERITY_ERROR,   "only a source distribution satisfies the request"},
    {"torch-replaced",       SEVERITY_WARNING, "a stage replaces torch though it does not ask for it"},
    {"unknown-extra",        SEVERITY_WARNING, "a distribution does not provide the requested extra"},
    {"unpinned-input",       SEVERITY_WARNING, "an input can change without the recipe changing"},
    {"yanked",               SEVERITY_WARNING, "a yanked file was chosen"},
};
/* clang-format on */

const FindingKind *finding_kinds(size_t *ret_count)
{
    *ret_count = G_N_ELEMENTS(kinds);
    return kinds;
}

const FindingKind *finding_kind_find(const char *code)
{
    for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++) {
        if (g_str_equal(kinds[i].code, code))
            return &kinds[i];
    }
    return NULL;
}

Finding *finding_new(const char *code, Span at, char *message)
{
    const FindingKind *kind = finding_kind_find(code);
    g_assert(kind);
    Finding *finding = g_new0(Finding, 1);
    finding->code = g_strdup(code);
    finding->severity = kind->severity;
    finding->at = span_address(at);
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
