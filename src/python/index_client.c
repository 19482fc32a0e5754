#include "base/clock.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/sorted.h"
#include "python/index_private.h"

enum {
    FRESH_SECONDS = 600, /* of a page that says nothing about it, as pip's own default cache */
    HOST_FRESH_SECONDS = 24 * 3600,
};

static const char PAGES[] = "pages";
static const char ACCEPT[] = "application/vnd.pypi.simple.v1+json, "
                             "application/vnd.pypi.simple.v1+html; q=0.1, text/html; q=0.01";

/* What the cache holds of a page: lines of fields, an empty line, its files (index_store). */
typedef struct {
    gint64 fetched; /* seconds since 1970 */
    gint64 fresh;   /* how long it may be used unasked */
    bool absent, forbidden;
    char *type, *etag, *last_modified;
    GBytes *files;
} StoredPage;

struct PageEntry {
    IndexClient *client;
    const IndexLocation *location;
    char *canonical; /* NULL: all links of a find-links location */
    char *url;       /* may hold credentials */
    bool done;
    GError *error;
    StoredPage stored;
    IndexPage *page; /* a stale one until `done`; of files on this machine when first asked for */
};

static void stored_page_clear(StoredPage *stored)
{
    g_free(stored->type);
    g_free(stored->etag);
    g_free(stored->last_modified);
    g_clear_pointer(&stored->files, g_bytes_unref);
    *stored = (StoredPage){0};
}

void page_entry_free(PageEntry *entry)
{
    g_free(entry->canonical);
    g_free(entry->url);
    g_clear_error(&entry->error);
    stored_page_clear(&entry->stored);
    index_page_free(entry->page);
    g_free(entry);
}

void host_facts_free(HostFacts *host)
{
    g_free(host->origin);
    g_free(host);
}

IndexClient *index_client_new(HttpClient *http, Cache *cache, bool offline, Progress *progress)
{
    IndexClient *client = g_new0(IndexClient, 1);
    client->http = http;
    client->cache = cache;
    client->offline = offline;
    client->progress = progress;
    client->pages =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, (GDestroyNotify)page_entry_free);
    client->files =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, (GDestroyNotify)file_facts_free);
    client->hosts =
        g_hash_table_new_full(g_str_hash, g_str_equal, NULL, (GDestroyNotify)host_facts_free);
    client->texts = g_string_chunk_new(4096);
    return client;
}

void index_client_set_allowance(IndexClient *client, unsigned documents, unsigned msec)
{
    client->limited = true;
    client->spent = false;
    client->documents_left = documents;
    client->waiting_left = (gint64)msec * 1000;
}

void index_client_lift_allowance(IndexClient *client)
{
    client->limited = client->spent = false;
}

bool index_client_is_spent(const IndexClient *client)
{
    return client->spent;
}

bool index_client_may_fetch(IndexClient *client)
{
    if (!client->limited)
        return true;
    if (client->documents_left == 0 || client->waiting_left <= 0)
        return false;
    client->documents_left--;
    return true;
}

void index_client_wait(IndexClient *client, const bool *done)
{
    if (!client->limited) {
        http_client_wait(client->http, done);
        return;
    }
    gint64 begun = clock_monotonic_usec();
    http_client_wait_until(client->http, done, begun + MAX(client->waiting_left, 0));
    client->waiting_left -= clock_monotonic_usec() - begun;
}

void index_client_refuse(IndexClient *client, const char *what, GError **error)
{
    client->spent = true;
    error_set(error, ERROR_NETWORK, SPAN_NONE,
              "%s is not in the cache, and no more is fetched for an explanation", what);
}

void index_client_free(IndexClient *client)
{
    if (!client)
        return;
    http_client_drop(client->http, client);
    g_hash_table_unref(client->files);
    g_hash_table_unref(client->pages);
    g_hash_table_unref(client->hosts);
    g_string_chunk_free(client->texts);
    g_free(client);
}

HostFacts *index_host(IndexClient *client, const char *url)
{
    g_autofree char *origin = url_origin(url);
    HostFacts *host = g_hash_table_lookup(client->hosts, origin ? origin : "");
    if (host)
        return host;
    host = g_new0(HostFacts, 1);
    host->origin = origin ? g_steal_pointer(&origin) : g_strdup("");
    g_hash_table_insert(client->hosts, host->origin, host);
    g_autoptr(GBytes) stored = cache_load(client->cache, "hosts", host->origin);
    gint64 fields[2], now = clock_now_seconds();
    if (!stored || g_bytes_get_size(stored) != sizeof fields)
        return host;
    memcpy(fields, g_bytes_get_data(stored, NULL), sizeof fields);
    if (fields[0] <= now && now - fields[0] < HOST_FRESH_SECONDS)
        host->metadata = fields[1] == SERVES_YES ? SERVES_YES : SERVES_NO;
    return host;
}

