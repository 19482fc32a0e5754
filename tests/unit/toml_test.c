/* TOML trees: nodes, places, limits, mistakes. */
#include "text/toml.h"

#include "base/limits.h"
#include "test.h"

typedef struct {
    NodeArena *arena;
    Diags *diags;
    Source *source;
    const Node *root;
} Document;

static Document parse(const char *text)
{
    Document document = {node_arena_new(), diags_new(), source_new("x.toml", text, strlen(text)),
                         NULL};
    document.root = toml_parse(document.arena, document.source, document.diags);
    return document;
}

static void clear(Document *document)
{
    diags_free(document->diags);
    node_arena_free(document->arena);
    source_unref(document->source);
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
        if (node->kind == NODE_MAP)
            g_string_append_printf(out, "%s: ", node->pairs[i].key->text);
        append_node(out, node->kind == NODE_LIST ? node->items[i] : node->pairs[i].value);
    }
    g_string_append_c(out, node->kind == NODE_LIST ? ']' : '}');
}

TEST(trees)
{
    static const struct {
        const char *text, *tree;
    } rows[] = {
        {"", "{}"},
        {"a = 1_000\nb = 0xFF # c\r\nc = \"x\\ty\\u00E9\"", "{a: 1_000, b: 0xFF, c: 'x\ty\u00E9'}"},
        {"a.b.c = true\na.d = 'x\\y'", "{a: {b: {c: true}, d: 'x\\y'}}"},
        {"[a]\n[a.b]\nx = 1\n[c]", "{a: {b: {x: 1}}, c: {}}"},
        {"[[p]]\nn = 'a'\n[p.s]\nu = 1\n[[p]]\n", "{p: [{n: 'a', s: {u: 1}}, {}]}"},
        {"a = [1, [ ], {x.y = 'z'},\n# c\n]", "{a: [1, [], {x: {y: 'z'}}]}"},
        {"a = \"\"\"\nx\\\n   y\"\"\"\"", "{a: 'xy\"'}"},
        {"a = 1979-05-27 07:32:00Z\nb = 07:32:00", "{a: 1979-05-27 07:32:00Z, b: 07:32:00}"},
        {"\"a b\".'' = -inf", "{a b: {: -inf}}"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        Document document = parse(rows[i].text);
        g_autofree char *problems = diags_format(document.diags, false);
        assert_text(rows[i].text, "", problems);
        g_autoptr(GString) found = g_string_new(NULL);
        append_node(found, document.root);
        assert_text(rows[i].text, rows[i].tree, found->str);
        clear(&document);
    }
}

TEST(mistakes)
{
    static const struct {
        const char *text, *problem;
    } rows[] = {
        {"a = 1\na = 2", "x.toml:2:1: error: key 'a' is given twice"},
        {"a.b = 1\n[a]", "x.toml:2:2: error: table 'a' is given twice"},
        {"[a.b]\n[a]\nb.c = 1", "x.toml:3:1: error: 'b' is complete already"},
        {"a = {b = 1}\n[a.c]", "x.toml:2:2: error: 'a' is a value"},
        {"a = [1]\n[[a]]", "x.toml:2:3: error: 'a' is no array of tables"},
        {"a = yes", "x.toml:1:5: error: 'yes' is no value of TOML"},
        {"a = 2021-02-29", "x.toml:1:5: error: '2021-02-29' is no value"},
        {"a = 01", "x.toml:1:5: error: '01' is no value"},
        {"\u00E9 = 1", "x.toml:1:1: error: expected a key"},
        {"'\u00E9' = \"\\u0000\"", "x.toml:1:8: error: a NUL character"},
        {"a = 'x", "x.toml:1:7: error: the text is not closed"},
        {"a = 1 b = 2", "x.toml:1:7: error: expected the end of the line"},
        {"a = [1 2]", "x.toml:1:8: error: expected ',' or ']'"},
        {"a = {b = 1,}", "x.toml:1:12: error: expected a key"},
        {"\n\n\xFF", "x.toml:3:1: error: a byte that is not UTF-8"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        Document document = parse(rows[i].text);
        g_assert_null(document.root);
        g_autofree char *found = diags_format(document.diags, false);
        if (!g_str_has_prefix(found, rows[i].problem))
            assert_text(rows[i].text, rows[i].problem, found);
        clear(&document);
    }
}

TEST(places)
{
    Document document =
        parse("[[package]]\nname = \"\u00E9\"\n\n[[package]]\nwheels = [\n  {u = 1},\n]\n");
    const Node *package = node_find(document.root, "package");
    g_assert_cmpuint(package->items[1]->at.line, ==, 4);
    const Node *wheel = node_find(package->items[1], "wheels")->items[0];
    g_assert_cmpuint(wheel->at.line, ==, 6);
    g_assert_cmpuint(wheel->at.column, ==, 3);
    g_assert_cmpuint(node_find(package->items[0], "name")->at.width, ==, 3);
    clear(&document);
}

TEST(limits)
{
    g_autoptr(GString) deep = g_string_new("a = ");
    for (unsigned i = 0; i < LIMIT_TOML_DEPTH + 10; i++)
        g_string_append_c(deep, '[');
    Document document = parse(deep->str);
    g_assert_null(document.root);
    g_autofree char *found = diags_format(document.diags, false);
    g_assert_nonnull(strstr(found, "levels of nesting"));
    clear(&document);
}
