/* The items of `checks:` that do not run where they stand. */
#pragma once

#include "plan/layout.h"
#include "plan/plan.h"
#include "recipe/checks.h"

/* Text of the check's items without imports that are moved to `gpu`; borrowed, the caller frees the
 * array. `list`: "build", "runtime" or "gpu", where the check stands. */
GPtrArray *plan_kept_items(const Plan *plan, const Check *check, const char *list);
/* Whether nothing is left of the check. */
bool plan_is_moved(const Plan *plan, const Check *check, const char *list);

/* A section with each import that is moved to `gpu`, with its evidence, or that nobody could
 * decide; nothing where there is none. */
void plan_put_imports(Layout *layout, const Plan *plan);
