/* Field tables: how a map of a YAML file becomes a C struct.
 *
 * A Shape is a table of Fields; each says key, type, place in the struct and one sentence about it.
 * The same rows decode, find the nearest key for an unknown one, free the struct, and write the
 * JSON schema and the manual page. A FieldType is four functions; those of this file are the
 * language-neutral ones, others are defined where they are needed. Decoding reports every mistake
 * into diags and goes on; a struct is usable only when no error was reported. */
#pragma once

#include "text/jsonw.h"
#include "text/yaml.h"

/* A value with its place. */
typedef struct {
    char *text;
    Span at;
} Text;

typedef struct {
    char *key;
    char *value;
    Span at; /* of the value */
} Pair;

void text_free(void *text);
void pair_free(void *pair);

typedef struct Decoder Decoder;
typedef struct Field Field;
typedef struct Shape Shape;

/* Substitutes variables in a scalar, or splices them in a list; returns `node` when there is
 * nothing to do. */
typedef const Node *(*NodeExpander)(Decoder *decoder, const Node *node);

struct Decoder {
    Diags *diags;
    NodeArena *arena;    /* of expanded nodes */
    NodeExpander expand; /* or NULL */
    void *context;       /* of the expander and of types defined elsewhere */
};

/* Collects what the JSON schema and the manual say. */
typedef struct {
    JsonWriter *json;
    GPtrArray *shapes; /* const Shape *: named in a $ref, each once */
} SchemaWriter;

typedef struct {
    const char *name; /* how the manual calls it: "text", "list of texts" */
    /* Reads `node` (variables expanded, never absent) into `slot`; false after a reported error. */
    bool (*decode)(Decoder *decoder, const Field *field, const Node *node, void *slot);
    void (*clear)(const Field *field, void *slot);
    /* Writes the members of the schema object; NULL: anything goes. */
    void (*schema)(const Field *field, SchemaWriter *schema);
} FieldType;

enum {
    FIELD_REQUIRED = 1 << 0,
    FIELD_VERBATIM = 1 << 1,   /* script text: variables are not substituted */
    FIELD_EMPTY_OK = 1 << 2,   /* an empty text is a value */
    FIELD_NO_SLOT = 1 << 3,    /* decode gets slot NULL: another step reads the key */
    FIELD_DEFAULT_ON = 1 << 4, /* a bool that is true when absent */
    FIELD_LIST = 1 << 5,       /* an array that is empty, not NULL, when absent */
};

struct Field {
    const char *key;
    const FieldType *type;
    size_t offset;
    unsigned flags;
    const char *about;  /* one sentence without full stop */
    const void *detail; /* meaning depends on the type */
};

/* A key that people write although another is meant. */
typedef struct {
    const char *key;
    const char *hint;
} KeyHint;

struct Shape {
    const char *name;  /* unique; names the schema's definition: "pip" */
    const char *title; /* in messages and in the manual: "`pip:`" */
    size_t size;       /* of the struct */
    const Field *fields;
    size_t count;
    const char *short_key; /* the field that a list or scalar body fills, or NULL */
    /* A further form of the body that another step turns into the map: writes its schema's members.
     * NULL: none. */
    void (*short_schema)(SchemaWriter *schema);
    const KeyHint *hints;        /* ends with {NULL}; or NULL */
    size_t at_offset;            /* of a Span in the struct; 0: none */
    size_t name_offset;          /* of a char *: the key, for items of type_named */
    const Shape *more;           /* further keys of the same map … */
    size_t more_offset;          /* … in the struct that this pointer of the first points to */
    void (*start)(void *target); /* sets defaults, or NULL */
    /* Rules between keys, after all are decoded; or NULL. */
    void (*finish)(Decoder *decoder, const Node *node, void *target);
};

/* Decodes `node` into the zeroed struct `target`. False after an error. */
bool shape_decode(Decoder *decoder, const Shape *shape, const Node *node, void *target);
void shape_clear(const Shape *shape, void *target);
/* Allocates; NULL is never returned, a failed decode leaves what could be read. */
void *shape_decode_new(Decoder *decoder, const Shape *shape, const Node *node);
void shape_free(const Shape *shape, void *target);

