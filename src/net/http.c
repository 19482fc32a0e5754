#include "net/http.h"

#include "base/clock.h"
#include "base/limits.h"
#include "base/log.h"
#include "net/auth.h"
#include "net/http_headers.h"

#include <curl/curl.h>

enum {
    DEFAULT_JOBS = 64,
    DEFAULT_TIMEOUT_SECONDS = 30,
    CONNECTIONS_OF_HOST = 8, /* where HTTP/2 can't share one */
    CONNECTIONS = 32,
    DEFAULT_PAUSE_MSEC = 250,
    POLL_MSEC = 1000,
    PROGRESS_BYTES = 1024 * 1024, /* what an attempt must bring to count as one that went on */
    RECEIVE_BYTES = 64 * 1024,
    UNTOUCHED = 1, /* what CURLINFO_SSL_VERIFYRESULT is before a chain was judged bad */
};

typedef struct {
    HttpClient *client;
    HttpRequest request; /* its texts are ours */
    HttpCallback callback;
    void *data;
    char *url; /* where the next attempt goes */
    CURL *easy;
    struct curl_slist *fields;
    HttpHeaders headers;
    size_t header_bytes;
    GByteArray *body;
    guint64 received; /* bytes of the body that the caller has */
    guint64 resume;   /* the attempt asks for what begins here */
    guint64 farthest; /* that an attempt came which counted */
    gint64 not_before_usec;
    unsigned redirects, tries;
    bool body_begun, too_long;
    GError *error;
    char message[CURL_ERROR_SIZE];
} Transfer;

struct HttpClient {
    HttpOptions options;
    char *user_agent;
    AuthStore *auth;
    TrustStore *trust;
    CURLM *multi; /* made for the first request */
    CURLSH *share;
    GQueue waiting;     /* Transfer, in order of arrival */
    GPtrArray *running; /* Transfer */
    bool delivering;
    HttpStatistics statistics;
};

HttpClient *http_client_new(const HttpOptions *options)
{
    HttpClient *client = g_new0(HttpClient, 1);
    client->options = *options;
    client->options.jobs = options->jobs ? options->jobs : DEFAULT_JOBS;
    if (client->options.timeout_seconds == 0)
        client->options.timeout_seconds = DEFAULT_TIMEOUT_SECONDS;
    if (client->options.pause_msec == 0)
        client->options.pause_msec = DEFAULT_PAUSE_MSEC;
    client->user_agent =
        g_strdup(options->user_agent ? options->user_agent : "ramekin/" RAMEKIN_VERSION);
    client->auth = auth_store_new();
    client->trust = trust_store_new();
    g_queue_init(&client->waiting);
    client->running = g_ptr_array_new();
    return client;
}

static void detach(Transfer *transfer)
{
    if (transfer->easy && transfer->client->multi)
        curl_multi_remove_handle(transfer->client->multi, transfer->easy);
    g_clear_pointer(&transfer->easy, curl_easy_cleanup);
    g_clear_pointer(&transfer->fields, curl_slist_free_all);
}

static void transfer_free(Transfer *transfer)
{
    detach(transfer);
    g_free((char *)transfer->request.url);
    g_free((char *)transfer->request.authorization);
    g_free((char *)transfer->request.accept);
    g_free((char *)transfer->request.if_none_match);
    g_free((char *)transfer->request.if_modified_since);
    g_free(transfer->url);
    http_headers_clear(&transfer->headers);
    g_byte_array_unref(transfer->body);
    g_clear_error(&transfer->error);
    g_free(transfer);
}

void http_client_free(HttpClient *client)
{
    if (!client)
        return;
    g_queue_clear_full(&client->waiting, (GDestroyNotify)transfer_free);
    g_ptr_array_set_free_func(client->running, (GDestroyNotify)transfer_free);
    g_ptr_array_unref(client->running);
    if (client->multi)
        curl_multi_cleanup(client->multi);
    if (client->share)
        curl_share_cleanup(client->share);
    auth_store_free(client->auth);
    trust_store_free(client->trust);
    g_free(client->user_agent);
    g_free(client);
}

TrustStore *http_client_trust(HttpClient *client)
{
    return client->trust;
}

