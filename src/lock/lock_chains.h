/* Why a stage does what it does: the ways from the user's lines to each of its actions. */
#pragma once

#include "lock/lock.h"

#define LOCK_CHAINS 8u

/* For each action of the stage (same order) the chains that lead to it: one for each user line, by
 * the shortest way, nearest lines first, at most LOCK_CHAINS. A chain is a GPtrArray of char *:
 * "file:line", then "name version" of what it passes through. */
GPtrArray *lock_chains(const LockStage *stage);
