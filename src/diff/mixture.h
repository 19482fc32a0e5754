/* A lock between two others: the first's, in which some distributions are as the second has them.
 * Their wheels are installed where the first installs its own; new ones in its last pip stage. */
#pragma once

#include "diff/bisect.h"

/* The changes of `units` that are in `set`, put into a copy of `target`, which is in `lock`. The
 * copy is in the lock that is returned. Errors: ERROR_INPUT, for what no stage can install. */
Lock *mixture_new(const Lock *lock, const LockTarget *target, const BisectUnits *units,
                  const bool *set, LockTarget **ret_target, GError **error);
