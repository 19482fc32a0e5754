/* The items of `checks: build:` of an image that was just made: what can be executed runs in the
 * image, without device or network; what is decided from lock and facts is decided as `ramekin
 * check` does. What check foretold is held against what happened: a difference is a finding
 * `prediction-wrong`. */
#pragma once

#include "lock/lock_recipe.h"
#include "plan/plan.h"
#include "recipe/checks.h"
#include "sandbox/sandbox.h"

typedef enum {
    BUILD_CHECK_HOLDS,
    BUILD_CHECK_FAILS,
    BUILD_CHECK_OPEN, /* not executed, and nothing that was read decides it */
} BuildCheckState;

typedef struct {
    const Check *check;
    char *item; /* "torch==2.6.0, triton==3.2.0" */
    BuildCheckState state;
    bool executed;
    char *reason; /* why it fails or is open, and the last lines of what it wrote; NULL: it holds */
    guint milliseconds; /* that the execution took */
} BuildCheck;

typedef struct {
    LockSession *session;
    const Plan *plan;
    SandboxRoot *root; /* NULL: nothing is executed */
    SandboxRunner runner;
    const char *why_not;                                /* without a root: "--no-sandbox" */
    void (*begun)(void *data, const BuildCheck *check); /* each that is executed; or NULL */
    SandboxLineFunc line;                               /* what it writes; or NULL */
    void *data;
} BuildCheckOptions;

typedef struct {
    GPtrArray *checks;   /* BuildCheck, in the order of the recipe */
    GPtrArray *findings; /* Finding: prediction-wrong */
} BuildChecks;
void build_checks_free(BuildChecks *checks);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(BuildChecks, build_checks_free)

/* Imports that are moved to `gpu` are left out. Errors: as check_scene_open() and sandbox_run(); an
 * item that does not hold is none. */
gboolean build_checks_run(const BuildCheckOptions *options, BuildChecks **ret_checks,
                          GError **error);
guint build_checks_count(const BuildChecks *checks, BuildCheckState state);
