/* What the TOML reader makes of a file, as JSON for toml_oracle.py: a string as "text", any other
 * scalar as {"\\u0001": "as written"}. Each file gives one line, "null" when it is refused. */
#include "base/limits.h"
#include "text/jsonw.h"
#include "text/toml.h"

#include <stdio.h>

#undef puts

static void write_node(JsonWriter *json, const Node *node)
{
    if (node->kind == NODE_SCALAR && node->quoted) {
        jsonw_string(json, node->text);
    } else if (node->kind == NODE_SCALAR) {
        jsonw_begin_object(json, JSONW_INLINE);
        jsonw_key(json, "\x01");
        jsonw_string(json, node->text);
        jsonw_end_object(json);
    } else if (node->kind == NODE_LIST) {
        jsonw_begin_array(json, JSONW_INLINE);
        for (unsigned i = 0; i < node->count; i++)
            write_node(json, node->items[i]);
        jsonw_end_array(json);
    } else {
        jsonw_begin_object(json, JSONW_INLINE);
        for (unsigned i = 0; i < node->count; i++) {
            jsonw_key(json, node->pairs[i].key->text);
            write_node(json, node->pairs[i].value);
        }
        jsonw_end_object(json);
    }
}

static void dump(const char *path)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Source) source = source_load(path, NULL, LIMIT_REQUIREMENTS_BYTES, &error);
    g_assert_no_error(error);
    g_autoptr(NodeArena) arena = node_arena_new();
    g_autoptr(Diags) diags = diags_new();
    const Node *root = toml_parse(arena, source, diags);
    if (!root) {
        g_assert_cmpuint(diags_errors(diags), ==, 1);
        puts("null");
        return;
    }
    g_autoptr(JsonWriter) json = jsonw_new();
    write_node(json, root);
    g_autofree char *text = jsonw_finish(json, NULL);
    puts(g_strstrip(text));
}

int main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++)
        dump(argv[i]);
    return 0;
}
