/* check --dockerfile: what a Dockerfile that ramekin did not write will do wrong, from its text
 * alone. Nothing is fetched or run; what hangs on the contents of wheels or indexes is left to the
 * checks of a recipe.
 *
 * A lint is a function of a Lint (lint_private.h); the table is in lint.c, one file lint_SUBJECT.c
 * holds those of a subject. Where a script, a reference or an option is not understood, nothing is
 * said about it. Errors fail the build or the image for certain; warnings make it differ from what
 * its author wrote, today or on another day; notes cost time, room or comfort.
 *
 * What stands behind ONBUILD is looked at as what it will be, after all else of the file.
 *
 * What has an exact rewrite carries it; check/lint_fix.h tries and writes them.
 *
 * A comment above an instruction, "# ramekin: ignore CODE: why", answers the findings of that code
 * in it. */
#pragma once

#include "base/finding.h"
#include "dockerfile/parse.h"

/* Bytes of the file, and what takes their place; length 0: it is put in before `start`. */
typedef struct {
    size_t start, length;
    char *after;
} LintEdit;

typedef struct {
    Finding *finding; /* its hint is the rewrite, in the words of the file where that is known */
    Span at;
    char *why;
    char *ignored; /* the reason that a comment gives, or NULL */
    /* The exact rewrite: LintEdit, which belong together and don't overlap; NULL: there is none */
    GPtrArray *edits;
    const char *about; /* what they do: "put it in quotes" */
    bool tried;        /* see check/lint_fix.h */
} LintFinding;

typedef struct {
    Source *source;      /* the file's text with secrets masked: what spans point into */
    GPtrArray *findings; /* LintFinding, by line and column */
} LintResult;

typedef struct {
    bool knows_ignore_file; /* the context's folder was looked into */
    bool has_ignore_file;   /* there is a .dockerignore for this file */
} LintContext;

LintResult *dockerfile_lint(const Dockerfile *file, const LintContext *context);
void lint_result_free(LintResult *result);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(LintResult, lint_result_free)
