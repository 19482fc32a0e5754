/* The plan: what will happen, for people and for scripts (ramekin.plan/1). A pure function of
 * recipe, lock and facts.
 *
 * A plan looks at a target of a lock and adds what the lock leaves implicit: the chains that lead
 * to each action, and sums. */
#pragma once

#include "lock/lock.h"
#include "plan/host_floors.h"
#include "plan/layout.h"
#include "recipe/recipe.h"

typedef struct {
    char *source;                         /* "wheel torch 2.6.0" */
    gint64 members, wheel_size, raw_size; /* -1: unknown */
} PlanLayer;

typedef struct {
    const LockAction *action;
    GPtrArray *because; /* chains: GPtrArray of char*: "file:line", then "name version" … */
} PlanAction;

typedef struct {
    const LockStage *stage;
    const GPtrArray *before; /* LockDistribution: the environment that the stage starts from */
    GPtrArray *actions;      /* PlanAction */
    guint64 download_bytes;  /* of what it installs; 0 where unknown */
    unsigned unknown_sizes;
} PlanStage;

typedef struct {
    const Recipe *recipe;     /* borrowed; NULL for a plan that was read back */
    const LockTarget *target; /* borrowed, or from `read_back` */
    char *recipe_path;
    GPtrArray *stages;  /* PlanStage */
    GPtrArray *layers;  /* PlanLayer */
    HostFloors *floors; /* NULL for a plan that was read back */
    GPtrArray *values;  /* PlanValue: what was computed for host, image and platform, and why */
    Lock *read_back;    /* owns the target of a plan that was read back; else NULL */
} Plan;

/* Borrows recipe and target, which outlive the plan. `recipe` may be NULL. */
Plan *plan_new(const Recipe *recipe, const LockTarget *target);
void plan_free(Plan *plan);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Plan, plan_free)

/* What is known of wheels by their sha256: how many files they hold, and how many bytes those have.
 * `find` is false for a wheel that was never looked into. */
typedef struct {
    bool (*find)(void *data, const char *sha256, gint64 *ret_members, gint64 *ret_raw_size);
    void *data;
} WheelFacts;
/* Fills in plan->layers: the layers of wheels as build makes them over a base of few layers.
 * Without facts (NULL) their contents are unknown. Nothing for a plan that is not solved or no
 * image's. */
void plan_add_layers(Plan *plan, const WheelFacts *facts);

/* `all`: keep actions too. */
char *plan_encode_json(const Plan *plan, bool all, size_t *ret_length);
/* Reads such a document back: strict, as a lock. What a plan does not say (edges, requirements of
 * distributions, ghosts) is empty. Errors: ERROR_INPUT. */
Plan *plan_decode_json(const char *name, const char *text, size_t length, GError **error);
/* What a stage does, or why there is nothing: "24 added, 1 downgraded, 2.7 GB". Caller frees. */
char *plan_describe_stage(const PlanStage *stage);
/* Findings of a stage that can't be satisfied are not counted: its explanation says the same. */
typedef struct {
    unsigned stages, unsolved, changed, errors, acknowledged, warnings, notes, unknown_sizes;
    unsigned installed; /* distributions, after the last stage */
    guint64 bytes;      /* to download */
} PlanTotals;
PlanTotals plan_sum_up(const Plan *plan);
/* The plan for people, ending with a newline; lines fit `columns` wherever words allow. */
char *plan_format_text(const Plan *plan, const TextStyle *style);
/* One page of HTML that shows itself anywhere; `all`: what is kept too. Caller frees. */
char *plan_format_html(const Plan *plan, bool all);
