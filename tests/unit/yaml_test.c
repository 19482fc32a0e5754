/* YAML trees: nodes, places, limits. Messages are tested with whole recipes (recipe_files). */
#include "text/yaml.h"

#include "base/limits.h"
#include "test.h"

static const Node *parse(NodeArena *arena, const char *text, size_t length, Diags *diags,
                         Source **ret_source)
{
    *ret_source = source_new("x.yaml", text, length);
    return yaml_parse(arena, *ret_source, diags);
}

static void append_node(GString *out, const Node *node)
{
    if (node->kind == NODE_SCALAR) {
        g_string_append_printf(out, node->quoted ? "'%s'" : "%s", node->text);
        return;
    }
    g_string_append_c(out, node->kind == NODE_LIST ? '[' : '{');
    for (unsigned i = 0; i < node->count; i++) {
        if (i > 0)
            g_string_append(out, ", ");
        if (node->kind == NODE_MAP) {
            append_node(out, node->pairs[i].key);
            g_string_append(out, ": ");
        }
        append_node(out, node->kind == NODE_LIST ? node->items[i] : node->pairs[i].value);
    }
    g_string_append_c(out, node->kind == NODE_LIST ? ']' : '}');
}

TEST(trees)
{
    static const struct {
        const char *text, *tree;
    } rows[] = {
        {"a", "a"},
        {"a: 3.10\nb: no\nc: ~", "{a: 3.10, b: no, c: ~}"},
        {"a:\nb: ''", "{a: , b: ''}"},
        {"- [a, 'b', \"c\\n\"]\n- {d: e}", "[[a, 'b', 'c\n'], {d: e}]"},
        {"a: |\n  x\n  y\n", "{a: 'x\ny\n'}"},
        {"a: >\n  x\n  y\n", "{a: 'x y\n'}"},
        {"{a: $(x), b: [$(y)]}", "{a: $(x), b: [$(y)]}"},
        {"\xEF\xBB\xBF"
         "a: b",
         "{a: b}"},
        {"<<: {a: b}", "{<<: {a: b}}"},
        {"a: b # c\r\nd: e\r\n", "{a: b, d: e}"},
        {"--- \na: b\n...\n", "{a: b}"},
        {"a: [x,\n b]", "{a: [x, b]}"},
        {"a: x\n  y", "{a: x y}"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(NodeArena) arena = node_arena_new();
        g_autoptr(Diags) diags = diags_new();
        g_autoptr(Source) source = NULL;
        const Node *root = parse(arena, rows[i].text, strlen(rows[i].text), diags, &source);
        g_autofree char *found = diags_format(diags, false);
        assert_text(rows[i].text, "", found);
        g_autoptr(GString) tree = g_string_new(NULL);
        if (root)
            append_node(tree, root);
        assert_text(rows[i].text, rows[i].tree, tree->str);
    }
}

/* Columns and widths count characters. */
TEST(places)
{
    static const char text[] = "ä: {größe: \"ö ü\", z: [1, 22]}\nb: |\n  x\n";
    g_autoptr(NodeArena) arena = node_arena_new();
    g_autoptr(Diags) diags = diags_new();
    g_autoptr(Source) source = NULL;
    const Node *root = parse(arena, text, strlen(text), diags, &source);
    const Node *map = node_find(root, "ä");
    const Node *size = node_find(map, "größe"), *list = node_find(map, "z");
    const Node *nodes[] = {node_find_key(map, "größe"), size, list, list->items[1],
                           node_find(root, "b")};
    static const unsigned places[][3] = {{1, 5, 5}, {1, 12, 5}, {1, 22, 1}, {1, 26, 2}, {2, 4, 1}};
    for (size_t i = 0; i < G_N_ELEMENTS(nodes); i++) {
        g_assert_cmpuint(nodes[i]->at.line, ==, places[i][0]);
        g_assert_cmpuint(nodes[i]->at.column, ==, places[i][1]);
        g_assert_cmpuint(nodes[i]->at.width, ==, places[i][2]);
    }
    g_assert_null(node_find(map, "nothing"));
    g_assert_null(node_find(NULL, "nothing"));
    g_assert_null(node_find(list, "nothing"));
}

static unsigned count_errors(const char *text, size_t length, bool *ret_usable)
{
    g_autoptr(NodeArena) arena = node_arena_new();
    g_autoptr(Diags) diags = diags_new();
    g_autoptr(Source) source = NULL;
    *ret_usable = parse(arena, text, length, diags, &source) != NULL;
    return diags_errors(diags);
}

TEST(refused)
{
    static const struct {
        const char *text;
        size_t length; /* 0: strlen */
        bool usable;
    } rows[] = {
        {"", 0, false},
        {"a: &x b", 0, true},
        {"a: *x", 0, true},
        {"a: !t b", 0, true},
        {"a: 1\na: 2", 0, true},
        {"a: \0b", 5, false},
        {"a: \"\\0\"", 0, false},
        {"a: \xff", 0, false},
        {"a: \x01", 0, false},
        {"a: b\n---\nc: d", 0, true},
        {"[a", 0, false},
        {"{a: b", 0, false},
        {"a: 'b", 0, false},
        {"%YAML 3.0\n---\na", 0, false},
        {"? {a: b}\n: c", 0, true},
        {"a: b\rc: d", 0, false},
        {"a: b\xE2\x80\xA8", 0, false},
        {"a: b\xC2\x85", 0, false},
        {"\xff\xfe"
         "a\0",
         4, false},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        bool usable;
        size_t length = rows[i].length ? rows[i].length : strlen(rows[i].text);
        unsigned errors = count_errors(rows[i].text, length, &usable);
        if (errors == 0 || usable != rows[i].usable)
            assert_text(rows[i].text, rows[i].usable ? "usable" : "not usable",
                        errors == 0 ? "no error"
                        : usable    ? "usable"
                                    : "not usable");
    }
}

static char *nested(unsigned depth)
{
    GString *text = g_string_new(NULL);
    for (unsigned i = 0; i < depth; i++)
        g_string_append_c(text, '[');
    for (unsigned i = 0; i < depth; i++)
        g_string_append_c(text, ']');
    return g_string_free(text, FALSE);
}

TEST(limits)
{
    bool usable;
    g_autofree char *fits = nested(LIMIT_YAML_DEPTH), *deep = nested(LIMIT_YAML_DEPTH + 1);
    g_assert_cmpuint(count_errors(fits, strlen(fits), &usable), ==, 0);
    g_assert_true(usable);
    g_assert_cmpuint(count_errors(deep, strlen(deep), &usable), ==, 1);
    g_assert_false(usable);
    g_autofree char *deepest = nested(1000000);
    g_assert_cmpuint(count_errors(deepest, strlen(deepest), &usable), ==, 1);
    g_autoptr(GString) many = g_string_new(NULL);
    for (unsigned i = 0; i <= LIMIT_YAML_NODES; i++)
        g_string_append(many, "- a\n");
    g_assert_cmpuint(count_errors(many->str, many->len, &usable), ==, 1);
    g_assert_false(usable);
}