/* Reports at the node's place and, when that is the place of who asked, notes the origin. Returns
 * the entry or NULL (too many mistakes); error_add_note() and error_set_hint() take NULL. */
GError *decoder_error(Decoder *decoder, const Node *node, const char *format, ...)
    G_GNUC_PRINTF(3, 4);
GError *decoder_warning(Decoder *decoder, const Node *node, const char *format, ...)
    G_GNUC_PRINTF(3, 4);
/* "did you mean 'x'?" as hint, when a name is near. */
void decoder_suggest(GError *error, const char *text, const char *const *names, size_t count);
/* "name is a text, not a list". Returns false. */
bool decoder_mismatch(Decoder *decoder, const Field *field, const Node *node, const char *wanted);
/* The node with its variables; the node itself when there is no expander. */
const Node *decoder_expand(Decoder *decoder, const Node *node);
/* All of the tree, for what is passed through. */
const Node *decoder_expand_all(Decoder *decoder, const Node *node);
/* A scalar's text, not empty unless flags say so; NULL after an error. Borrowed from the node. */
const char *decoder_text(Decoder *decoder, const Field *field, const Node *node);

/* Says what is wrong with a text, or returns true. */
typedef bool (*TextRule)(Decoder *decoder, const Node *node, const char *text);

typedef struct {
    guint64 least, most;
} FieldRange;

/* clang-format off */
extern const FieldType type_text;     /* char *; detail const TextRule * or NULL */
extern const FieldType type_value;    /* Text; detail const TextRule * or NULL */
extern const FieldType type_texts;    /* GPtrArray of Text, scalar = one item; detail TextRule */
extern const FieldType type_strings;  /* char **, scalar = one item; detail TextRule */
extern const FieldType type_argv;     /* GPtrArray of Text; a text is an error with the list form */
extern const FieldType type_bool;     /* bool */
extern const FieldType type_number;   /* guint64; detail FieldRange or NULL */
extern const FieldType type_size;     /* guint64 bytes: 20 GB, 512 MiB */
extern const FieldType type_duration; /* guint64 milliseconds: 30s, 1m30s */
extern const FieldType type_date;     /* Text */
extern const FieldType type_version;  /* Text: digits, dots and what PEP 440 adds */
extern const FieldType type_choice;   /* int, index into detail: const char *const[], ends NULL */
extern const FieldType type_either;   /* bool: true for the second of two choices */
extern const FieldType type_pairs;    /* GPtrArray of Pair; detail: TextRule for the keys */
extern const FieldType type_assigned; /* char ** of "KEY=value"; detail: TextRule for the keys */
extern const FieldType type_shape;    /* pointer to a struct; detail Shape */
extern const FieldType type_items;    /* GPtrArray of structs; detail Shape; one map = one item */
extern const FieldType type_named;    /* GPtrArray of structs from a map name: body; detail Shape */
extern const FieldType type_tree;     /* const Node *: passed through */
/* clang-format on */

/* The items of a list, or the one scalar, with variables spliced: calls `each` for every item.
 * False when an item was refused. */
typedef bool (*ItemDecoder)(Decoder *decoder, const Field *field, const Node *item, void *data);
bool decoder_each_item(Decoder *decoder, const Field *field, const Node *node, ItemDecoder each,
                       void *data);

bool text_parse_size(const char *text, guint64 *ret_bytes);
bool text_parse_duration(const char *text, guint64 *ret_milliseconds);

/* A $ref to the shape's definition, which is queued. */
void schema_write_shape(SchemaWriter *schema, const Shape *shape);
/* {"type": "string"} and the like as members of the open object. */
void schema_write_type(SchemaWriter *schema, const char *type);
/* The schema of everything reachable from `root`. */
char *shape_schema_json(const Shape *root, const char *title);
/* One section per shape reachable from `root`, a paragraph per key. */
char *shape_manual_scdoc(const Shape *root);
/* A sentence of ours as scdoc: its signs escaped, what stands in backquotes in bold. */
void manual_append_text(GString *out, const char *text);
/* The section of one shape. */
char *shape_manual_section(const Shape *shape);
