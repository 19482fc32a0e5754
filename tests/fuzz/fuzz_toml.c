/* TOML trees: every node lies inside the text, and the limits are kept. */
#include "fuzz.h"
#include "nodes.h"

#include "base/limits.h"
#include "text/toml.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size > 64 * KIB)
        return 0;
    g_autoptr(Source) source = source_new("input", (const char *)data, size);
    g_autoptr(NodeArena) arena = node_arena_new();
    g_autoptr(Diags) diags = diags_new();
    const Node *root = toml_parse(arena, source, diags);
    if (root)
        check_nodes(root, 0, LIMIT_TOML_DEPTH + 1);
    else
        g_assert_cmpuint(diags_errors(diags), >, 0);
    g_autofree char *text = diags_format(diags, false);
    return 0;
}
