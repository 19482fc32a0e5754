#include "base/io.h"
#include "base/limits.h"
#include "base/log.h"
#include "python/index_private.h"
#include "python/name.h"
#include "python/record.h"

#include <fcntl.h>

/* One text about a file, and where its getting stands. */
typedef struct {
    bool begun, done;
    bool asked_again; /* a wrong digest gets one more try */
    bool cached;      /* the cache has it */
    GError *error;
    GBytes *bytes;
} Fetch;

struct FileFacts {
    IndexClient *client;
    char *url, *filename, *sha256, *metadata_sha256;
    MetadataOffer offer;
    bool wheel;
    char *key; /* of the cache */
    RemoteZip *zip;
    Download source; /* a source distribution while it is read */
    Fetch metadata, record;
    bool saved; /* the metadata came from the cache */
    Metadata *parsed;
    GPtrArray *rows;
};

static const char METADATA[] = "metadata";
static const char MEMBERS[] = "members";

static void fetch_clear(Fetch *fetch)
{
    g_clear_error(&fetch->error);
    g_clear_pointer(&fetch->bytes, g_bytes_unref);
}

void file_facts_free(FileFacts *facts)
{
    remote_zip_free(facts->zip);
    download_clear(&facts->source);
    fetch_clear(&facts->metadata);
    fetch_clear(&facts->record);
    metadata_free(facts->parsed);
    g_clear_pointer(&facts->rows, g_ptr_array_unref);
    g_free(facts->url);
    g_free(facts->filename);
    g_free(facts->sha256);
    g_free(facts->metadata_sha256);
    g_free(facts->key);
    g_free(facts);
}

/* By the file's digest where the index gives one, and by who said so: what a host serves beside its
 * files must not pass for a fact about another host's. */
static char *cache_key(const IndexFile *file)
{
    g_autofree char *plain = url_strip_credentials(file->url);
    g_autofree char *origin = file->sha256 ? url_origin(plain) : NULL;
    return file->sha256 ? g_strdup_printf("%s %s %s", file->sha256, file->filename,
                                          origin ? origin : "file:")
                        : g_steal_pointer(&plain);
}

static FileFacts *ensure_facts(IndexClient *client, const IndexFile *file)
{
    g_autofree char *key = cache_key(file);
    FileFacts *facts = g_hash_table_lookup(client->files, key);
    if (facts)
        return facts;
    facts = g_new0(FileFacts, 1);
    facts->client = client;
    facts->url = g_strdup(file->url);
    facts->filename = g_strdup(file->filename);
    facts->sha256 = g_strdup(file->sha256);
    facts->metadata_sha256 = g_strdup(file->metadata_sha256);
    facts->offer = file->metadata_offer;
    facts->wheel = g_str_has_suffix(file->filename, ".whl");
    facts->key = g_strdup(key);
    facts->source.fd = -1;
    g_hash_table_insert(client->files, g_steal_pointer(&key), facts);
    return facts;
}

static void finish(Fetch *fetch, GBytes *bytes, const GError *error)
{
    fetch->done = true;
    fetch->bytes = bytes ? g_bytes_ref(bytes) : NULL;
    fetch->error = bytes ? NULL : g_error_copy(error);
}

static void on_metadata_member(GBytes *content, const GError *error, void *data)
{
    finish(&((FileFacts *)data)->metadata, content, error);
}

static void on_record_member(GBytes *content, const GError *error, void *data)
{
    finish(&((FileFacts *)data)->record, content, error);
}

static void read_inside(FileFacts *facts);

static RemoteZip *ensure_zip(FileFacts *facts)
{
    if (!facts->zip)
        facts->zip = remote_zip_new(facts->client, facts->url, facts->filename, facts->sha256);
    return facts->zip;
}

static void read_metadata_member(FileFacts *facts)
{
    remote_zip_read(ensure_zip(facts), "METADATA", LIMIT_METADATA_BYTES, on_metadata_member, facts);
}

