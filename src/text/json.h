/* JSON in: a read-only view over jansson, whose header has its only home in json.c.
 *
 * Values borrowed from a document live as long as the document. Objects keep the order of the file.
 */
#pragma once

#include "base/error.h"

typedef struct json_t Json;

/* Strict RFC 8259, duplicate keys refused. `name` is what messages call the document. Errors:
 * ERROR_INPUT with line and column in the message. The caller has checked the length against a
 * limit. */
Json *json_parse(const char *name, const char *text, size_t length, GError **error);
void json_free(Json *json);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Json, json_free)

/* All of these accept NULL and values of another kind, and answer NULL, FALSE or 0 then. */
const Json *json_find(const Json *object, const char *key);
const char *json_text(const Json *value);
const char *json_find_text(const Json *object, const char *key);
bool json_as_boolean(const Json *value, bool *ret_value);
bool json_as_integer(const Json *value, gint64 *ret_value);
bool json_is_map(const Json *value);
bool json_is_list(const Json *value);
bool json_is_none(const Json *value); /* JSON null */
/* Number of items of an array or pairs of an object. */
size_t json_length(const Json *value);
const Json *json_item(const Json *array, size_t index);
/* Steps through an object's pairs in file order: start with *state = NULL; false at the end. */
bool json_next_pair(const Json *object, void **state, const char **ret_key, const Json **ret_value);
/* The value as compact JSON, in the order of the file; the caller frees it. */
char *json_dump(const Json *value);
