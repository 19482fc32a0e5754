/* YAML in: a tree of nodes that know their place, built from libyaml's events (yaml.c is the only
 * home of <yaml.h>).
 *
 * The subset is what a recipe needs: one document of maps with scalar keys, lists and scalars.
 * Anchors, aliases, tags, repeated keys, NUL, further documents, more than LIMIT_YAML_DEPTH levels
 * and more than LIMIT_YAML_NODES nodes are refused. Scalars are never typed here: `3.10` stays
 * "3.10" and `no` stays "no". Nodes live in an arena, are immutable once made and never freed one
 * by one. */
#pragma once

#include "base/diags.h"

typedef enum {
    NODE_SCALAR,
    NODE_LIST,
    NODE_MAP,
} NodeKind;

typedef struct Node Node;

typedef struct {
    const Node *key; /* a scalar */
    const Node *value;
} NodePair;

struct Node {
    NodeKind kind;
    bool quoted;        /* scalar: quoted or block style; a plain empty scalar is "no value" */
    bool expanded;      /* variables have been substituted below this node */
    bool broken;        /* a variable in it could not be, which has been reported */
    Span at;            /* scalar: its text; list and map: the first character */
    Span origin;        /* where it is written, when `at` names who asked for it; else SPAN_NONE */
    char *text;         /* scalar */
    const Node **items; /* list */
    NodePair *pairs;    /* map, in the order of the file */
    unsigned count;     /* of items or pairs */
};

typedef struct NodeArena NodeArena;

NodeArena *node_arena_new(void);
void node_arena_free(NodeArena *arena);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NodeArena, node_arena_free)

/* New nodes. Lists and maps take the content of their array, which is empty afterwards: `items`
 * holds const Node *, `pairs` NodePair. */
Node *node_new_scalar(NodeArena *arena, Span at, const char *text, bool quoted);
Node *node_new_list(NodeArena *arena, Span at, GPtrArray *items);
Node *node_new_map(NodeArena *arena, Span at, GArray *pairs);

/* The root of the document, or NULL when the text can't be used; an empty document is an error.
 * Mistakes that leave a tree (a repeated key, an anchor) are reported too and the tree is returned.
 */

const Node *yaml_parse(NodeArena *arena, Source *source, Diags *diags);

/* The value of `key` in a map; NULL when absent, or when `map` is NULL or no map. */
const Node *node_find(const Node *map, const char *key);
/* The key node itself, for its span. */
const Node *node_find_key(const Node *map, const char *key);
/* A plain scalar without text: `key:` and nothing behind it. */
bool node_is_absent(const Node *node);
/* "a text", "a list", "a map" or "no value", for messages. */
const char *node_describe(const Node *node);