static void keep_metadata(FileFacts *facts, GBytes *content)
{
    gsize length = 0;
    const void *bytes = content ? g_bytes_get_data(content, &length) : NULL;
    if (!facts->saved && url_is_http(facts->url))
        cache_save(facts->client->cache, METADATA, facts->key, bytes ? bytes : "", length);
    facts->saved = true;
}

/* The metadata as the file's name has it? Errors: ERROR_INPUT. */
static Metadata *parse_checked(const FileFacts *facts, GBytes *bytes, GError **error)
{
    gsize length;
    const char *text = g_bytes_get_data(bytes, &length);
    g_autoptr(GError) cause = NULL;
    if (!facts->wheel && length == 0) {
        error_set(error, ERROR_INPUT, SPAN_NONE, "%s has no PKG-INFO that can be read",
                  facts->filename);
        return NULL;
    }
    g_autoptr(Metadata) metadata = metadata_parse(text ? text : "", length, &cause);
    if (!metadata) {
        error_wrap(error, g_steal_pointer(&cause), SPAN_NONE, "metadata of %s", facts->filename);
        return NULL;
    }
    g_autofree char *canonical = name_canonicalize(metadata->name);
    g_autoptr(WheelName) wheel = facts->wheel ? wheel_name_parse(facts->filename, error) : NULL;
    if (facts->wheel && !wheel)
        return NULL;
    g_autoptr(Version) version =
        wheel ? version_ref(wheel->version) : sdist_version(facts->filename, canonical);
    bool fits = version && version_equal(version, metadata->version) &&
                (!wheel || g_str_equal(wheel->name, canonical));
    if (fits && (facts->wheel || sdist_metadata_is_static(metadata)))
        return g_steal_pointer(&metadata);
    if (fits)
        error_set(error, ERROR_INPUT, SPAN_NONE,
                  "%s is a source distribution whose dependencies are known only when it is built",
                  facts->filename);
    else
        error_set(error, ERROR_INPUT, SPAN_NONE, "%s says that it is %s %s inside", facts->filename,
                  metadata->name, version_text(metadata->version));
    return NULL;
}

static void start_metadata_file(FileFacts *facts);

/* Is the answer this file's metadata? An unadvertised one is whatever a server sends for addresses
 * that it does not know, so it counts only when it reads as what it should be. */
static bool accept_metadata_file(FileFacts *facts, GBytes *body)
{
    if (facts->offer == METADATA_OFFERED)
        return true;
    facts->parsed = parse_checked(facts, body, NULL);
    return facts->parsed != NULL;
}

static void refuse_digest(FileFacts *facts, const char *found)
{
    g_autoptr(GError) lie = NULL;
    g_autofree char *shown = url_redact(facts->url);
    error_set(&lie, ERROR_VERIFY, SPAN_NONE,
              "%s.metadata is not what the index promised: expected sha256 %s, found %s",
              facts->filename, facts->metadata_sha256, found);
    error_add_note(lie, SPAN_NONE, "fetched twice from %s.metadata", shown);
    error_set_hint(lie, "a proxy or mirror that serves changed files is the usual reason");
    finish(&facts->metadata, NULL, lie);
}

static void on_metadata_file(const HttpResponse *response, const GError *error, void *data)
{
    FileFacts *facts = data;
    HostFacts *host = index_host(facts->client, facts->url);
    bool offered = facts->offer == METADATA_OFFERED;
    if (error && offered) {
        finish(&facts->metadata, NULL, error);
        return;
    }
    if (error || response->status != 200) {
        if (!error && !offered)
            index_host_set_metadata(facts->client, host, SERVES_NO);
        read_inside(facts);
        return;
    }
    gsize length;
    const void *bytes = g_bytes_get_data(response->body, &length);
    g_autofree char *sha256 =
        offered && facts->metadata_sha256 ? digest_sha256(bytes, length) : NULL;
    if (sha256 && g_ascii_strcasecmp(sha256, facts->metadata_sha256) != 0) {
        if (facts->metadata.asked_again) {
            refuse_digest(facts, sha256);
            return;
        }
        facts->metadata.asked_again = true;
        start_metadata_file(facts);
        return;
    }
    bool accepted = accept_metadata_file(facts, response->body);
    if (!offered)
        index_host_set_metadata(facts->client, host, accepted ? SERVES_YES : SERVES_NO);
    if (accepted)
        finish(&facts->metadata, response->body, NULL);
    else
        read_inside(facts);
}

