#include "net/auth.h"

#include "base/io.h"
#include "base/limits.h"
#include "base/log.h"
#include "net/url.h"

#undef g_getenv

struct AuthStore {
    GHashTable *by_origin; /* origin → Credentials; a NULL value: known to have none */
    char *netrc;           /* the file's text, or NULL */
    bool netrc_loaded;
};

void credentials_free(Credentials *credentials)
{
    if (!credentials)
        return;
    g_free(credentials->user);
    g_free(credentials->password);
    g_free(credentials);
}

/* The next word of a netrc text: blanks separate, "…" quotes with backslash escapes, '#' at the
 * start of a word comments out the rest of the line. */
static char *next_word(const char **text)
{
    const char *at = *text + strspn(*text, " \t\r\n");
    while (*at == '#') {
        at += strcspn(at, "\n");
        at += strspn(at, " \t\r\n");
    }
    if (*at == '\0')
        return NULL;
    GString *word = g_string_new(NULL);
    bool quoted = *at == '"';
    if (quoted)
        at++;
    for (; *at && (quoted ? *at != '"' : !strchr(" \t\r\n", *at)); at++) {
        if (*at == '\\' && at[1])
            at++;
        g_string_append_c(word, *at);
    }
    *text = at + (quoted && *at == '"' ? 1 : 0);
    return g_string_free(word, FALSE);
}

static void skip_macro(const char **text)
{
    const char *end = strstr(*text, "\n\n");
    *text = end ? end + 2 : *text + strlen(*text);
}

/* Reads the pairs of one entry into `entry`; returns the word behind it. */
static char *read_entry(const char **text, Credentials *entry)
{
    for (;;) {
        g_autofree char *key = next_word(text);
        if (!key || g_str_equal(key, "machine") || g_str_equal(key, "default"))
            return g_steal_pointer(&key);
        char **slot = g_str_equal(key, "login") || g_str_equal(key, "user") ? &entry->user
                      : g_str_equal(key, "password")                        ? &entry->password
                                                                            : NULL;
        g_autofree char *value = next_word(text);
        if (g_str_equal(key, "macdef"))
            skip_macro(text);
        if (slot && value) {
            g_free(*slot);
            *slot = g_steal_pointer(&value);
        }
    }
}

Credentials *netrc_find(const char *text, const char *host)
{
    g_autoptr(Credentials) fallback = NULL;
    g_autofree char *word = next_word(&text);
    while (word) {
        bool machine = g_str_equal(word, "machine"), any = g_str_equal(word, "default");
        if (g_str_equal(word, "macdef"))
            skip_macro(&text);
        g_autofree char *name = machine ? next_word(&text) : NULL;
        g_autoptr(Credentials) entry = g_new0(Credentials, 1);
        g_free(word);
        word = machine || any ? read_entry(&text, entry) : next_word(&text);
        if (!machine && !any)
            continue;
        entry->user = entry->user ? entry->user : g_strdup("");
        entry->password = entry->password ? entry->password : g_strdup("");
        if (machine && name && host && g_ascii_strcasecmp(name, host) == 0)
            return g_steal_pointer(&entry);
        if (any && !fallback)
            fallback = g_steal_pointer(&entry);
    }
    return g_steal_pointer(&fallback);
}

AuthStore *auth_store_new(void)
{
    AuthStore *store = g_new0(AuthStore, 1);
    store->by_origin =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, (GDestroyNotify)credentials_free);
    return store;
}

void auth_store_free(AuthStore *store)
{
    if (!store)
        return;
    g_hash_table_unref(store->by_origin);
    g_free(store->netrc);
    g_free(store);
}

void auth_store_learn(AuthStore *store, const char *url)
{
    g_autoptr(Credentials) found = g_new0(Credentials, 1);
    char *origin = url_origin(url);
    if (origin && url_credentials(url, &found->user, &found->password))
        g_hash_table_replace(store->by_origin, origin, g_steal_pointer(&found));
    else
        g_free(origin);
}

static const char *netrc_text(AuthStore *store)
{
    if (store->netrc_loaded)
        return store->netrc;
    store->netrc_loaded = true;
    const char *named = g_getenv("NETRC");
    g_autofree char *path =
        named ? g_strdup(named) : g_build_filename(g_get_home_dir(), ".netrc", NULL);
    g_autoptr(GError) error = NULL;
    size_t length;
    if (!g_file_test(path, G_FILE_TEST_EXISTS))
        return NULL;
    if (!io_load(path, LIMIT_CONFIG_BYTES, &store->netrc, &length, &error))
        log_debug("netrc: %s", error->message);
    else if (strlen(store->netrc) != length)
        log_debug("netrc: %s holds a NUL", path);
    return store->netrc;
}

const Credentials *auth_store_find(AuthStore *store, const char *url)
{
    g_autofree char *origin = url_origin(url);
    void *value = NULL;
    if (!origin)
        return NULL;
    if (g_hash_table_lookup_extended(store->by_origin, origin, NULL, &value))
        return value;
    g_autofree char *host = url_host(url);
    const char *text = netrc_text(store);
    Credentials *found = text ? netrc_find(text, host) : NULL;
    g_hash_table_insert(store->by_origin, g_steal_pointer(&origin), found);
    return found;
}
