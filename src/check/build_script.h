/* The script that goes through items of `checks: build:` in the image: one text for the RUN of a
 * Dockerfile and for the sandbox, so that both decide alike. It writes a line for each item that
 * does not hold and ends with status 1 then. */
#pragma once

#include "plan/plan.h"
#include "recipe/checks.h"

/* Whether an item of the kind is executed; the others are decided before the build, or need a
 * device. */
bool build_check_is_executed(CheckKind kind);
/* The interpreter that runs the script: "python3", or that of the virtual environment. Caller
 * frees. */
char *build_checks_python(const Recipe *recipe);
/* Whether any of the items is left to the script: imports that are moved to `gpu` are not.
 * `checks`: Check of `build`. */
bool build_checks_any(const Plan *plan, const GPtrArray *checks);
/* The script that goes through them; caller frees. */
char *build_checks_script(const Plan *plan, const GPtrArray *checks);
/* What its lines begin with, as printf has it: place and kind. */
#define BUILD_CHECKS_LINE "%s: check %s failed: "
