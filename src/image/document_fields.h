/* Field tables of the image's documents: one description of how a struct looks as JSON, by which
 * it is written, read, copied and freed.
 *
 * Unlike the records of text/json_fields.h these are for documents that others write: unknown keys
 * are passed over, null is an absent value, and what is empty is not written, as Go's "omitempty"
 * has it. Private to document.c and document_config.c. */
#pragma once

#include "base/error.h"
#include "text/json.h"

typedef struct DocumentShape DocumentShape;

typedef enum {
    DOCUMENT_CONSTANT, /* no member: always the text `expected`, which reading accepts alone */
    DOCUMENT_VERSION,  /* no member: the number 2 */
    DOCUMENT_TEXT,     /* char * */
    DOCUMENT_TEXTS,    /* char **, NULL when there are none */
    DOCUMENT_LIST,     /* GPtrArray of char *, in order */
    DOCUMENT_SET,      /* GPtrArray of char *: keys of a map, whose values are {} */
    DOCUMENT_PAIRS,    /* GPtrArray of ImagePair: a map */
    DOCUMENT_FLAG,     /* bool */
    DOCUMENT_NUMBER,   /* gint64 or guint64, never negative */
    DOCUMENT_INSIDE,   /* an object whose members are in this very struct */
    DOCUMENT_RECORD,   /* pointer to a struct, or NULL */
    DOCUMENT_RECORDS,  /* GPtrArray of structs */
} DocumentFieldType;

enum {
    DOCUMENT_ALWAYS = 1,   /* written even when it is empty */
    DOCUMENT_REQUIRED = 2, /* reading demands it */
};

typedef struct {
    const char *key;
    DocumentFieldType type;
    unsigned flags;
    size_t offset;
    const DocumentShape *shape;
    bool (*check)(const char *text); /* of a text, or of each in a list; or NULL */
    const char *expected;            /* what `check` accepts, for messages; the constant */
    size_t limit;                    /* items of a list; 0: what the document can hold */
} DocumentField;

/* clang-format off */
#define DOCUMENT_FIELD(struct_type, member, name, kind, ...)                                       \
    {.key = name, .type = kind, .offset = offsetof(struct_type, member), __VA_ARGS__}
/* clang-format on */

struct DocumentShape {
    size_t size;
    const DocumentField *fields;
    size_t count;
    GDestroyNotify free;
};

/* Allocates a struct whose arrays are there and empty. */
void *document_new(const DocumentShape *shape);
void *document_copy(const DocumentShape *shape, const void *value);
/* Frees the members and the struct. */
void document_free(const DocumentShape *shape, void *value);

/* Compact JSON in the order of the table, maps sorted, with the escapes of Go's encoding/json. */
char *document_encode(const DocumentShape *shape, const void *value, size_t *ret_length);
/* Fills a struct of document_new(). `name` is what messages call the document. */
gboolean document_decode(const DocumentShape *shape, const char *name, const Json *json,
                         void *value, GError **error);
/* Parses a document within its limit; anything but an object is ERROR_INPUT. */
Json *document_parse(const char *name, const char *text, size_t length, GError **error);