void http_client_learn(HttpClient *client, const char *url)
{
    auth_store_learn(client->auth, url);
}

void http_client_start(HttpClient *client, const HttpRequest *request, HttpCallback callback,
                       void *data)
{
    Transfer *transfer = g_new0(Transfer, 1);
    transfer->client = client;
    transfer->request = *request;
    auth_store_learn(client->auth, request->url);
    transfer->request.url = url_strip_credentials(request->url);
    transfer->request.authorization = g_strdup(request->authorization);
    transfer->request.accept = g_strdup(request->accept);
    transfer->request.if_none_match = g_strdup(request->if_none_match);
    transfer->request.if_modified_since = g_strdup(request->if_modified_since);
    transfer->url = url_without_fragment(transfer->request.url, NULL);
    transfer->callback = callback;
    transfer->data = data;
    transfer->body = g_byte_array_new();
    http_headers_clear(&transfer->headers);
    g_queue_push_tail(&client->waiting, transfer);
}

void http_client_drop(HttpClient *client, const void *owner)
{
    g_assert(!client->delivering);
    for (GList *at = client->waiting.head; at;) {
        Transfer *transfer = at->data;
        GList *next = at->next;
        if (transfer->request.owner == owner) {
            g_queue_delete_link(&client->waiting, at);
            transfer_free(transfer);
        }
        at = next;
    }
    for (unsigned i = client->running->len; i-- > 0;) {
        Transfer *transfer = client->running->pdata[i];
        if (transfer->request.owner == owner) {
            g_ptr_array_remove_index_fast(client->running, i);
            transfer_free(transfer);
        }
    }
}

static bool asks_range(const HttpRequest *request)
{
    return request->range_first >= 0 || request->range_suffix > 0;
}

static guint64 first_offset(const HttpRequest *request)
{
    return request->range_first > 0 ? (guint64)request->range_first : 0;
}

static long status_of(const Transfer *transfer)
{
    long status = 0;
    curl_easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE, &status);
    return status;
}

static size_t on_header(char *line, size_t size, size_t count, void *data)
{
    Transfer *transfer = data;
    transfer->header_bytes += size * count;
    if (transfer->header_bytes > LIMIT_HTTP_HEADER_BYTES)
        return 0;
    http_headers_line(&transfer->headers, line, size * count);
    return size * count;
}

/* What the limit means for a body of `length` bytes in all. */
static bool refuse_length(Transfer *transfer, guint64 length)
{
    if (length <= transfer->request.limit_bytes)
        return false;
    transfer->too_long = true;
    return true;
}

static void forget_body(Transfer *transfer)
{
    g_byte_array_set_size(transfer->body, 0);
    transfer->received = 0;
}

/* A body begins: does it go on where the last attempt broke off, and does it fit? */
static bool begin_body(Transfer *transfer, long status)
{
    const HttpHeaders *headers = &transfer->headers;
    bool goes_on =
        transfer->resume > 0 && status == 206 && headers->range_first == (gint64)transfer->resume;
    transfer->body_begun = true;
    if (!goes_on)
        forget_body(transfer);
    if (transfer->resume > 0 && status == 206 && !goes_on) {
        error_set(&transfer->error, ERROR_NETWORK, SPAN_NONE,
                  "the server sent another range than the one asked for");
        return false;
    }
    return headers->content_length < 0 || headers->encoded ||
           !refuse_length(transfer, transfer->received + (guint64)headers->content_length);
}

static bool take_error_text(Transfer *transfer, const char *bytes, size_t length)
{
    size_t room = LIMIT_HTTP_ERROR_BYTES - transfer->body->len;
    g_byte_array_append(transfer->body, (const guint8 *)bytes, (guint)MIN(length, room));
    return true;
}

