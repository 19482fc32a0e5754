/* Exact rewrites of a Dockerfile, tried before they are believed: the file with them is parsed and
 * linted again. The findings that they are for are gone then, and none has come that was not there.
 * What has no exact rewrite stays, with the reason. */
#pragma once

#include "check/lint.h"

/* Says which rewrites hold, together: `tried` of their findings. `result` is of the source. */
void lint_rewrites_try(LintResult *result, Source *source, const LintContext *context);

typedef struct {
    Source *source;   /* the rewritten file; the bytes that no rewrite concerns are the same */
    LintResult *left; /* what is found in it */
    unsigned count;   /* findings that are gone */
    char *diff;       /* diff -U0, with secrets masked; "" where nothing changes */
} LintFix;

/* All rewrites that hold, until there is none: to fix what comes out changes nothing. Errors are
 * those of dockerfile_parse(). */
LintFix *lint_fix_new(Source *source, const LintContext *context, GError **error);
void lint_fix_free(LintFix *fix);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(LintFix, lint_fix_free)

/* Why a finding whose rewrite is not `tried` has none that holds; never NULL. */
const char *lint_no_rewrite(const LintFinding *finding);
