/* Which files of one distribution's another one writes over while a tree is made.
 *
 * Resolving learns of that only where it reads the lists of files anyway; here all wheels are at
 * hand. Versions of one distribution don't count, nor what an uninstall has taken away before. */
#pragma once

#include "plan/merged_tree.h"
#include "plan/plan.h"

typedef struct Overlaps Overlaps;

/* Borrows the wheels of the entries. */
Overlaps *overlaps_new(void);
void overlaps_free(Overlaps *overlaps);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Overlaps, overlaps_free)

/* `winner` is about to stand, or stands, where `loser` was. */
void overlaps_add(Overlaps *overlaps, const TreeEntry *loser, const TreeEntry *winner);

/* Finding (file-overlap), one for each pair of distributions in the order in which they met: a
 * warning that names the winner where content differs, else a note. Pairs of which the target's
 * stages warn already are left out. */
GPtrArray *overlaps_findings(const Overlaps *overlaps, const Plan *plan);