static bool take_body(Transfer *transfer, const char *bytes, size_t length)
{
    long status = status_of(transfer);
    if (!transfer->body_begun && (status < 200 || status > 299)) {
        transfer->body_begun = true;
        if (transfer->request.digest_known) /* the caller's bytes are still good */
            g_byte_array_set_size(transfer->body, 0);
        else
            forget_body(transfer);
    }
    if (status < 200 || status > 299)
        return take_error_text(transfer, bytes, length);
    if (!transfer->body_begun && !begin_body(transfer, status))
        return false;
    if (refuse_length(transfer, transfer->received + length))
        return false;
    if (transfer->request.sink) {
        guint64 offset =
            transfer->received + (status == 206 ? first_offset(&transfer->request) : 0);
        if (!transfer->request.sink(transfer->request.sink_data, offset, bytes, length,
                                    &transfer->error))
            return false;
    } else {
        g_byte_array_append(transfer->body, (const guint8 *)bytes, (guint)length);
    }
    transfer->received += length;
    return true;
}

static size_t on_body(char *bytes, size_t size, size_t count, void *data)
{
    Transfer *transfer = data;
    transfer->client->statistics.bytes_received += size * count;
    return take_body(transfer, bytes, size * count) ? size * count : 0;
}

static void G_GNUC_PRINTF(2, 3) add_field(Transfer *transfer, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    g_autofree char *line = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    transfer->fields = curl_slist_append(transfer->fields, line);
}

static bool same_origin(const char *a, const char *b)
{
    g_autofree char *left = url_origin(a), *right = url_origin(b);
    return left && g_strcmp0(left, right) == 0;
}

static void set_credentials(Transfer *transfer)
{
    const HttpRequest *request = &transfer->request;
    if (request->authorization) {
        if (same_origin(request->url, transfer->url))
            add_field(transfer, "Authorization: %s", request->authorization);
        return;
    }
    const Credentials *credentials = auth_store_find(transfer->client->auth, transfer->url);
    if (!credentials)
        return;
    curl_easy_setopt(transfer->easy, CURLOPT_HTTPAUTH, CURLAUTH_BASIC);
    curl_easy_setopt(transfer->easy, CURLOPT_USERNAME, credentials->user);
    curl_easy_setopt(transfer->easy, CURLOPT_PASSWORD, credentials->password);
}

/* What must hold before a second attempt may continue the body of the first. */
static bool can_resume(const Transfer *transfer)
{
    const HttpHeaders *headers = &transfer->headers;
    bool strong = headers->etag && !g_str_has_prefix(headers->etag, "W/");
    if (transfer->received == 0 || asks_range(&transfer->request) || headers->encoded)
        return false;
    return transfer->request.digest_known ||
           (headers->accepts_ranges && (strong || headers->last_modified) &&
            status_of(transfer) / 100 == 2);
}

static void set_range(Transfer *transfer)
{
    const HttpRequest *request = &transfer->request;
    g_autofree char *range = NULL;
    if (transfer->resume > 0)
        range = g_strdup_printf("%" G_GUINT64_FORMAT "-", transfer->resume);
    else if (request->range_suffix > 0)
        range = g_strdup_printf("-%" G_GINT64_FORMAT, request->range_suffix);
    else if (request->range_first >= 0 && request->range_last >= 0)
        range = g_strdup_printf("%" G_GINT64_FORMAT "-%" G_GINT64_FORMAT, request->range_first,
                                request->range_last);
    else if (request->range_first >= 0)
        range = g_strdup_printf("%" G_GINT64_FORMAT "-", request->range_first);
    if (range)
        curl_easy_setopt(transfer->easy, CURLOPT_RANGE, range);
    /* A compressed answer would make ranges and sizes mean something else. */
    bool plain = range || request->sink || request->method == HTTP_HEAD;
    if (!plain)
        curl_easy_setopt(transfer->easy, CURLOPT_ACCEPT_ENCODING, "");
}

static void set_fields(Transfer *transfer, const char *if_range)
{
    const HttpRequest *request = &transfer->request;
    if (request->accept)
        add_field(transfer, "Accept: %s", request->accept);
    if (request->if_none_match)
        add_field(transfer, "If-None-Match: %s", request->if_none_match);
    if (request->if_modified_since)
        add_field(transfer, "If-Modified-Since: %s", request->if_modified_since);
    if (if_range)
        add_field(transfer, "If-Range: %s", if_range);
    set_credentials(transfer);
    if (transfer->fields)
        curl_easy_setopt(transfer->easy, CURLOPT_HTTPHEADER, transfer->fields);
}

