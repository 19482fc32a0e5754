/* plan → script: the pip commands of a `target: env` recipe for a plain virtual environment, as a
 * POSIX shell script, or for Windows as a PowerShell script. */
#pragma once

#include "emit/dockerfile.h"

/* Errors: ERROR_INPUT for a stage that only an image can have. */
gboolean script_emit(const Plan *plan, bool pins, EmittedFile **ret_script, GError **error);
