#include "recipe/include.h"

#include "base/limits.h"

enum {
    INCLUDE_DEPTH = 16,
    INCLUDE_FILES = 64,
};

typedef struct Chain {
    const struct Chain *outer;
    const char *path;
} Chain;

typedef struct {
    NodeArena *arena;
    GPtrArray *sources;
    GHashTable *seen; /* full path → nothing */
    Diags *diags;
} Includer;

static const Node *merge(NodeArena *arena, const char *key, const Node *below, const Node *above);

/* One value in a list that may be written short. Of the keys of files, a text is a file. */
static const Node *as_item(NodeArena *arena, const char *key, const Node *node)
{
    static const char *const file_keys[] = {"constraints", "overrides", "exclude", NULL};
    if (node->kind != NODE_SCALAR || !g_strv_contains(file_keys, key))
        return node;
    g_autoptr(GArray) pairs = g_array_new(FALSE, FALSE, sizeof(NodePair));
    NodePair pair = {node_new_scalar(arena, node->at, "file", false), node};
    g_array_append_val(pairs, pair);
    return node_new_map(arena, node->at, pairs);
}

static void add_items(NodeArena *arena, const char *key, GPtrArray *items, const Node *node)
{
    if (node->kind != NODE_LIST) {
        g_ptr_array_add(items, (void *)as_item(arena, key, node));
        return;
    }
    for (unsigned i = 0; i < node->count; i++)
        g_ptr_array_add(items, (void *)node->items[i]);
}

static const Node *merge_maps(NodeArena *arena, const Node *below, const Node *above)
{
    g_autoptr(GArray) pairs = g_array_new(FALSE, FALSE, sizeof(NodePair));
    for (unsigned i = 0; i < below->count; i++) {
        NodePair pair = below->pairs[i];
        const Node *own = node_find(above, pair.key->text);
        if (own) {
            pair.value = merge(arena, pair.key->text, pair.value, own);
            pair.key = node_find_key(above, pair.key->text);
        }
        g_array_append_val(pairs, pair);
    }
    for (unsigned i = 0; i < above->count; i++)
        if (!node_find(below, above->pairs[i].key->text))
            g_array_append_val(pairs, above->pairs[i]);
    return node_new_map(arena, above->at, pairs);
}

static const Node *merge(NodeArena *arena, const char *key, const Node *below, const Node *above)
{
    bool argv = g_str_equal(key, "cmd") || g_str_equal(key, "entrypoint");
    if (below->kind == NODE_MAP && above->kind == NODE_MAP)
        return merge_maps(arena, below, above);
    bool list = below->kind == NODE_LIST || above->kind == NODE_LIST;
    bool map = below->kind == NODE_MAP || above->kind == NODE_MAP;
    if (!list || map || argv)
        return above;
    g_autoptr(GPtrArray) items = g_ptr_array_new();
    add_items(arena, key, items, below);
    add_items(arena, key, items, above);
    return node_new_list(arena, above->at, items);
}

static const Node *load(Includer *includer, Source *source, const Chain *chain, unsigned depth);

static bool is_in_chain(const Chain *chain, const char *path)
{
    for (; chain; chain = chain->outer)
        if (g_str_equal(chain->path, path))
            return true;
    return false;
}

/* The path as the user may write it: beside the including file's own name. */
static char *shown_name(const Node *item)
{
    if (g_path_is_absolute(item->text))
        return g_strdup(item->text);
    g_autofree char *folder = g_path_get_dirname(source_name(item->at.source));
    if (g_str_equal(folder, "."))
        return g_strdup(item->text);
    return g_build_filename(folder, item->text, NULL);
}

/* The tree of an item of `include:`, or NULL: not usable, or read before. */
static const Node *load_item(Includer *includer, const Node *item, const Chain *chain,
                             unsigned depth)
{
    if (item->kind != NODE_SCALAR || item->text[0] == '\0') {
        diags_error(includer->diags, item->at, "an item of 'include' is a path, not %s",
                    node_describe(item));
        return NULL;
    }
    if (strstr(item->text, "$(")) {
        diags_error(includer->diags, item->at,
                    "variables are not known yet where files are "
                    "included");
        return NULL;
    }
    g_autofree char *folder = g_path_get_dirname(chain->path);
    g_autofree char *path = g_canonicalize_filename(item->text, folder);
    if (is_in_chain(chain, path)) {
        diags_error(includer->diags, item->at, "'%s' includes itself", item->text);
        return NULL;
    }
    if (g_hash_table_contains(includer->seen, path))
        return NULL;
    if (depth >= INCLUDE_DEPTH || g_hash_table_size(includer->seen) >= INCLUDE_FILES) {
        diags_error(includer->diags, item->at, "too many files are included");
        return NULL;
    }
    g_autofree char *name = shown_name(item);
    GError *error = NULL;
    Source *source = source_load(path, name, LIMIT_RECIPE_BYTES, &error);
    if (!source) {
        GError *wrapped = NULL;
        error_wrap(&wrapped, error, item->at, "cannot include '%s'", item->text);
        diags_take(includer->diags, wrapped);
        return NULL;
    }
    if (!g_path_is_absolute(item->text))
        source_set_origin(source, source_origin(item->at.source));
    g_ptr_array_add(includer->sources, source);
    g_hash_table_add(includer->seen, g_strdup(path));
    Chain inner = {chain, path};
    return load(includer, source, &inner, depth + 1);
}

static const Node *without_include(NodeArena *arena, const Node *root)
{
    g_autoptr(GArray) pairs = g_array_new(FALSE, FALSE, sizeof(NodePair));
    for (unsigned i = 0; i < root->count; i++)
        if (!g_str_equal(root->pairs[i].key->text, "include"))
            g_array_append_val(pairs, root->pairs[i]);
    return node_new_map(arena, root->at, pairs);
}

static const Node *load(Includer *includer, Source *source, const Chain *chain, unsigned depth)
{
    const Node *root = yaml_parse(includer->arena, source, includer->diags);
    if (!root)
        return NULL;
    if (root->kind != NODE_MAP) {
        diags_error(includer->diags, root->at, "a recipe is a map of keys, not %s",
                    node_describe(root));
        return NULL;
    }
    const Node *include = node_find(root, "include");
    if (!include)
        return root;
    const Node *merged = NULL;
    unsigned count = include->kind == NODE_LIST ? include->count : 1;
    for (unsigned i = 0; i < count; i++) {
        const Node *item = include->kind == NODE_LIST ? include->items[i] : include;
        const Node *tree = load_item(includer, item, chain, depth);
        if (tree)
            merged = merged ? merge_maps(includer->arena, merged, tree) : tree;
    }
    const Node *own = without_include(includer->arena, root);
    return merged ? merge_maps(includer->arena, merged, own) : own;
}

const Node *include_load(NodeArena *arena, Source *source, const char *path, GPtrArray *sources,
                         Diags *diags)
{
    g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    Includer includer = {arena, sources, seen, diags};
    Chain chain = {NULL, path};
    g_hash_table_add(seen, g_strdup(path));
    return load(&includer, source, &chain, 0);
}
