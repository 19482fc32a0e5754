#include "facts/table_file.h"

void *table_file_decode(Source *source, const Shape *shape, Diags *diags)
{
    g_autoptr(NodeArena) arena = node_arena_new();
    unsigned before = diags_errors(diags);
    const Node *root = yaml_parse(arena, source, diags);
    Decoder decoder = {diags, arena, NULL, NULL};
    void *table = root ? shape_decode_new(&decoder, shape, root) : NULL;
    if (table && diags_errors(diags) != before) {
        shape_free(shape, table);
        table = NULL;
    }
    return table;
}