void index_host_set_metadata(IndexClient *client, HostFacts *host, Serves serves)
{
    if (host->metadata == serves || host->metadata == SERVES_NO)
        return;
    host->metadata = serves;
    gint64 fields[] = {clock_now_seconds(), serves};
    cache_save(client->cache, "hosts", host->origin, fields, sizeof fields);
}

/* The value of the line that `*text` stands at if its key is `key`; moves behind the line. */
static char *take_line(const char **text, const char *end, const char *key)
{
    const char *newline = memchr(*text, '\n', (size_t)(end - *text));
    size_t key_length = strlen(key);
    if (!newline || (size_t)(newline - *text) < key_length + 1 ||
        memcmp(*text, key, key_length) != 0)
        return NULL;
    const char *value = *text + key_length + 1;
    *text = newline + 1;
    return g_strndup(value, (gsize)(newline - value));
}

static bool stored_page_decode(GBytes *bytes, StoredPage *ret_stored)
{
    gsize length;
    const char *start = g_bytes_get_data(bytes, &length);
    const char *at = start, *end = start + length;
    g_autofree char *fetched = take_line(&at, end, "fetched");
    g_autofree char *fresh = take_line(&at, end, "fresh");
    g_autofree char *absent = take_line(&at, end, "absent");
    if (!fetched || !fresh || !absent)
        return false;
    StoredPage stored = {
        .fetched = g_ascii_strtoll(fetched, NULL, 10),
        .fresh = g_ascii_strtoll(fresh, NULL, 10),
        .absent = !g_str_equal(absent, "0"),
        .forbidden = g_str_equal(absent, "403"),
        .type = take_line(&at, end, "type"),
        .etag = take_line(&at, end, "etag"),
        .last_modified = take_line(&at, end, "modified"),
    };
    if (g_strcmp0(stored.type, INDEX_STORE_TYPE) != 0 || at == end || *at != '\n') {
        stored_page_clear(&stored);
        return false;
    }
    stored.files = g_bytes_new_from_bytes(bytes, (gsize)(at + 1 - start), (gsize)(end - at - 1));
    *ret_stored = stored;
    return true;
}

static void add_line(GString *out, const char *key, const char *value)
{
    if (value && !strchr(value, '\n'))
        g_string_append_printf(out, "%s %s\n", key, value);
}

static char *cache_key(const PageEntry *entry)
{
    g_autofree char *plain = url_strip_credentials(entry->url);
    return entry->canonical ? g_steal_pointer(&plain) : g_strconcat("links ", plain, NULL);
}

static void save_stored(const PageEntry *entry)
{
    const StoredPage *stored = &entry->stored;
    gsize length;
    const char *body = g_bytes_get_data(stored->files, &length);
    g_autoptr(GString) out = g_string_sized_new(length + 512);
    g_string_append_printf(
        out, "fetched %" G_GINT64_FORMAT "\nfresh %" G_GINT64_FORMAT "\nabsent %d\n",
        stored->fetched, stored->fresh, stored->forbidden ? 403 : stored->absent);
    add_line(out, "type", INDEX_STORE_TYPE);
    add_line(out, "etag", stored->etag);
    add_line(out, "modified", stored->last_modified);
    g_string_append_c(out, '\n');
    g_string_append_len(out, body, (gssize)length);
    g_autofree char *key = cache_key(entry);
    cache_save(entry->client->cache, PAGES, key, out->str, out->len);
}

static bool status_is_absent(int status)
{
    return status == 404 || status == 403 || status == 410;
}

static gint64 fresh_seconds(const HttpResponse *response)
{
    return response->fresh_seconds >= 0 ? response->fresh_seconds : FRESH_SECONDS;
}

static IndexPage *absent_page(const IndexLocation *location, bool forbidden)
{
    IndexPage *page = g_new0(IndexPage, 1);
    page->location = location;
    page->files = g_ptr_array_new();
    page->absent = true;
    page->forbidden = forbidden;
    return page;
}

