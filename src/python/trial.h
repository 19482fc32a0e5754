/* Searches beside the one that failed: the same request with other lines, to find out which of them
 * matter and what would do. They ask the same index client, so that what the failed search has read
 * is not read again. Effort is counted in steps of the search, so that what is cached always gets
 * the same answer; of what is not cached only so much is fetched, and for so long, that nobody
 * waits for an explanation. */
#pragma once

#include "python/search.h"

/* A part of a request's lines (PipRequirement), or others in their place. */
typedef struct {
    GPtrArray *roots;
    GPtrArray *constraints;
    GPtrArray *pins; /* InstalledDistribution: those of world_inherited() that hold the name to the
                        installed version; NULL: all of them */
} Lines;

/* What earlier stages installed from where this request does not look: the one kind of installed
 * copy that can be in the way, since of others the search finds every version there is. */
GPtrArray *world_inherited(const World *world);

Lines lines_copy(const Lines *lines);
void lines_clear(Lines *lines);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Lines, lines_clear)
/* Pins are not counted. */
guint lines_count(const Lines *lines);
/* Constraints follow roots. */
const PipRequirement *lines_get(const Lines *lines, guint index);
bool lines_remove(Lines *lines, const PipRequirement *line);
bool lines_replace(Lines *lines, const PipRequirement *line, const PipRequirement *by);

/* What is left to spend on trials. */
typedef struct {
    const World *world; /* of the search that failed */
    guint steps_left;
    gint64 since; /* clock_monotonic_usec() at the beginning */
    bool stopped; /* a trial was given up, or not begun, because nothing was left */
    bool unread;  /* a trial was given up because more would have had to be fetched for it */
} Trials;

/* Limits what the client of the search fetches until the end. */
void trials_begin(Trials *trials, const World *world);
/* Notes in `conflict` what the trials could not settle. */
void trials_end(Trials *trials, Conflict *conflict);

typedef enum {
    TRIAL_SOLVED,
    TRIAL_CONFLICT,
    TRIAL_SOURCE, /* solved, but by a source distribution that nobody allowed to be built */
    TRIAL_OPEN,   /* pip would stop at once, the network failed, or the search was given up */
} TrialAnswer;

typedef struct {
    TrialAnswer answer;
    ResolveRequest request;
    ResolveOptions options;
    PipInputs inputs;
    GPtrArray *relaxed; /* InstalledDistribution; or NULL */
    World *world;
    Result *result;    /* of TRIAL_SOLVED and TRIAL_SOURCE */
    GPtrArray *causes; /* of TRIAL_CONFLICT */
} Trial;

/* The lines must outlive the trial. */
typedef struct {
    const Lines *lines;
    const char *first;                    /* canonical name that is pinned before others, or NULL */
    const char *binary;                   /* canonical name of which only wheels count, or NULL */
    const InstalledDistribution *without; /* as if it were not installed, but also to be had from
                                             where it came from; or NULL */
} TrialPlan;

Trial *trial_run(Trials *trials, const TrialPlan *plan);
void trial_free(Trial *trial);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Trial, trial_free)
/* The version that a solved trial has of a name, NULL: it is not installed. */
const Version *trial_version(const Trial *trial, const char *canonical);
