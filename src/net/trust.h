/* Whom we believe over TLS, as pip has it.
 *
 * Certificates are checked against the authorities of one file or folder, and against those of the
 * system's folder. REQUESTS_CA_BUNDLE names it, else CURL_CA_BUNDLE, else pip's own `cert` (--cert,
 * PIP_CERT, pip.conf), else SSL_CERT_FILE and SSL_CERT_DIR, else the system: pip's session looks at
 * them in this order. A trusted host ("host" or "host:port", pip's --trusted-host) is asked without
 * any check of who answers. */
#pragma once

#include "base/error.h"

typedef struct TrustStore TrustStore;

TrustStore *trust_store_new(void);
void trust_store_free(TrustStore *store);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(TrustStore, trust_store_free)

/* pip's `cert`; `origin` says who named it. */
void trust_store_set_cert(TrustStore *store, const char *path, const char *origin);
/* ERROR_INPUT when the text names no host. */
gboolean trust_store_add_host(TrustStore *store, const char *host, GError **error);

/* Whether pip would read the index at this URL (its session.py, is_secure_origin()): over TLS, on
 * this machine, or of a trusted host. */
bool trust_store_accepts_index(const TrustStore *store, const char *url);
/* Whether the certificate of this https URL is taken unseen. */
bool trust_store_skips_checks(const TrustStore *store, const char *url);
/* The file and the folder of authorities; NULL: the system's. */
const char *trust_store_file(const TrustStore *store);
const char *trust_store_dir(const TrustStore *store);
/* "PIP_CERT names …": who named them; NULL: nobody. Caller frees. */
char *trust_store_describe(const TrustStore *store);
/* What to do about a certificate of `url` that was refused; `known_authority`: only its name or
 * date is wrong. Caller frees. */
char *trust_store_hint(const char *url, bool known_authority);
