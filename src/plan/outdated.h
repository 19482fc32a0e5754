/* Which distributions of a lock have newer versions on the indexes of their stage, what they could
 * be moved to, and what holds them back.
 *
 * Borrows everything it is made from. */
#pragma once

#include "plan/layout.h"
#include "plan/why.h"

/* The stages solved with another version, everything else held where it can be. */
typedef struct {
    char *version;
    bool solved;
    char *problem;      /* why it can't be; NULL where it is solved */
    GPtrArray *changes; /* char *: what else changes, "triton 3.2.0 -> 3.3.0", "+ hub 1.0" */
    GPtrArray *breaks;  /* char *: findings that come with it */
} OutdatedMove;

typedef struct {
    const LockDistribution *current;
    const char *allowed; /* what an upgrade of everything gives; NULL: not there, or not known */
    const char *newest;  /* of all on the stage's indexes, yanked ones and, where the current one is
                            none, pre-releases left out */
    const char *index;   /* that has it */
    const char *refused; /* why no file of the newest can be taken, or NULL */
    Why *why;            /* of the upgraded target, asked about the newest; or NULL */
    GPtrArray *holders;  /* WhyClause of `why` that exclude the newest */
    GPtrArray *files;    /* SurveyFile: owns the texts above */
    WhyQuestion question;
    OutdatedMove *move; /* the last that was tried; NULL: none was */
} OutdatedEntry;

/* A new, empty move of the entry, in the place of an earlier one. */
OutdatedMove *outdated_entry_move(OutdatedEntry *entry, const char *version);

typedef struct {
    const LockStage *stage;
    GPtrArray *entries; /* OutdatedEntry, by name */
} OutdatedStage;

typedef struct {
    const LockTarget *target;
    const char *recipe_path;
    unsigned checked;  /* distributions that came from an index */
    unsigned outdated; /* entries of all stages */
    GPtrArray *stages; /* OutdatedStage: those with entries */
} Outdated;

/* What the stages of `target` left behind, compared with what the survey finds. `upgraded` is the
 * target solved without any pin. Errors: as those of the indexes. */
Outdated *outdated_new(const char *recipe_path, const LockTarget *target,
                       const LockTarget *upgraded, LockSurvey *survey, GError **error);
void outdated_free(Outdated *outdated);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Outdated, outdated_free)

/* For people, ending with a newline. */
char *outdated_format_text(const Outdated *outdated, const TextStyle *style);
/* ramekin.outdated/1 */
char *outdated_encode_json(const Outdated *outdated);