static void start_metadata_file(FileFacts *facts)
{
    size_t path = strcspn(facts->url, "?");
    g_autofree char *url =
        g_strdup_printf("%.*s.metadata%s", (int)path, facts->url, facts->url + path);
    HttpRequest request = HTTP_REQUEST(url, LIMIT_METADATA_BYTES);
    request.owner = facts->client;
    http_client_start(facts->client->http, &request, on_metadata_file, facts);
}

static void refuse_offline(FileFacts *facts, Fetch *fetch, const char *what)
{
    g_autoptr(GError) error = NULL;
    error_set(&error, ERROR_NETWORK, SPAN_NONE,
              "the %s of %s is not in the cache, and nothing is fetched with --offline", what,
              facts->filename);
    error_set_hint(error, "run once without --offline to fetch it");
    finish(fetch, NULL, error);
}

/* A member of a wheel on this machine. */
static void read_local(FileFacts *facts, Fetch *fetch, const char *name, size_t limit)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *path = url_to_path(facts->url);
    Download file = {.fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1};
    ZipSource source;
    g_autoptr(GBytes) content = NULL;
    if (file.fd < 0)
        error_set(&error, ERROR_INPUT, SPAN_NONE, "cannot read %s", path ? path : facts->url);
    else if (!facts->wheel)
        content = sdist_read_metadata(file.fd, facts->filename, &error);
    else if (zip_source_from_fd(file.fd, &source, &error)) {
        g_autoptr(ZipDirectory) directory = zip_directory_read(facts->filename, &source, &error);
        if (directory)
            content =
                wheel_read_dist_info(directory, &source, facts->filename, name, limit, &error);
    }
    download_clear(&file);
    finish(fetch, content, error);
}

static bool load_cached(FileFacts *facts, Fetch *fetch, const char *bucket)
{
    if (!url_is_http(facts->url))
        return false;
    fetch->bytes = cache_load(facts->client->cache, bucket, facts->key);
    fetch->done = fetch->cached = fetch->bytes != NULL;
    return fetch->done;
}

static void on_source(Download *download, const GError *error, void *data)
{
    FileFacts *facts = data;
    g_autoptr(GError) problem = NULL;
    g_autoptr(GBytes) content =
        error ? NULL : sdist_read_metadata(download->fd, facts->filename, &problem);
    if (problem && problem->code == ERROR_INPUT)
        keep_metadata(facts, NULL); /* the file is what was promised, and has none */
    finish(&facts->metadata, content, error ? error : problem);
    download_clear(download);
}

/* Only all of a source distribution tells what its PKG-INFO says. */
static void read_source(FileFacts *facts)
{
    facts->source = (Download){.fd = -1,
                               .client = facts->client,
                               .url = facts->url,
                               .filename = facts->filename,
                               .sha256 = facts->sha256,
                               .limit = LIMIT_SDIST_BYTES,
                               .callback = on_source,
                               .data = facts};
    download_start(&facts->source);
}

static void read_inside(FileFacts *facts)
{
    if (facts->wheel)
        read_metadata_member(facts);
    else
        read_source(facts);
}