/* Reads the page at once, while others are on their way; what cannot be read is not kept. */
static void take_page(PageEntry *entry, const HttpResponse *response)
{
    bool absent = status_is_absent(response->status), forbidden = response->status == 403;
    gsize length;
    const char *body = g_bytes_get_data(response->body, &length);
    stored_page_clear(&entry->stored);
    index_page_free(entry->page);
    entry->page = absent
                      ? absent_page(entry->location, forbidden)
                      : index_page_parse(response->url, response->content_type, body ? body : "",
                                         length, entry->location, entry->canonical, &entry->error);
    if (!entry->page || response->no_store)
        return;
    entry->stored = (StoredPage){
        .fetched = clock_now_seconds(),
        .fresh = fresh_seconds(response),
        .absent = absent,
        .forbidden = forbidden,
        .etag = g_strdup(response->etag),
        .last_modified = g_strdup(response->last_modified),
        .files = index_store_encode(entry->page, entry->canonical),
    };
    save_stored(entry);
}

static void on_page(const HttpResponse *response, const GError *error, void *data)
{
    PageEntry *entry = data;
    entry->done = true;
    if (error) {
        entry->error = g_error_copy(error);
    } else if (response->status == 304 && entry->stored.files) {
        entry->stored.fetched = clock_now_seconds();
        entry->stored.fresh = fresh_seconds(response);
        save_stored(entry);
    } else if (response->status == 200 || status_is_absent(response->status)) {
        take_page(entry, response);
    } else {
        g_autofree char *what = entry->canonical
                                    ? g_strdup_printf("cannot look for %s", entry->canonical)
                                    : g_strdup("cannot read a page of links");
        http_set_status_error(&entry->error, response, what);
    }
    stored_page_clear(&entry->stored);
}

/* Fills the entry from the cache; TRUE when it needs no request. */
static bool load_stored(PageEntry *entry)
{
    g_autofree char *key = cache_key(entry);
    StoredPage *stored = &entry->stored;
    g_autoptr(GBytes) bytes = cache_load(entry->client->cache, PAGES, key);
    if (!bytes || !stored_page_decode(bytes, stored))
        return false;
    entry->page = stored->absent ? absent_page(entry->location, stored->forbidden)
                                 : index_store_decode(stored->files, entry->location);
    if (!entry->page) {
        stored_page_clear(stored);
        return false;
    }
    gint64 age = clock_now_seconds() - stored->fetched;
    return entry->client->offline || (age >= 0 && age < stored->fresh);
}

static void refuse_offline(PageEntry *entry)
{
    g_autofree char *shown = url_redact(entry->url);
    error_set(&entry->error, ERROR_NETWORK, SPAN_NONE,
              "the page %s is not in the cache, and nothing is fetched with --offline", shown);
    error_set_hint(entry->error, "run once without --offline to fetch it");
    entry->done = true;
}

/* FALSE: the allowance is used up. */
static bool begin_page(PageEntry *entry)
{
    entry->done = load_stored(entry);
    if (entry->done) {
        stored_page_clear(&entry->stored);
        return true;
    }
    if (entry->client->offline) {
        refuse_offline(entry);
        return true;
    }
    if (!index_client_may_fetch(entry->client))
        return false;
    HttpRequest request = HTTP_REQUEST(entry->url, LIMIT_INDEX_PAGE_BYTES);
    request.accept = ACCEPT;
    request.if_none_match = entry->stored.etag;
    request.if_modified_since = entry->stored.etag ? NULL : entry->stored.last_modified;
    request.owner = entry->client;
    http_client_start(entry->client->http, &request, on_page, entry);
    return true;
}

static char *page_url(const IndexLocation *location, const char *canonical)
{
    if (!canonical || location->kind == INDEX_FIND_LINKS)
        return url_without_fragment(location->url, NULL);
    bool closed = g_str_has_suffix(location->url, "/");
    return g_strconcat(location->url, closed ? "" : "/", canonical, "/", NULL);
}

static char *entry_key(const IndexLocation *location, const char *canonical)
{
    return g_strdup_printf("%d%s %s\n%s", location->kind, location->ignored ? " ignored" : "",
                           location->url, canonical ? canonical : "");
}

/* A find-links URL may name one archive instead of a page of links. */
static IndexPage *single_file_page(const PageEntry *entry)
{
    g_autofree char *name = url_filename(entry->url);
    if (entry->canonical || !name || !index_filename_fits(name, NULL))
        return NULL;
    g_autofree char *link = g_markup_printf_escaped("<a href=\"%s\"></a>", entry->location->url);
    return index_page_parse(entry->url, "text/html", link, strlen(link), entry->location, NULL,
                            NULL);
}

