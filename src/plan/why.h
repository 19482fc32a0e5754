/* Why a distribution is there, and why in this version: every way from the user's lines to it,
 * stage by stage, and the clauses that bound it.
 *
 * A Why looks at one target of a lock; it borrows from target, survey and question. The question
 * "why not that version" is answered from the same clauses, from what the indexes have, and, where
 * no clause speaks against the version, from a trial: the stages solved with it as a constraint. */
#pragma once

#include "lock/survey.h"
#include "plan/layout.h"

typedef enum {
    WHY_INSTALLED,
    WHY_CHANGED,
    WHY_REINSTALLED,
    WHY_KEPT,
    WHY_REMOVED,
} WhyEffect;

typedef enum {
    WHY_LINE,       /* a line of the user asks for it */
    WHY_REQUIRED,   /* a distribution requires it */
    WHY_CONSTRAINT, /* a constraint of the user */
    WHY_OVERRIDE,
} WhyKind;

typedef enum {
    BOUND_NONE,  /* lets any newer version through */
    BOUND_ABOVE, /* <, <=, ~=, ==1.* */
    BOUND_EXACT, /* ==, ===, a URL */
} WhyBound;

typedef struct {
    WhyKind kind;
    GPtrArray *chains; /* GPtrArray of char *: "file:line", then "name version"; the last text is
                          who has the clause. Nearest first. */
    char *clause;
    WhyBound bound;
    bool met;      /* by the version that the stage leaves */
    bool excludes; /* the version that is asked about */
} WhyClause;

/* A stage that has to do with the name. */
typedef struct {
    const LockStage *stage;
    const LockAction *action;
    WhyEffect effect;
    const char *undoes; /* the earlier stage whose version goes, or NULL */
    GPtrArray *clauses; /* WhyClause */
} WhyStage;

typedef enum {
    TRIAL_NONE,   /* not made */
    TRIAL_SOLVED, /* everything can be solved with the version */
    TRIAL_FAILED, /* it can't; `failed` says why */
} WhyTrial;

/* Why not this version; made by the caller. */
typedef struct {
    const char *version;
    const GPtrArray *files; /* SurveyFile: what the indexes of the deciding stage have of the name,
                               newest first; NULL: not known */
    WhyTrial trial;
    const LockStage *failed; /* the stage that can't be satisfied with it, or NULL; borrowed */
} WhyQuestion;

typedef struct {
    const LockTarget *target;
    const char *recipe_path;
    char *name;                      /* canonical */
    const LockDistribution *current; /* after the last stage that is solved; NULL: not there */
    const WhyStage *decided;         /* the stage that gave it its version; NULL: the base did */
    GPtrArray *stages;               /* WhyStage */
    GPtrArray *broken;               /* WhyClause: what is installed and does not get what it
                                        requires of the name */
    const WhyQuestion *question;     /* or NULL */
} Why;

/* NULL: neither the base nor a stage has to do with the name. The survey adds constraints and
 * overrides; it may be NULL. */
Why *why_new(const char *recipe_path, const LockTarget *target, const LockSurvey *survey,
             const char *name);
void why_free(Why *why);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Why, why_free)

/* Sets the question and marks the clauses that exclude its version. */
void why_ask(Why *why, const WhyQuestion *question);
/* The clauses of the deciding stage, and of later ones that keep the name, which exclude the
 * version of the question, each once; WhyClause, borrowed. Caller frees the list. */
GPtrArray *why_excluding(const Why *why);
/* Whether there are any. */
bool why_is_excluded(const Why *why);

/* Why the version of the question can't be had: a text of lines; caller frees. */
char *why_failed_text(const LockStage *failed);
/* Names in the environment and in the actions of the target that are near to `name`; NULL: none.
 * Belongs to the target. */
const char *why_nearest(const LockTarget *target, const char *name);

/* For people, ending with a newline; `all`: every chain of every clause. */
char *why_format_text(const Why *why, const TextStyle *style);
/* ramekin.why/1 */
char *why_encode_json(const Why *why);
