/* Who we are to which server. Credentials come from a URL (user:password@, and then hold for the
 * whole origin, as pip has it) or from the netrc file ($NETRC, else ~/.netrc), whose entries hold
 * for a host. They are looked up by where a request goes, so that no redirect carries them
 * elsewhere, and they never reach a message, a lock or the cache. */
#pragma once

#include "base/error.h"

typedef struct {
    char *user;
    char *password;
} Credentials;

/* An entry of a netrc text; NULL when none fits. `host` NULL matches the `default` entry alone.
 * Broken text ends the search, as in curl; macdef bodies are skipped. */
Credentials *netrc_find(const char *text, const char *host);
void credentials_free(Credentials *credentials);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Credentials, credentials_free)

typedef struct AuthStore AuthStore;

AuthStore *auth_store_new(void);
void auth_store_free(AuthStore *store);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(AuthStore, auth_store_free)
/* Remembers what the URL brings for its origin. */
void auth_store_learn(AuthStore *store, const char *url);
/* What to send with a request to `url`, or NULL; belongs to the store. */
const Credentials *auth_store_find(AuthStore *store, const char *url);
