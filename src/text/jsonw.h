/* JSON out, in one canonical form: the bytes depend on what is written and nothing else, so that
 * locks diff well and a manifest's bytes are its digest.
 *
 * A container is written in one of three styles: JSONW_BLOCK puts each member on a line of its own,
 * indented by two spaces; JSONW_INLINE puts all on one line as {"a": 1, "b": [2, 3]}; JSONW_COMPACT
 * has no blanks at all. Inside an inline container everything is inline, inside a compact one
 * compact. Strings must be valid UTF-8; only what JSON demands is escaped. Keys come out in the
 * order written. */
#pragma once

#include <glib.h>
#include <stdbool.h>

typedef enum {
    JSONW_BLOCK,
    JSONW_INLINE,
    JSONW_COMPACT,
} JsonwStyle;

typedef struct JsonWriter JsonWriter;

JsonWriter *jsonw_new(void);
void jsonw_free(JsonWriter *writer);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(JsonWriter, jsonw_free)

/* The text so far, which ends with a newline unless the outermost style is compact; the writer may
 * only be freed afterwards. Caller frees. */
char *jsonw_finish(JsonWriter *writer, size_t *ret_length);

/* The key of the next value; only inside an object. */
void jsonw_key(JsonWriter *writer, const char *key);

void jsonw_begin_object(JsonWriter *writer, JsonwStyle style);
void jsonw_end_object(JsonWriter *writer);
void jsonw_begin_array(JsonWriter *writer, JsonwStyle style);
void jsonw_end_array(JsonWriter *writer);

void jsonw_string(JsonWriter *writer, const char *text); /* NULL: null */
void jsonw_unsigned(JsonWriter *writer, guint64 value);
void jsonw_integer(JsonWriter *writer, gint64 value);
void jsonw_boolean(JsonWriter *writer, bool value);
void jsonw_null(JsonWriter *writer);
/* A value that is JSON already, as it stands. */
void jsonw_raw(JsonWriter *writer, const char *json);

/* key and value in one line of C */
void jsonw_string_member(JsonWriter *writer, const char *key, const char *text);
void jsonw_unsigned_member(JsonWriter *writer, const char *key, guint64 value);
void jsonw_boolean_member(JsonWriter *writer, const char *key, bool value);
/* An array of strings. */
void jsonw_texts(JsonWriter *writer, JsonwStyle style, const GPtrArray *texts);
/* The same, inline. */
void jsonw_texts_member(JsonWriter *writer, const char *key, const GPtrArray *texts);
/* An inline array of strings; NULL strv: an empty one. */
void jsonw_strings_member(JsonWriter *writer, const char *key, const char *const *strv);
