/* A YAML tree as JSON: plain numbers, true, false and null keep their types, every other scalar is
 * a text. */
#pragma once

#include "text/jsonw.h"
#include "text/yaml.h"

/* Keys, NULL-terminated, whose values are no matter of how they look. */
typedef struct {
    const char *const *texts; /* scalars are texts, as version numbers are */
    const char *const *plain; /* from there on no key is one of these */
} NodeTypes;

/* `key`: under which the node itself stands, or NULL. `types` may be NULL. */
void node_write_json(JsonWriter *writer, const Node *node, const char *key, const NodeTypes *types);
