/* JSON read in place, for large documents of which little is wanted: no tree, no copies. A text is
 * checked whole once (RFC 8259, at most JSON_SCAN_DEPTH levels); then values are slices of it. Of
 * repeated keys all are seen. */
#pragma once

#include "base/error.h"

enum {
    JSON_SCAN_DEPTH = 64,
};

typedef enum {
    SCAN_ABSENT,
    SCAN_NULL,
    SCAN_FALSE,
    SCAN_TRUE,
    SCAN_NUMBER,
    SCAN_TEXT,
    SCAN_LIST,
    SCAN_MAP,
} ScanKind;

typedef struct {
    ScanKind kind;
    const char *text; /* of a text: between its quotes; else the whole value */
    size_t length;
} ScanValue;

/* The checked document's value. `name` is what errors call it. Errors: ERROR_INPUT. The caller has
 * made sure that the text is UTF-8. */
gboolean json_scan(const char *name, const char *text, size_t length, ScanValue *ret_value,
                   GError **error);
/* Steps through a list, or through a map's pairs: start with *state = NULL; false at the end, and
 * for values of another kind. The value must come from json_scan(). */
bool json_scan_item(const ScanValue *list, const char **state, ScanValue *ret_item);
bool json_scan_pair(const ScanValue *map, const char **state, ScanValue *ret_key,
                    ScanValue *ret_value);
/* Whether a text without escapes is `text`. */
bool json_scan_is(const ScanValue *value, const char *text);
/* Appends the text with its escapes decoded; false for other kinds, and for texts that hold a NUL
 * or half a surrogate pair. */
bool json_scan_text(const ScanValue *value, GString *out);
/* A number that is an integer of at most 18 digits. */
bool json_scan_integer(const ScanValue *value, gint64 *ret_value);
/* Python's idea of truth: absent, null, false, zero and everything empty are not. */
bool json_scan_is_true(const ScanValue *value);
