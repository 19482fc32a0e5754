/* What holds for every tree of nodes, whatever text it was read from. */
#pragma once

#include "text/yaml.h"

/* Every node lies inside the text, and no deeper than `limit`. */
static inline void check_nodes(const Node *node, unsigned depth, unsigned limit)
{
    size_t length;
    g_assert_cmpuint(depth, <=, limit);
    g_assert_nonnull(source_line(node->at.source, node->at.line, &length));
    g_assert_cmpuint(node->at.column, >, 0);
    if (node->kind == NODE_SCALAR)
        g_assert_true(g_utf8_validate(node->text, -1, NULL));
    for (unsigned i = 0; node->kind == NODE_LIST && i < node->count; i++)
        check_nodes(node->items[i], depth + 1, limit);
    for (unsigned i = 0; node->kind == NODE_MAP && i < node->count; i++) {
        g_assert_cmpint(node->pairs[i].key->kind, ==, NODE_SCALAR);
        g_assert_true(node_find(node, node->pairs[i].key->text) == node->pairs[i].value);
        check_nodes(node->pairs[i].value, depth + 1, limit);
    }
}
