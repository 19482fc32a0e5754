/* RECORD files (PEP 376, 427, 627): which paths a distribution installed. */
#pragma once

#include "base/error.h"

typedef struct {
    char *path;   /* as written, "/" separators, relative to the folder that holds the dist-info */
    char *sha256; /* urlsafe base64 without padding, or NULL */
    char *other; /* the second column as written, where it is not "sha256=" and `sha256`; or NULL */
    guint64 size;
    bool has_size;
} RecordRow;

/* csv rows, CRLF or LF; more than three columns are accepted. Returns RecordRow with its free
 * function. Errors: ERROR_INPUT. */
GPtrArray *record_parse(const char *text, size_t length, GError **error);
