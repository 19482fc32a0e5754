/* How a finding looks as JSON: in locks without the keys that do not apply, in plans with all of
 * them. */
#pragma once

#include "base/finding.h"
#include "text/json_fields.h"

extern const JsonRecord finding_lock_record;
extern const JsonRecord finding_plan_record;
