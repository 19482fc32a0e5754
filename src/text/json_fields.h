/* Field tables: one description of how a struct looks as JSON, from which it is written and
 * strictly read back.
 *
 * A JsonRecord lists a struct's fields in the order they are written. Reading accepts the keys in
 * any order, and answers an unknown, missing or mistyped one with ERROR_INPUT that names the
 * document and the path ("ramekin.lock: targets[0].stages[1].kind: ..."). Reading fills a struct of
 * zeros; what was read so far is in it even after a failure, so that the record's `free` takes it.
 *
 * Texts are UTF-8 without control characters except line feed and tab. A missing list and an empty
 * one are the same: GPtrArray fields are never NULL after reading, char ** fields are NULL when
 * empty. */
#pragma once

#include "text/json.h"
#include "text/jsonw.h"

typedef struct JsonRecord JsonRecord;
typedef struct JsonDecoder JsonDecoder;

typedef enum {
    JSON_FIELD_CONSTANT, /* no member: always the text `expected` */
    JSON_FIELD_TEXT,     /* char * */
    JSON_FIELD_TEXTS,    /* char **, NULL-terminated */
    JSON_FIELD_FLAG,     /* bool */
    JSON_FIELD_UNSIGNED, /* guint64; nullable: 0 is null */
    JSON_FIELD_INTEGER,  /* gint64 from 0; nullable: -1 is null */
    JSON_FIELD_CHOICE,   /* an enum whose names are `names`, from 0 */
    JSON_FIELD_RECORD,   /* a struct inside this one */
    JSON_FIELD_RECORDS,  /* GPtrArray of structs, freed by record->free */
    JSON_FIELD_CUSTOM,   /* encode and decode see the whole struct */
} JsonFieldType;

enum {
    JSON_NULLABLE = 1, /* NULL is written as null */
    JSON_OPTIONAL =
        2, /* NULL, false, 0 and empty are not written; only the key's absence says so */
};

typedef struct {
    const char *key;
    JsonFieldType type;
    size_t offset;
    unsigned flags;
    const JsonRecord *record;
    const char *const *names;         /* NULL-terminated */
    const char *expected;             /* what `check` accepts, for messages; the constant */
    bool (*check)(const char *value); /* of a text, or of each of the texts; or NULL */
    JsonwStyle style;                 /* of a list; JSONW_BLOCK: an item a line */
    /* CUSTOM: whether to write the key at all, its value; how to read it (NULL json: absent). */
    bool (*wanted)(const void *value, void *data);
    void (*encode)(JsonWriter *writer, const void *value, void *data);
    gboolean (*decode)(JsonDecoder *decoder, const Json *json, void *value);
} JsonField;

struct JsonRecord {
    size_t size;
    const JsonField *fields;
    size_t count;
    GDestroyNotify free;
    JsonwStyle style;
};

/* `data` is for the custom fields. */
void json_record_encode(const JsonRecord *record, JsonWriter *writer, const void *value,
                        void *data);
void json_records_encode(const JsonRecord *record, JsonWriter *writer, const GPtrArray *values,
                         JsonwStyle style, void *data);

/* Reads the document `json`, called `name` in messages, into the zeroed struct `value`. */
gboolean json_record_decode(const JsonRecord *record, const char *name, const Json *json,
                            void *value, void *data, GError **error);

/* For custom fields: the place is added to the message. Returns FALSE. */
gboolean json_decoder_fail(JsonDecoder *decoder, const char *format, ...) G_GNUC_PRINTF(2, 3);
void *json_decoder_data(const JsonDecoder *decoder);
gboolean json_decoder_read_record(JsonDecoder *decoder, const JsonRecord *record, const Json *json,
                                  void *value);
/* *array gets the items; it is made when NULL. */
gboolean json_decoder_read_records(JsonDecoder *decoder, const JsonRecord *record, const Json *json,
                                   GPtrArray **array);
gboolean json_decoder_read_text(JsonDecoder *decoder, const Json *json, char **ret_text);
