/* What all targets of a run share: clients, caches, and where this machine finds indexes. For the
 * files of this folder only. */
#pragma once

#include "lock/lock_recipe.h"
#include "python/index.h"
#include "python/pip_config.h"
#include "recipe/user_config.h"
#include "store/cache.h"

struct LockSession {
    LockOptions options;             /* borrowed texts */
    GHashTable *texts;               /* lock_session_edit(); borrowed, or NULL */
    const char *trial_stage, *trial; /* lock_session_try(); borrowed, or NULL */
    HttpClient *http;
    Cache *cache;
    IndexClient *client;
    GPtrArray *locations;    /* IndexLocation, each kind of use once */
    PipConfig *pip_config;   /* of this machine; NULL: not read yet */
    UserConfig *user_config; /* NULL: not read yet */
    bool trusting;           /* whom, is set */
};

/* Reads the user's configuration, once; mistakes in it go to diags. Return value: whether it is
 * usable. */
bool session_load_user_config(LockSession *session, Diags *diags);

/* The location equal to `location` that the session knows, or this one; takes it. Locations live as
 * long as the session, because pages and files refer to them. */
const IndexLocation *session_take_location(LockSession *session, IndexLocation *location);

/* pip's configuration on this machine; belongs to the session. */
const PipConfig *session_pip_config(LockSession *session, GError **error);

/* Whom to believe over TLS: what the command line and pip's configuration of this machine say, and
 * the hosts that requirement files trust. */
gboolean session_trust(LockSession *session, const GPtrArray *hosts, GError **error);

/* Where this machine finds the files of an index: --index, RAMEKIN_INDEX_<NAME>, the user's
 * configuration, which has been loaded; NULL where none of them names it. The caller frees it. */
char *session_find_mirror(const LockSession *session, const char *name);
/* What --substitute-index puts in the place of an index, or NULL. */
const char *session_find_substitute(const LockSession *session, const char *name);
