#include "net/trust.h"

#include "net/url.h"

#include <gio/gio.h>

#undef g_getenv

struct TrustStore {
    char *cert, *cert_origin; /* pip's own */
    GPtrArray *hosts;         /* char *: "host" or "host:port", lower case */
};

TrustStore *trust_store_new(void)
{
    TrustStore *store = g_new0(TrustStore, 1);
    store->hosts = g_ptr_array_new_with_free_func(g_free);
    return store;
}

void trust_store_free(TrustStore *store)
{
    if (!store)
        return;
    g_free(store->cert);
    g_free(store->cert_origin);
    g_ptr_array_unref(store->hosts);
    g_free(store);
}

void trust_store_set_cert(TrustStore *store, const char *path, const char *origin)
{
    g_autofree char *old_path = store->cert, *old_origin = store->cert_origin;
    store->cert = g_strdup(path);
    store->cert_origin = g_strdup(origin);
}

/* The origin that a text "host[:port]" stands for; NULL when it names no host. */
static char *origin_of_text(const char *text)
{
    g_autofree char *url = g_strconcat("https://", text, "/", NULL);
    g_autofree char *host = url_host(url);
    bool plain = strpbrk(text, "/?#@ \t") == NULL && host && *host;
    return plain ? url_origin(url) : NULL;
}

gboolean trust_store_add_host(TrustStore *store, const char *host, GError **error)
{
    g_autofree char *origin = origin_of_text(host);
    if (!origin)
        return error_set(error, ERROR_INPUT, SPAN_NONE,
                         "'%s' is no trusted host: one is written host or host:port", host);
    g_ptr_array_add(store->hosts, g_ascii_strdown(host, -1));
    return TRUE;
}

bool trust_store_skips_checks(const TrustStore *store, const char *url)
{
    g_autofree char *host = url_host(url), *origin = url_origin(url);
    for (guint i = 0; host && i < store->hosts->len; i++) {
        const char *trusted = store->hosts->pdata[i];
        g_autofree char *trusted_origin = origin_of_text(trusted);
        if (g_str_equal(trusted, host) || g_strcmp0(trusted_origin, origin) == 0)
            return true;
    }
    return false;
}

static bool is_loopback(const char *host)
{
    size_t length = strlen(host);
    bool bracketed = length > 2 && host[0] == '[' && host[length - 1] == ']';
    g_autofree char *bare = bracketed ? g_strndup(host + 1, length - 2) : g_strdup(host);
    g_autoptr(GInetAddress) address = g_inet_address_new_from_string(bare);
    return address ? g_inet_address_get_is_loopback(address)
                   : g_ascii_strcasecmp(host, "localhost") == 0;
}

bool trust_store_accepts_index(const TrustStore *store, const char *url)
{
    if (g_ascii_strncasecmp(url, "http://", 7) != 0)
        return true;
    g_autofree char *host = url_host(url);
    g_autofree char *as_tls = g_strconcat("https://", url + 7, NULL);
    return !host || is_loopback(host) || trust_store_skips_checks(store, as_tls);
}

typedef struct {
    const char *path;          /* NULL: none is named */
    const char *kind, *origin; /* "the environment variable ", its name */
} Named;

static Named named_by(const char *const *variables, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const char *value = g_getenv(variables[i]);
        if (value && *value)
            return (Named){value, "the environment variable ", variables[i]};
    }
    return (Named){0};
}

/* The one file or folder that is named first. */
static Named find_named(const TrustStore *store)
{
    static const char *const before[] = {"REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"};
    static const char *const after[] = {"SSL_CERT_FILE", "SSL_CERT_DIR"};
    Named named = named_by(before, G_N_ELEMENTS(before));
    if (!named.path && store->cert)
        named = (Named){store->cert, "", store->cert_origin};
    return named.path ? named : named_by(after, G_N_ELEMENTS(after));
}

const char *trust_store_file(const TrustStore *store)
{
    Named named = find_named(store);
    return named.path && !g_file_test(named.path, G_FILE_TEST_IS_DIR) ? named.path : NULL;
}

const char *trust_store_dir(const TrustStore *store)
{
    Named named = find_named(store);
    return named.path && g_file_test(named.path, G_FILE_TEST_IS_DIR) ? named.path : NULL;
}

char *trust_store_describe(const TrustStore *store)
{
    Named named = find_named(store);
    return named.path ? g_strdup_printf("%s%s names the trusted certificates: %s", named.kind,
                                        named.origin, named.path)
                      : NULL;
}

char *trust_store_hint(const char *url, bool known_authority)
{
    g_autofree char *host = url_host(url);
    if (known_authority)
        return g_strdup_printf("the certificate is not one for %s: is the address right?", host);
    return g_strdup_printf("name the certificate of the authority that signed it: --cert FILE, "
                           "PIP_CERT or SSL_CERT_FILE; or trust %s unseen: --trusted-host %s",
                           host, host);
}
