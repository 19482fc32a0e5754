/* recipe → lock: resolves the stages of a target one after another over its base. */
#pragma once

#include "base/progress.h"
#include "lock/lock.h"
#include "python/environment.h"
#include "recipe/recipe.h"

typedef struct {
    const char *const *indexes;     /* --index NAME=URL: mirrors of the same files; or NULL */
    const char *const *substitutes; /* --substitute-index NAME=OTHER; or NULL */
    const char *substitute_base;    /* --substitute-base REF=oci:DIR; or NULL */
    bool accept_substituted; /* a lock made with substitutes is current without the options too */
    const char *cert;        /* --cert: file or folder of trusted certificates; or NULL */
    const char *const *trusted_hosts; /* --trusted-host HOST[:PORT]; or NULL */
    const char *cache_dir;            /* or NULL */
    unsigned jobs;                    /* 0: default */
    unsigned timeout_seconds;         /* for a server that sends nothing; 0: default */
    bool offline;
    const Lock *previous; /* whose pins are kept; or NULL */
    bool upgrade_all;
    const char *const *upgrade; /* --upgrade NAME…, canonical; or NULL */
    Progress *progress;
} LockOptions;

/* What stands in for the recipe's base by --substitute-base ("oci:DIR"), or NULL. */
const char *lock_options_base(const LockOptions *options, const RecipeBase *base);

typedef struct LockSession LockSession; /* clients and caches that all targets of a run share */

LockSession *lock_session_new(const LockOptions *options);
void lock_session_free(LockSession *session);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(LockSession, lock_session_free)

/* The folder of the cache, and why it could not be written so far ("Not a directory"); false when
 * nothing failed. Both texts belong to the session. */
bool lock_session_cache_problem(const LockSession *session, const char **ret_dir,
                                const char **ret_reason);
/* For questions of the kind "what if", before the next resolve. The lock whose pins are kept; NULL:
 * none. */
void lock_session_prefer(LockSession *session, const Lock *previous);
/* What requirements and constraints files would hold: name → text, for the files that are edited;
 * NULL: all as they are. Borrows the table. */
void lock_session_edit(LockSession *session, GHashTable *texts);
/* A constraint line that the pip stages get from the stage of this name on; NULL: none. Borrows
 * both texts. */
void lock_session_try(LockSession *session, const char *stage, const char *constraint);

/* Resolves one target and appends it (and its files) to `lock`. FALSE: could not find out
 * (network), or the inputs themselves are wrong (diags). An unsatisfiable stage is a value, not an
 * error. */
gboolean lock_resolve_target(LockSession *session, const Recipe *recipe, const char *platform,
                             Lock *lock, LockTarget **ret_target, Diags *diags, GError **error);

/* Why the target of `previous` no longer describes the recipe: a sentence to free, or NULL when it
 * is current. Touches no network. */
char *lock_stale_reason(const Lock *previous, const Recipe *recipe, const char *platform,
                        const LockOptions *options, GError **error);

/* The environment that the lock says its stages begin with: the layout alone, without what is
 * installed in the base. NULL without an error: the base has no Python. */
Environment *lock_base_environment(const LockTarget *target, GError **error);