static void set_connection(Transfer *transfer)
{
    HttpClient *client = transfer->client;
    CURL *easy = transfer->easy;
    curl_easy_setopt(easy, CURLOPT_SHARE, client->share);
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_2TLS);
    curl_easy_setopt(easy, CURLOPT_PIPEWAIT, 1L);
    curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, (long)RECEIVE_BYTES);
    curl_easy_setopt(easy, CURLOPT_USERAGENT, client->user_agent);
    curl_easy_setopt(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT, (long)client->options.timeout_seconds);
    curl_easy_setopt(easy, CURLOPT_LOW_SPEED_LIMIT, 1L);
    curl_easy_setopt(easy, CURLOPT_LOW_SPEED_TIME, (long)client->options.timeout_seconds);
}

static void set_trust(Transfer *transfer)
{
    const TrustStore *trust = transfer->client->trust;
    const char *file = trust_store_file(trust), *dir = trust_store_dir(trust);
    if (file)
        curl_easy_setopt(transfer->easy, CURLOPT_CAINFO, file);
    if (dir)
        curl_easy_setopt(transfer->easy, CURLOPT_CAPATH, dir);
    if (trust_store_skips_checks(trust, transfer->url)) {
        curl_easy_setopt(transfer->easy, CURLOPT_SSL_VERIFYPEER, 0L);
        curl_easy_setopt(transfer->easy, CURLOPT_SSL_VERIFYHOST, 0L);
    }
}

