/* TOML trees: every node lies inside the text, and the limits are kept. */
#include "fuzz.h"

#include "base/limits.h"
#include "text/toml.h"

static void check_node(const Node *node, unsigned depth)
{
    size_t length;
    g_assert_cmpuint(depth, <=, LIMIT_TOML_DEPTH + 1);
    g_assert_nonnull(source_line(node->at.source, node->at.line, &length));
    g_assert_cmpuint(node->at.column, >, 0);
    if (node->kind == NODE_SCALAR)
        g_assert_true(g_utf8_validate(node->text, -1, NULL));
    for (unsigned i = 0; node->kind == NODE_LIST && i < node->count; i++)
        check_node(node->items[i], depth + 1);
    for (unsigned i = 0; node->kind == NODE_MAP && i < node->count; i++) {
        g_assert_cmpint(node->pairs[i].key->kind, ==, NODE_SCALAR);
        g_assert_true(node_find(node, node->pairs[i].key->text) == node->pairs[i].value);
        check_node(node->pairs[i].value, depth + 1);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size > 64 * KIB)
        return 0;
    g_autoptr(Source) source = source_new("input", (const char *)data, size);
    g_autoptr(NodeArena) arena = node_arena_new();
    g_autoptr(Diags) diags = diags_new();
    const Node *root = toml_parse(arena, source, diags);
    if (root)
        check_node(root, 0);
    else
        g_assert_cmpuint(diags_errors(diags), >, 0);
    g_autofree char *text = diags_format(diags, false);
    return 0;
}
