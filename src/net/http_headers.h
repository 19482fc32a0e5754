/* Answer headers: what the fields that matter to us say. Pure; every text is hostile. */
#pragma once

#include "base/error.h"

typedef struct {
    char *content_type; /* lower case */
    char *etag;
    char *last_modified;
    char *location;
    char *www_authenticate;
    gint64 content_length; /* -1: not said */
    gint64 range_first;    /* of Content-Range; -1: none */
    gint64 range_total;    /* -1: unknown */
    gint64 max_age;        /* of Cache-Control; -1: not said; 0 for no-cache */
    gint64 age;            /* of Age; 0: not said */
    gint64 retry_after;    /* seconds; -1: not said, or said as a date */
    bool no_store;
    bool accepts_ranges;
    bool encoded; /* Content-Encoding other than identity */
} HttpHeaders;

void http_headers_clear(HttpHeaders *headers);
/* One header line with or without its line end. A status line ("HTTP/…") starts over. Unknown and
 * broken fields are ignored. */
void http_headers_line(HttpHeaders *headers, const char *line, size_t length);
