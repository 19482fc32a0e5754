/* How the findings of one pip stage are made: by subject, in the files findings_*.c, each over the
 * same view of the stage. For the files of this folder only.
 *
 * Findings are functions of what the solve has read anyway, so that the same lock always has the
 * same ones; but for the second search that constraints may need, over metadata that is cached. */
#pragma once

#include "lock/solve.h"

typedef struct {
    const StageChange *change;
    const Stage *stage;
    GPtrArray *chains;                       /* of the stage's actions, as lock_chains() */
    GPtrArray *broken_before, *broken_after; /* BrokenRequirement */
    GHashTable *changes;                     /* name → number of the first action that is not
                                                "keep", plus one */
    GHashTable *actions;                     /* the same of any action */
    bool *acknowledged;                      /* by entry: it names something that happened */
} Judge;

/* Adds a finding to the stage; takes `at` and `message`. */
Finding *judge_add(const Judge *judge, const char *code, char *at, char *message);
/* The number of the first action on the name, kept ones (`keep`) too, or -1. */
gint judge_find_action(const Judge *judge, const char *name, bool keep);
/* "torch 2.6.0 (stage 'torch', ramekin.yaml:9)" or "torch 2.6.0 (of the base)"; caller frees. */
char *judge_describe(const Judge *judge, const InstalledDistribution *distribution);
/* The nearest chain to a name that the stage changed, or NULL. */
const GPtrArray *judge_nearest_chain(const Judge *judge, const char *name);
/* The user's line where there is one, else the stage's; caller frees. */
char *judge_place_of(const Judge *judge, const char *name);
/* "asked for by requirements.txt:2 > accelerate 1.0 > torch 2.7.0" where other distributions lead
 * to it, else NULL. Caller frees. */
char *judge_chain_text(const Judge *judge, const char *name);
/* Makes it the finding's evidence. */
void judge_set_chain(const Judge *judge, Finding *finding, const char *name);

/* The entry of the stage's `acknowledge:` that names the break, or NULL. */
const Acknowledge *acknowledge_find_break(Judge *judge, const BrokenRequirement *broken);
/* The entry that lifts the protection of a name: `protect: NAME`, or a `requires:` on the name that
 * is really broken. */
const Acknowledge *acknowledge_find_protect(Judge *judge, const char *name);
/* What the stage did to the name was meant: a later stage that changes it undoes it. */
void judge_remember_forced(const Judge *judge, const char *name);
void finding_set_acknowledged(Finding *finding, const Acknowledge *entry);

/* Ends a list of which FINDING_EVIDENCE lines are shown: "and N more", if there are more. */
void judge_count_rest(GStrvBuilder *lines, unsigned count);

/* One subject each. */
void judge_break(Judge *judge, const BrokenRequirement *broken);
void judge_changes(Judge *judge);
void judge_clashes(Judge *judge);
void judge_copies(Judge *judge);
void judge_base(Judge *judge);
void judge_indexes(Judge *judge);
void judge_shared_name(const Judge *judge, const Pin *pin);
void judge_protect_unmatched(Judge *judge);
void judge_torch(Judge *judge); /* after judge_changes() and judge_held_back() */
void judge_mixed_cuda(Judge *judge);
void judge_reinstall(Judge *judge);
void judge_held_back(Judge *judge);
void judge_stale_entry(const Judge *judge, const Acknowledge *entry);