static void start_attempt(Transfer *transfer)
{
    HttpClient *client = transfer->client;
    g_autofree char *if_range =
        transfer->resume > 0 && !transfer->request.digest_known
            ? g_strdup(transfer->headers.etag ? transfer->headers.etag
                                              : transfer->headers.last_modified)
            : NULL;
    http_headers_clear(&transfer->headers);
    transfer->header_bytes = 0;
    transfer->body_begun = transfer->too_long = false;
    transfer->message[0] = '\0';
    transfer->easy = curl_easy_init();
    g_assert(transfer->easy);
    set_connection(transfer);
    set_trust(transfer);
    curl_easy_setopt(transfer->easy, CURLOPT_URL, transfer->url);
    curl_easy_setopt(transfer->easy, CURLOPT_PRIVATE, transfer);
    curl_easy_setopt(transfer->easy, CURLOPT_ERRORBUFFER, transfer->message);
    curl_easy_setopt(transfer->easy, CURLOPT_HEADERFUNCTION, on_header);
    curl_easy_setopt(transfer->easy, CURLOPT_HEADERDATA, transfer);
    curl_easy_setopt(transfer->easy, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(transfer->easy, CURLOPT_WRITEDATA, transfer);
    if (transfer->request.method == HTTP_HEAD)
        curl_easy_setopt(transfer->easy, CURLOPT_NOBODY, 1L);
    set_range(transfer);
    set_fields(transfer, if_range);
    client->statistics.requests++;
    g_ptr_array_add(client->running, transfer);
    curl_multi_add_handle(client->multi, transfer->easy);
}

static void deliver_error(Transfer *transfer)
{
    transfer->client->delivering = true;
    transfer->callback(NULL, transfer->error, transfer->data);
    transfer->client->delivering = false;
    transfer_free(transfer);
}

static void open_multi(HttpClient *client)
{
    if (client->multi)
        return;
    curl_global_init(CURL_GLOBAL_DEFAULT);
    client->multi = curl_multi_init();
    client->share = curl_share_init();
    g_assert(client->multi && client->share);
    curl_share_setopt(client->share, CURLSHOPT_SHARE, CURL_LOCK_DATA_SSL_SESSION);
    curl_multi_setopt(client->multi, CURLMOPT_PIPELINING, (long)CURLPIPE_MULTIPLEX);
    curl_multi_setopt(client->multi, CURLMOPT_MAX_HOST_CONNECTIONS, (long)CONNECTIONS_OF_HOST);
    curl_multi_setopt(client->multi, CURLMOPT_MAX_TOTAL_CONNECTIONS, (long)CONNECTIONS);
}

/* Starts what is due; returns the time until the next one that waits for its pause, or -1. */
static gint64 start_due(HttpClient *client)
{
    gint64 now = clock_monotonic_usec(), soonest = -1;
    for (GList *at = client->waiting.head; at;) {
        Transfer *transfer = at->data;
        GList *link = at;
        at = at->next;
        gint64 left = transfer->not_before_usec - now;
        if (left > 0) {
            soonest = soonest < 0 ? left : MIN(soonest, left);
            continue;
        }
        if (client->running->len >= client->options.jobs)
            break;
        g_queue_delete_link(&client->waiting, link);
        open_multi(client);
        start_attempt(transfer);
    }
    return soonest;
}

static void refuse_offline(HttpClient *client)
{
    Transfer *transfer;
    while ((transfer = g_queue_pop_head(&client->waiting))) {
        g_autofree char *shown = url_redact(transfer->url);
        error_set(&transfer->error, ERROR_NETWORK, SPAN_NONE,
                  "%s is not in the cache, and nothing is fetched with --offline", shown);
        deliver_error(transfer);
    }
}

/* Puts the transfer back in the queue for another attempt. */
static void queue_again(Transfer *transfer, gint64 pause_usec)
{
    detach(transfer);
    g_clear_error(&transfer->error);
    transfer->not_before_usec = clock_monotonic_usec() + pause_usec;
    if (transfer->resume == 0)
        forget_body(transfer);
    g_queue_push_head(&transfer->client->waiting, transfer);
}

/* Long downloads over bad lines: tries are counted anew once the body has grown. */
static void forgive_tries(Transfer *transfer)
{
    if (!transfer->request.digest_known || transfer->received < transfer->farthest + PROGRESS_BYTES)
        return;
    transfer->farthest = transfer->received;
    transfer->tries = 0;
}

static bool try_again(Transfer *transfer)
{
    forgive_tries(transfer);
    if (++transfer->tries >= LIMIT_HTTP_TRIES)
        return false;
    gint64 pause = ((gint64)transfer->client->options.pause_msec * 1000) << (transfer->tries - 1);
    if (transfer->headers.retry_after >= 0)
        pause = MAX(pause,
                    MIN(transfer->headers.retry_after, LIMIT_HTTP_PAUSE_SECONDS) * G_USEC_PER_SEC);
    transfer->resume = can_resume(transfer) ? transfer->received : 0;
    transfer->client->statistics.retries++;
    g_autofree char *shown = url_redact(transfer->url);
    log_debug("trying again (%u of %u): %s", transfer->tries + 1, LIMIT_HTTP_TRIES, shown);
    queue_again(transfer, pause);
    return true;
}

static bool status_is_transient(long status)
{
    return status == 408 || status == 425 || status == 429 ||
           (status >= 500 && status != 501 && status != 505);
}

static bool code_is_transient(CURLcode code)
{
    static const CURLcode transient[] = {
        CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_CONNECT,
        CURLE_OPERATION_TIMEDOUT,   CURLE_SEND_ERROR,
        CURLE_RECV_ERROR,           CURLE_GOT_NOTHING,
        CURLE_PARTIAL_FILE,         CURLE_HTTP2,
        CURLE_HTTP2_STREAM,         CURLE_SSL_CONNECT_ERROR,
        CURLE_BAD_CONTENT_ENCODING,
    };
    for (size_t i = 0; i < G_N_ELEMENTS(transient); i++) {
        if (transient[i] == code)
            return true;
    }
    return false;
}

/* Follows a redirect: TRUE when another attempt was queued, else the transfer has an error. */
static bool follow(Transfer *transfer)
{
    g_autofree char *shown = url_redact(transfer->url);
    g_autofree char *target =
        transfer->headers.location ? url_join(transfer->url, transfer->headers.location) : NULL;
    if (++transfer->redirects > LIMIT_HTTP_REDIRECTS)
        return error_set(&transfer->error, ERROR_NETWORK, SPAN_NONE, "%s: more than %u redirects",
                         transfer->request.url, LIMIT_HTTP_REDIRECTS);
    if (!target || !url_is_http(target))
        return error_set(&transfer->error, ERROR_NETWORK, SPAN_NONE,
                         "%s redirects to no http or https address", shown);
    bool secure = g_str_has_prefix(transfer->url, "https:");
    if (secure && !g_str_has_prefix(target, "https:"))
        return error_set(&transfer->error, ERROR_NETWORK, SPAN_NONE,
                         "%s redirects from https to http, which is not followed", shown);
    auth_store_learn(transfer->client->auth, target);
    g_autofree char *plain = url_strip_credentials(target);
    g_free(transfer->url);
    transfer->url = url_without_fragment(plain, NULL);
    transfer->resume = 0;
    queue_again(transfer, 0);
    return true;
}

static gint64 whole_length(const Transfer *transfer, long status)
{
    const HttpHeaders *headers = &transfer->headers;
    if (headers->range_total >= 0)
        return headers->range_total;
    if (status != 200)
        return -1;
    if (headers->content_length >= 0 && !headers->encoded)
        return headers->content_length;
    return transfer->request.method == HTTP_GET ? (gint64)transfer->received : -1;
}

static void deliver(Transfer *transfer, long status)
{
    HttpHeaders *headers = &transfer->headers;
    g_autoptr(GBytes) body = transfer->too_long
                                 ? g_bytes_new(NULL, 0)
                                 : g_byte_array_free_to_bytes(g_steal_pointer(&transfer->body));
    transfer->body = transfer->body ? transfer->body : g_byte_array_new();
    bool resumed = transfer->resume > 0 && status == 206; /* the caller asked for all of it */
    HttpResponse response = {
        .status = resumed ? 200 : (int)status,
        .tries = transfer->tries,
        .url = transfer->url,
        .content_type = headers->content_type,
        .etag = headers->etag,
        .last_modified = headers->last_modified,
        .www_authenticate = headers->www_authenticate,
        .fresh_seconds = headers->max_age > 0 ? MAX(headers->max_age - MAX(headers->age, 0), 0)
                                              : headers->max_age,
        .no_store = headers->no_store,
        .content_length =
            transfer->too_long ? headers->content_length : whole_length(transfer, status),
        .range_first = status == 206 && !resumed ? MAX(headers->range_first, 0) : 0,
        .accepts_ranges = status == 206 || headers->accepts_ranges,
        .cut = transfer->too_long,
        .body = body,
    };
    transfer->client->delivering = true;
    transfer->callback(&response, NULL, transfer->data);
    transfer->client->delivering = false;
    transfer_free(transfer);
}

static void explain_trust(Transfer *transfer, CURLcode code)
{
    g_autofree char *named = trust_store_describe(transfer->client->trust);
    long problem = UNTOUCHED; /* OpenSSL's, where it is the chain and not the name */
    curl_easy_getinfo(transfer->easy, CURLINFO_SSL_VERIFYRESULT, &problem);
    bool wrong_name = code == CURLE_PEER_FAILED_VERIFICATION && problem <= UNTOUCHED;
    g_autofree char *hint = trust_store_hint(transfer->url, wrong_name);
    if (named && !wrong_name)
        error_add_note(transfer->error, SPAN_NONE, "%s", named);
    if (code == CURLE_PEER_FAILED_VERIFICATION)
        error_set_hint(transfer->error, "%s", hint);
}

/* curl's own words, without the milliseconds of a connection that was refused: one error is told in
 * one way. Caller frees. */
static char *describe_failure(const Transfer *transfer, CURLcode code)
{
    const char *words = transfer->message[0] ? transfer->message : curl_easy_strerror(code);
    const char *time = code == CURLE_COULDNT_CONNECT ? strstr(words, " after ") : NULL;
    const char *rest = time ? strstr(time, " ms") : NULL;
    if (!rest)
        return g_strdup(words);
    return g_strdup_printf("%.*s%s", (int)(time - words), words, rest + strlen(" ms"));
}

static void set_curl_error(Transfer *transfer, CURLcode code)
{
    g_autofree char *shown = url_redact(transfer->url);
    if (transfer->error) {
        GError *cause = g_steal_pointer(&transfer->error);
        error_wrap(&transfer->error, cause, SPAN_NONE, "cannot fetch %s", shown);
        return;
    }
    if (transfer->too_long) {
        error_set(&transfer->error, ERROR_NETWORK, SPAN_NONE, "%s is longer than %.4g MiB", shown,
                  (double)transfer->request.limit_bytes / MIB);
        return;
    }
    bool stalled = code == CURLE_OPERATION_TIMEDOUT;
    g_autofree char *reason = describe_failure(transfer, code);
    error_set(&transfer->error, ERROR_NETWORK, SPAN_NONE, "cannot fetch %s: %s%s", shown,
              stalled ? "no answer in time: " : "", reason);
    if (transfer->tries >= LIMIT_HTTP_TRIES)
        error_add_note(transfer->error, SPAN_NONE, "tried %u times", transfer->tries);
    if (code == CURLE_PEER_FAILED_VERIFICATION || code == CURLE_SSL_CACERT_BADFILE)
        explain_trust(transfer, code);
}

/* A transfer ended: tried again, followed, or delivered. */
static void finish(Transfer *transfer, CURLcode code)
{
    HttpClient *client = transfer->client;
    long status = status_of(transfer);
    g_ptr_array_remove_fast(client->running, transfer);
    curl_multi_remove_handle(client->multi, transfer->easy);
    bool cut = transfer->too_long && asks_range(&transfer->request) && status == 200;
    bool own_fault = transfer->error || transfer->too_long;
    if (code == CURLE_OK || cut) {
        if (status_is_transient(status) && try_again(transfer))
            return;
        bool redirect =
            status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
        if (redirect && follow(transfer))
            return;
        if (redirect) {
            deliver_error(transfer);
            return;
        }
        deliver(transfer, status);
        return;
    }
    if (!own_fault && code_is_transient(code) && try_again(transfer))
        return;
    set_curl_error(transfer, code);
    deliver_error(transfer);
}

static bool drain(HttpClient *client)
{
    bool any = false;
    int left;
    CURLMsg *message;
    while ((message = curl_multi_info_read(client->multi, &left))) {
        if (message->msg != CURLMSG_DONE)
            continue;
        char *transfer = NULL;
        CURLcode code = message->data.result;
        curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &transfer);
        finish((Transfer *)(void *)transfer, code);
        any = true;
    }
    if (any)
        progress_detail(client->options.progress, "%" G_GUINT64_FORMAT " requests, %.1f MB",
                        client->statistics.requests,
                        (double)client->statistics.bytes_received / 1e6);
    return any;
}

