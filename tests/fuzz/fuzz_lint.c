/* Lints on any text: findings lie in the file and have a message; the text stays as long as it was.
 * What rewrites make of it has no rewrite left. */
#include "fuzz.h"

#include "check/lint_fix.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const LintContext context = {.knows_ignore_file = true};
    g_autoptr(Source) source = source_new("Dockerfile", (const char *)data, size);
    g_autoptr(Dockerfile) file = dockerfile_parse(source, NULL);
    g_autoptr(LintResult) result = file ? dockerfile_lint(file, &context) : NULL;
    for (guint i = 0; result && i < result->findings->len; i++) {
        const LintFinding *finding = result->findings->pdata[i];
        size_t length;
        g_assert_cmpuint(finding->at.line, >, 0);
        g_assert_nonnull(source_line(result->source, finding->at.line, &length));
        g_assert_true(g_utf8_validate(finding->finding->message, -1, NULL));
    }
    g_autoptr(LintFix) fix = file ? lint_fix_new(source, &context, NULL) : NULL;
    g_autoptr(LintFix) again = fix ? lint_fix_new(fix->source, &context, NULL) : NULL;
    g_assert_true(!fix || (again && (again->count == 0 || fix->count > 40)));
    g_assert_true(!fix || (fix->count > 0) == (*fix->diff != '\0'));
    return 0;
}
