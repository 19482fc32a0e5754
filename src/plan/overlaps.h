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

/* The same of who knows the wheels by another way. Borrows the names. */
typedef struct {
    const char *loser, *loser_version; /* canonical name */
    const char *winner;
    unsigned stage; /* of the winner */
    const char *path;
    bool same; /* content */
} Overlap;
void overlaps_note(Overlaps *overlaps, const Overlap *overlap);

/* Finding (file-overlap): a warning that names the winner for each pair of distributions with
 * different content, in the order in which they met, and one note for each stage of all files with
 * the same content. What the target's stages say already is left out. */
GPtrArray *overlaps_findings(const Overlaps *overlaps, const Plan *plan);