static void begin_metadata(FileFacts *facts)
{
    if (facts->metadata.begun)
        return;
    facts->metadata.begun = true;
    if (load_cached(facts, &facts->metadata, METADATA)) {
        facts->saved = true;
        return;
    }
    if (url_is_http(facts->url) && !facts->client->offline &&
        !index_client_may_fetch(facts->client)) {
        facts->metadata.begun = false;
        return;
    }
    const HostFacts *host = index_host(facts->client, facts->url);
    bool ask =
        facts->offer == METADATA_OFFERED ||
        (facts->wheel && facts->offer == METADATA_UNADVERTISED && host->metadata != SERVES_NO);
    if (!url_is_http(facts->url))
        read_local(facts, &facts->metadata, "METADATA", LIMIT_METADATA_BYTES);
    else if (facts->client->offline)
        refuse_offline(facts, &facts->metadata, "metadata");
    else if (ask)
        start_metadata_file(facts);
    else
        read_inside(facts);
}

void index_client_want_metadata(IndexClient *client, const IndexFile *file)
{
    begin_metadata(ensure_facts(client, file));
}

static gboolean copy_error(GError **error, const GError *cause)
{
    if (error)
        *error = g_error_copy(cause);
    return FALSE;
}

const Metadata *index_client_get_metadata(IndexClient *client, const IndexFile *file,
                                          GError **error)
{
    FileFacts *facts = ensure_facts(client, file);
    Fetch *fetch = &facts->metadata;
    begin_metadata(facts);
    if (fetch->begun)
        index_client_wait(client, &fetch->done);
    if (!fetch->done) {
        index_client_refuse(client, facts->filename, error);
        return NULL;
    }
    if (!fetch->error && !facts->wheel)
        keep_metadata(facts, fetch->bytes); /* useless ones too: they took the whole file */
    if (!fetch->error && !facts->parsed)
        facts->parsed = parse_checked(facts, fetch->bytes, &fetch->error);
    if (fetch->error) {
        copy_error(error, fetch->error);
        return NULL;
    }
    keep_metadata(facts, fetch->bytes);
    g_clear_pointer(&fetch->bytes, g_bytes_unref);
    return facts->parsed;
}

static void refuse_record(FileFacts *facts)
{
    g_autoptr(GError) error = NULL;
    error_set(&error, ERROR_INPUT, SPAN_NONE, "%s is a source distribution and has no RECORD",
              facts->filename);
    finish(&facts->record, NULL, error);
}

static void begin_record(FileFacts *facts)
{
    if (facts->record.begun)
        return;
    facts->record.begun = true;
    if (!facts->wheel) {
        refuse_record(facts);
        return;
    }
    if (load_cached(facts, &facts->record, MEMBERS))
        return;
    if (!url_is_http(facts->url)) {
        read_local(facts, &facts->record, "RECORD", LIMIT_RECORD_BYTES);
        return;
    }
    if (facts->client->offline) {
        refuse_offline(facts, &facts->record, "file list");
        return;
    }
    remote_zip_read(ensure_zip(facts), "RECORD", LIMIT_RECORD_BYTES, on_record_member, facts);
}

void index_client_want_record(IndexClient *client, const IndexFile *file)
{
    begin_record(ensure_facts(client, file));
}

const GPtrArray *index_client_get_record(IndexClient *client, const IndexFile *file, GError **error)
{
    FileFacts *facts = ensure_facts(client, file);
    Fetch *fetch = &facts->record;
    begin_record(facts);
    http_client_wait(client->http, &fetch->done);
    if (!fetch->error && !facts->rows) {
        gsize length;
        const char *text = g_bytes_get_data(fetch->bytes, &length);
        facts->rows = record_parse(text ? text : "", length, &fetch->error);
        if (facts->rows && !fetch->cached && url_is_http(facts->url))
            cache_save(client->cache, MEMBERS, facts->key, text, length);
        g_clear_pointer(&fetch->bytes, g_bytes_unref);
    }
    if (!fetch->error)
        return facts->rows;
    copy_error(error, fetch->error);
    return NULL;
}