/* NULL: it would have to be fetched, and the allowance is used up. */
static PageEntry *ensure_entry(IndexClient *client, const IndexLocation *location,
                               const char *canonical)
{
    g_autofree char *key = entry_key(location, canonical);
    PageEntry *entry = g_hash_table_lookup(client->pages, key);
    if (entry)
        return entry;
    entry = g_new0(PageEntry, 1);
    entry->client = client;
    entry->location = location;
    entry->canonical = g_strdup(canonical);
    entry->url = page_url(location, canonical);
    bool remote = url_is_http(location->url);
    if (remote)
        http_client_learn(client->http, location->url); /* a page of the cache is not asked for */
    bool filtered = location->kind == INDEX_FIND_LINKS && canonical;
    if (location->kind == INDEX_FIND_LINKS && remote && !canonical)
        entry->page = single_file_page(entry);
    if (location->ignored && !filtered && !entry->page)
        entry->page = absent_page(location, false);
    entry->done = !remote || filtered || entry->page;
    if (!entry->done && !begin_page(entry)) {
        page_entry_free(entry);
        return NULL;
    }
    g_hash_table_insert(client->pages, g_steal_pointer(&key), entry);
    return entry;
}

void index_client_want_page(IndexClient *client, const IndexLocation *location,
                            const char *canonical)
{
    ensure_entry(client, location, location->kind == INDEX_FIND_LINKS ? NULL : canonical);
}

static IndexPage *make_page(PageEntry *entry, GError **error)
{
    const IndexLocation *location = entry->location;
    g_autofree char *path = index_local_path(location->url);
    if (location->kind == INDEX_FIND_LINKS && entry->canonical) {
        g_autofree char *key = entry_key(location, NULL);
        const PageEntry *all = g_hash_table_lookup(entry->client->pages, key);
        return index_page_filter(all->page, entry->canonical);
    }
    if (!path) {
        error_set(error, ERROR_INPUT, SPAN_NONE, "%s is no address of a package index",
                  location->url);
        return NULL;
    }
    if (location->kind == INDEX_FIND_LINKS)
        return index_local_links(location, path, error);
    return index_local_page(location, path, entry->canonical, error);
}

static const IndexPage *finish_entry(IndexClient *client, PageEntry *entry, GError **error)
{
    if (entry)
        index_client_wait(client, &entry->done);
    if (!entry || !entry->done) {
        index_client_refuse(client, "a page of an index", error);
        return NULL;
    }
    if (!entry->page && !entry->error)
        entry->page = make_page(entry, &entry->error);
    if (!entry->error)
        return entry->page;
    if (error)
        *error = g_error_copy(entry->error);
    return NULL;
}

const IndexPage *index_client_get_page(IndexClient *client, const IndexLocation *location,
                                       const char *canonical, GError **error)
{
    if (location->kind == INDEX_FIND_LINKS) {
        PageEntry *all = ensure_entry(client, location, NULL);
        if (!finish_entry(client, all, error))
            return NULL;
    }
    return finish_entry(client, ensure_entry(client, location, canonical), error);
}

static bool has_files(const IndexPage *page)
{
    return page && page->files->len > 0;
}

bool index_client_knows(IndexClient *client, const IndexLocation *location, const char *canonical)
{
    if (location->kind == INDEX_FIND_LINKS || !url_is_http(location->url))
        return has_files(index_client_get_page(client, location, canonical, NULL));
    g_autofree char *key = entry_key(location, canonical);
    const PageEntry *entry = g_hash_table_lookup(client->pages, key);
    if (entry && entry->done)
        return has_files(entry->page);
    PageEntry *cached = g_new0(PageEntry, 1);
    cached->client = client;
    cached->location = location;
    cached->canonical = g_strdup(canonical);
    cached->url = page_url(location, canonical);
    load_stored(cached);
    bool known = has_files(cached->page);
    page_entry_free(cached);
    return known;
}

GPtrArray *index_client_names(const IndexClient *client)
{
    GPtrArray *keys = sorted_keys(client->pages);
    GPtrArray *names = g_ptr_array_new();
    for (guint i = 0; i < keys->len; i++) {
        const char *name = strchr(keys->pdata[i], '\n') + 1;
        if (*name && !g_ptr_array_find_with_equal_func(names, name, g_str_equal, NULL))
            g_ptr_array_add(names, (char *)name);
    }
    g_ptr_array_unref(keys);
    g_ptr_array_sort(names, sorted_compare_strings);
    return names;
}