/* One round; true when something was delivered or started anew. */
static bool step(HttpClient *client, gint64 *ret_pause_usec)
{
    if (client->options.offline) {
        bool any = client->waiting.length > 0;
        refuse_offline(client);
        return any;
    }
    *ret_pause_usec = start_due(client);
    if (!client->multi)
        return false;
    int running;
    curl_multi_perform(client->multi, &running);
    return drain(client);
}

static bool is_busy(const HttpClient *client)
{
    return client->running->len > 0 || client->waiting.length > 0;
}

void http_client_wait(HttpClient *client, const bool *done)
{
    http_client_wait_until(client, done, G_MAXINT64);
}

void http_client_wait_until(HttpClient *client, const bool *done, gint64 deadline_usec)
{
    g_assert(!client->delivering);
    while (!*done && is_busy(client)) {
        gint64 pause = -1;
        if (step(client, &pause))
            continue;
        gint64 left = deadline_usec - clock_monotonic_usec();
        if (left <= 0)
            return;
        pause = pause >= 0 ? MIN(pause, left) : left;
        int timeout = (int)MIN(pause / 1000 + 1, POLL_MSEC);
        if (client->multi)
            curl_multi_poll(client->multi, NULL, 0, timeout, NULL);
        else
            g_usleep((gulong)timeout * 1000);
    }
}

HttpStatistics http_client_statistics(const HttpClient *client)
{
    return client->statistics;
}

gboolean http_set_status_error(GError **error, const HttpResponse *response, const char *what)
{
    g_autofree char *shown = url_redact(response->url);
    error_set(error, ERROR_NETWORK, SPAN_NONE, "%s: the server answered %d (%s)", what,
              response->status, shown);
    if (error && response->tries > 1)
        error_add_note(*error, SPAN_NONE, "tried %u times", response->tries);
    if (error && (response->status == 401 || response->status == 407))
        error_set_hint(*error, "credentials come from the URL (user:password@host) or from the "
                               "netrc file");
    return FALSE;
}
