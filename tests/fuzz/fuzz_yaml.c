/* YAML trees: every node lies inside the text, and a usable tree has the limits kept. */
#include "fuzz.h"
#include "nodes.h"

#include "base/limits.h"
#include "text/yaml.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size > 64 * KIB)
        return 0;
    g_autoptr(Source) source = source_new("input", (const char *)data, size);
    g_autoptr(NodeArena) arena = node_arena_new();
    g_autoptr(Diags) diags = diags_new();
    const Node *root = yaml_parse(arena, source, diags);
    if (root)
        check_nodes(root, 0, LIMIT_YAML_DEPTH);
    else
        g_assert_cmpuint(diags_errors(diags), >, 0);
    g_autofree char *text = diags_format(diags, false);
    return 0;
}
