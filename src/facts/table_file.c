#include "facts/table_file.h"

#include "base/limits.h"

void *table_file_load(const char *path, const Shape *shape, Diags *diags)
{
    GError *error = NULL;
    g_autoptr(Source) source = source_load(path, NULL, LIMIT_CONFIG_BYTES, &error);
    if (!source) {
        diags_take(diags, error);
        return NULL;
    }
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
