/* How a finding looks as JSON: in locks without the keys that do not apply, in plans and
 * reports of checks with all of them. */
#pragma once

#include "base/finding.h"
#include "text/json_fields.h"

extern const JsonRecord finding_lock_record;
extern const JsonRecord finding_plan_record;

/* A change of one place of the user's files. */
typedef struct {
    char *file;
    guint64 line, column, end_column; /* in characters, from 1; the end is behind the text */
    char *before, *after;
} FindingEdit;
void finding_edit_free(void *edit);

/* Changes that together make a finding go away. */
typedef struct {
    char *about;      /* "bitsandbytes 0.45.2" */
    GPtrArray *edits; /* FindingEdit */
} FindingFix;
void finding_fix_free(void *fix);

/* A finding with the reason that `ignore:` gives for it and the ways out that were tried, for
 * writing alone. */
typedef struct {
    Finding finding;
    char *ignored;    /* or NULL */
    GPtrArray *fixes; /* FindingFix */
} IgnoredFinding;

extern const JsonRecord finding_check_record;
