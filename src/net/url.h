/* URLs (RFC 3986), as far as package indexes and files need them. */
#pragma once

#include "base/error.h"

/* `reference` resolved against the absolute URL `base` (RFC 3986 §5.2); caller frees. NULL when the
 * result would not be an http, https or file URL. */
char *url_join(const char *base, const char *reference);
/* %XX decoded once (never twice: "%252B" stays "%2B"); NULL when it would hold a NUL or is not
 * UTF-8. */
char *url_decode(const char *text);
/* Percent-encodes what may not stand in a path segment. */
char *url_encode_segment(const char *text);
/* The URL without its fragment; *ret_fragment (may be NULL) points into `url` behind "#", or is
 * NULL. */
char *url_without_fragment(const char *url, const char **ret_fragment);
/* The URL without user name and password. */
char *url_strip_credentials(const char *url);
/* For people and logs: a password becomes "****", query values of token-like keys too. Caller
 * frees. */
char *url_redact(const char *url);
/* The last segment of the path, decoded; NULL when there is none. */
char *url_filename(const char *url);
/* "https://host:port" in lower case without a default port: what may share credentials. */
char *url_origin(const char *url);
bool url_is_http(const char *url); /* http or https */
/* A file:// URL of an absolute path and back; NULL when it is none. */
char *url_from_path(const char *path);
char *url_to_path(const char *url);
