/* The words of a conflict: ranges of versions and ways out. For the files of this folder only. */
#pragma once

#include "lock/solve.h"

/* Message, notes and hint of an error, and the same as lines of text. */
typedef struct {
    GError *error;
    GString *text;
} Explanation;

/* Takes the note. */
void explain_note(Explanation *explanation, Span at, char *note);
/* Which files there are of the versions that were asked for, why none of them is taken, what the
 * user wrote that decides it, and the nearest version that could be taken (explain_files.c). */
void explain_files(Explanation *explanation, const Solve *solve, guint stage,
                   const Conflict *conflict);
/* The way out of the reason that all of them share, or NULL. */
const char *explain_refusal_hint(const Solve *solve, const Conflict *conflict);
/* " (allows 2.0.0 to 2.1.0)": which of the blocked name's versions a clause on it lets through; ""
 * where that says nothing new. Caller frees. */
char *explain_allowed(const Conflict *conflict, const char *requirement);
/* "numpy on main: 1.26.4, 2.1.0; on cu124: none", or NULL. Caller frees. */
char *explain_indexes(const Conflict *conflict);
/* The best ways out, one a line, or NULL. Caller frees. */
char *explain_ways(const Solve *solve, const Conflict *conflict);
/* Whether the line is the one that lock_session_try() added. */
bool explain_is_trial(const Solve *solve, const PipRequirement *line);
/* Takes out the ways that change what lock_session_try() asks about. */
void explain_drop_trial(const Solve *solve, Conflict *conflict);
/* The conflict as scripts get it. */
void explain_note_conflict(const Solve *solve, LockStage *locked, const Conflict *conflict);
/* " (stage 'torch', ramekin.yaml:9)" of a distribution that is installed in this version, "" of
 * others. Caller frees. */
char *explain_origin(const Solve *solve, const char *name, const char *version);
/* "ramekin.yaml:9": the user's line by which an earlier stage came to install it. Caller frees. */
char *explain_origin_line(const Solve *solve, const InstalledDistribution *installed);
