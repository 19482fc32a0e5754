/* The plan: what will happen, for people and for scripts (ramekin.plan/1). A pure function of
 * recipe, lock and facts. */
#pragma once

#include "lock/lock.h"
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
    GPtrArray *actions;     /* PlanAction */
    guint64 download_bytes; /* of what it installs; 0 where unknown */
    unsigned unknown_sizes;
} PlanStage;

typedef struct {
    const Recipe *recipe;     /* borrowed */
    const LockTarget *target; /* borrowed */
    char *recipe_path;
    GPtrArray *stages; /* PlanStage */
    GPtrArray *layers; /* PlanLayer */
} Plan;

/* Borrows recipe and target, which outlive the plan. */
Plan *plan_new(const Recipe *recipe, const LockTarget *target);
void plan_free(Plan *plan);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Plan, plan_free)

/* `all`: keep actions too. */
char *plan_encode_json(const Plan *plan, bool all, size_t *ret_length);
char *plan_format_text(const Plan *plan, bool all, bool colour, unsigned columns);
