/* The checks that travel with an image: /opt/ramekin/check.py, which compares the machine that it
 * runs on with /opt/ramekin/expect.json ("ramekin.expect/1", see ramekin-start-check(7)).
 *
 * A recipe with `target: env` has no image: its expect.json lies beside emit/verify.py, which
 * compares an environment with it, and has `build` and `environment` (for which Python, platform
 * and system it is) too.
 *
 * Both are functions of recipe and lock alone, so that a Dockerfile and an image carry the same
 * ones. What a wheel's bytes would have to be read for (its architectures) the script asks of the
 * libraries where it runs. */
#pragma once

#include "plan/plan.h"

#define START_CHECK_FOLDER "/opt/ramekin"
#define START_CHECK_SCRIPT START_CHECK_FOLDER "/check.py"
#define START_CHECK_EXPECT START_CHECK_FOLDER "/expect.json"

/* Whether the image carries them: its recipe has checks for its start or for the GPU, or an import
 * of its build needs a driver and is moved there. */
bool start_check_is_wanted(const Plan *plan);
/* The script; static. */
const char *start_check_script(void);
/* The command that runs them, NULL-terminated, with an option ("--health" of `healthcheck:
 * generated`) or none (NULL); the caller frees. */
char **start_check_command(const Recipe *recipe, const char *option);
/* What it expects; ends with a newline. The caller frees. */
char *start_check_expect(const Plan *plan);
