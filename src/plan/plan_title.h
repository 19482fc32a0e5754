/* The line that everything said of a target begins with. */
#pragma once

#include "plan/layout.h"
#include "plan/plan.h"

/* "ramekin.yaml#row for linux/amd64: Python 3.11.2, glibc 2.36, on python:3.11", and a line for
 * each index that another one stands in for. */
void plan_put_title(Layout *layout, const Plan *plan);
