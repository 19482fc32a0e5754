/* URLs (RFC 3986), as far as package indexes and files need them. */
#pragma once

#include "base/error.h"

/* `reference` resolved against the absolute URL `base` (RFC 3986 §5.2); caller frees. NULL when the
 * result would not be an http, https or file URL. */
char *url_join(const char *base, const char *reference);
/* %XX decoded once (never twice: "%252B" stays "%2B"); NULL when it would hold a NUL or is not
 * UTF-8. */
char *url_decode(const char *text);
/* The URL with its path encoded as pip encodes a link: what is not unreserved (RFC 3986 §2.3) is
 * escaped, and nothing twice; other parts only where a request could not carry them. */
char *url_quote(const char *url);
/* Whether url_quote() would change nothing; false where that is not seen at once. */
bool url_is_quoted(const char *url);
/* The URL without its fragment; *ret_fragment (may be NULL) points into `url` behind "#", or is
 * NULL. */
char *url_without_fragment(const char *url, const char **ret_fragment);
/* The URL without user name and password. */
char *url_strip_credentials(const char *url);
/* User name and password, decoded; false, and nothing set, when the URL has none. */
bool url_credentials(const char *url, char **ret_user, char **ret_password);
/* For people and logs: a password becomes "****", query values of token-like keys too. Caller
 * frees. */
char *url_redact(const char *url);
/* The last segment of the path, decoded; NULL when there is none. */
char *url_filename(const char *url);
/* "https://host:port" in lower case without a default port: what may share credentials. */
char *url_origin(const char *url);
/* The host in lower case, without port; NULL when there is none. */
char *url_host(const char *url);
bool url_is_http(const char *url); /* http or https */
/* Whether an http or https URL names a host, and a port if any, that a request could go to. */
bool url_has_server(const char *url);
/* A file:// URL of an absolute path and back; NULL when it is none. */
char *url_from_path(const char *path);
char *url_to_path(const char *url);
