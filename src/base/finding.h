/* A finding: one thing that the user should know about what a stage does, with the recipe line that
 * causes it. Findings are made by lock and check, stored in the lock, printed by plan.
 *
 * The codes, their severities and one-line titles are in the tables of finding_pages.h; a code that
 * is in none of them is a programming error. */
#pragma once

#include "base/error.h"

typedef enum {
    SEVERITY_NOTE,
    SEVERITY_WARNING,
    SEVERITY_ERROR,
} Severity;

enum {
    FINDING_EVIDENCE = 5, /* lines shown of a list, "and N more" comes on top */
};

typedef struct {
    char *code;
    Severity severity;
    char *at;           /* "file:line" or NULL */
    char *distribution; /* canonical name the finding is about, or NULL */
    char *version;
    char *requirement; /* the clause concerned, as its owner spells it, or NULL */
    char *found;       /* what is there instead, or NULL */
    bool acknowledged;
    char *message;   /* one sentence, no full stop */
    char *hint;      /* the way out, or NULL */
    char **evidence; /* NULL-terminated lines, or NULL */
    guint64 chain;   /* how many links lead from a line of the user to it, where that is shown */
    unsigned column, width; /* on the line of `at`, in characters; 0: unknown. Never saved */
} Finding;

/* A finding with the table's severity; takes `message`. */
Finding *finding_new(const char *code, Span at, char *message);
void finding_free(Finding *finding);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Finding, finding_free)

const char *severity_name(Severity severity);

typedef struct {
    const char *code;
    Severity severity;
    const char *title; /* "a stage breaks a declared requirement" */
} FindingKind;

/* NULL where there is no such finding. */
const FindingKind *finding_kind_find(const char *code);
