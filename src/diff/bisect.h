/* Which of the distributions that two targets have differently makes a command fail: a search over
 * mixtures of the two, each of which has the first target's distributions but for some that are the
 * second's.
 *
 * A mixture is closed: where a distribution that it takes from the second target requires what only
 * the second target has of another, that comes along; so does one that could not stay as it was. */
#pragma once

#include "lock/lock.h"

typedef struct {
    const char *name;                       /* canonical */
    const LockDistribution *before, *after; /* NULL: not there */
} BisectUnit;

typedef struct {
    GArray *units;           /* BisectUnit, by name */
    const GPtrArray *before; /* the first target's environment; borrowed, as the units' */
    const GPtrArray *after;
} BisectUnits;

/* Both targets are solved and outlive it. */
BisectUnits *bisect_units_new(const LockTarget *before, const LockTarget *after);
void bisect_units_free(BisectUnits *units);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(BisectUnits, bisect_units_free)
/* Adds to the set (one for each unit: it is the second target's) what has to come along. */
void bisect_units_close(const BisectUnits *units, bool *set);

typedef enum {
    BISECT_GOOD,
    BISECT_BAD,
    BISECT_SKIP, /* can't be told */
} BisectAnswer;

/* Tries a closed set. FALSE with an error ends the search. */
typedef gboolean (*BisectTry)(void *data, const bool *set, BisectAnswer *ret_answer,
                              GError **error);

typedef enum {
    BISECT_FOUND,
    BISECT_BEFORE_FAILS, /* it fails without any change */
    BISECT_AFTER_WORKS,  /* it does not fail with all changes */
    BISECT_UNTOLD,       /* `culprits` has those among which it is; the others were skipped */
} BisectOutcome;

typedef struct {
    BisectOutcome outcome;
    bool *culprits; /* the smallest set found that makes it fail, without what comes along */
    bool *moved;    /* the same with it */
    guint steps;
} BisectResult;

gboolean bisect_search(const BisectUnits *units, BisectTry try, void *data,
                       BisectResult *ret_result, GError **error);
void bisect_result_clear(BisectResult *result);
