/* HTTP over one libcurl multi handle: requests run in parallel over shared connections (HTTP/2
 * where the server has it), in the caller's thread, whenever somebody waits.
 *
 * A request is started and its callback runs from within http_client_wait(). Transient failures
 * (connection lost, stall, 408, 425, 429, 5xx) are tried again at most LIMIT_HTTP_TRIES times with
 * growing pauses, honouring Retry-After up to a limit; a body that broke off is resumed by range
 * where that is safe. Redirects are followed by us, LIMIT_HTTP_REDIRECTS at most, https never to
 * http; credentials (of the URL, netrc, or given) go to their own origin only. */
#pragma once

#include "base/progress.h"
#include "net/trust.h"
#include "net/url.h"

typedef struct HttpClient HttpClient;

typedef struct {
    unsigned jobs;            /* requests under way at once; 0: default */
    bool offline;             /* every request fails at once with ERROR_NETWORK saying so */
    const char *user_agent;   /* NULL: "ramekin/VERSION" */
    unsigned timeout_seconds; /* without progress; 0: default */
    unsigned pause_msec;      /* before the second try, doubled for each further; 0: default */
    Progress *progress;       /* borrowed, may be NULL */
} HttpOptions;

HttpClient *http_client_new(const HttpOptions *options);
void http_client_free(HttpClient *client);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(HttpClient, http_client_free)

typedef enum {
    HTTP_GET,
    HTTP_HEAD,
} HttpMethod;

/* Takes a piece of a successful body that begins at `offset`. Offsets follow each other, except
 * that a body may begin anew at the request's first offset after a retry: what came before is void
 * then. FALSE with an error ends the request. */
typedef gboolean (*HttpSink)(void *data, guint64 offset, const void *bytes, size_t length,
                             GError **error);

typedef struct {
    HttpMethod method;
    const char *url;           /* may hold user:password@ */
    const char *authorization; /* header value for the URL's own origin, or NULL: as known */
    const char *accept;        /* header value, or NULL */
    const char *if_none_match; /* validators of a cached copy, or NULL */
    const char *if_modified_since;
    gint64 range_first;  /* -1: whole body; with range_last -1: to the end */
    gint64 range_last;   /* inclusive */
    gint64 range_suffix; /* > 0: the last so many bytes */
    size_t limit_bytes;  /* the body may not be longer */
    HttpSink sink;       /* NULL: the body is kept for the response */
    void *sink_data;
    bool digest_known; /* the caller checks the body by digest: it may be resumed unvalidated, and
                          goes on being resumed for as long as every attempt brings more of it */
    const void *owner; /* for http_client_drop(), or NULL */
} HttpRequest;

/* A request for the whole body; the caller sets what differs. */
#define HTTP_REQUEST(address, limit)                                                               \
    {                                                                                              \
        .url = (address), .range_first = -1, .range_last = -1, .limit_bytes = (limit)              \
    }

typedef struct {
    int status;         /* of the last answer, after redirects: 200, 206, 304, 404 … */
    char *url;          /* that answered, without credentials */
    char *content_type; /* lower case, parameters included; or NULL */
    char *etag;
    char *last_modified;
    char *www_authenticate;
    gint64 fresh_seconds;  /* by Cache-Control; -1: not said; 0: must be revalidated */
    bool no_store;         /* Cache-Control forbids to keep it */
    gint64 content_length; /* of the whole resource where known (Content-Range, HEAD), else -1 */
    gint64 range_first;    /* of a 206, else 0 */
    bool accepts_ranges;   /* a 206, or said so */
    unsigned tries;        /* in vain, this one included where it is a failure; 0: none was */
    bool cut;     /* a range was asked, all of it was sent and is over the limit: no body */
    GBytes *body; /* decoded; never NULL; empty for HEAD and where a sink took it */
} HttpResponse;

/* Exactly one of response and error is not NULL; both belong to the client and die after the call.
 * Any HTTP status is a response, not an error; 4xx and 5xx included (after the tries are used up).
 */
typedef void (*HttpCallback)(const HttpResponse *response, const GError *error, void *data);

/* Whom the client believes; belongs to it. What is set here holds for the requests that start
 * afterwards. */
TrustStore *http_client_trust(HttpClient *client);

/* What a URL says of user and password holds for its origin from now on, as if it had been asked.
 */
void http_client_learn(HttpClient *client, const char *url);

/* Queues the request; texts are copied. */
void http_client_start(HttpClient *client, const HttpRequest *request, HttpCallback callback,
                       void *data);
/* Forgets the owner's requests; their callbacks will not run. Not from within a callback. */
void http_client_drop(HttpClient *client, const void *owner);
/* Runs transfers and callbacks until *done is true or nothing is under way. */
void http_client_wait(HttpClient *client, const bool *done);
/* The same, but no longer than until a moment of clock_monotonic_usec(); what is under way then
 * goes on when somebody waits again. G_MAXINT64: without end. */
void http_client_wait_until(HttpClient *client, const bool *done, gint64 deadline_usec);

typedef struct {
    guint64 requests, bytes_received, retries;
} HttpStatistics;
HttpStatistics http_client_statistics(const HttpClient *client);

/* An error of what an unexpected answer means to the user: "<what>: the server answered 403 (URL)".
 */
gboolean http_set_status_error(GError **error, const HttpResponse *response, const char *what);
