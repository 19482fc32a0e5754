/* How a finding looks as JSON: in locks without the keys that do not apply, in plans and
 * reports of checks with all of them. */
#pragma once

#include "base/finding.h"
#include "text/json_fields.h"

extern const JsonRecord finding_lock_record;
extern const JsonRecord finding_plan_record;

/* A finding with the reason that `ignore:` gives for it, for writing alone. */
typedef struct {
    Finding finding;
    char *ignored; /* or NULL */
} IgnoredFinding;

extern const JsonRecord finding_check_record;
