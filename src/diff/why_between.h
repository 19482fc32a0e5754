/* What changed about one distribution between two targets, and why: the causes from it up to a line
 * of the user, then who asks for it on either side. */
#pragma once

#include "diff/diff.h"
#include "plan/why.h"

typedef struct {
    const Diff *diff;
    char *name;                             /* canonical */
    const DiffDistribution *change;         /* NULL: the same on both sides, or not compared */
    const LockDistribution *before, *after; /* NULL: not there, or the side can't be installed */
    GPtrArray
        *causes; /* DiffDistribution, borrowed: what brought the change along, nearest first */
    Why *why_a, *why_b; /* NULL: no stage has to do with it, or nothing is known of the stages */
} WhyBetween;

/* Borrows the diff. NULL: neither side has to do with the name. */
WhyBetween *why_between_new(const Diff *diff, const char *name);
void why_between_free(WhyBetween *between);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(WhyBetween, why_between_free)

/* For people, ending with a newline; `all`: every chain of every clause. */
char *why_between_format_text(const WhyBetween *between, const TextStyle *style);
/* ramekin.why-between/1 */
char *why_between_encode_json(const WhyBetween *between);
