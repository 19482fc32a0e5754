/* Python source: any bytes give a tree or an error; trees are no deeper than walks may rely on,
 * their lines are those of the source, and what was read once reads again the same. */
#include "fuzz.h"

#include "facts/python_parse.h"

static unsigned last_line;

static void check_expr(const PyExpr *e, unsigned height);

static void check_all(PyExprs list, unsigned height)
{
    for (unsigned i = 0; i < list.count; i++)
        check_expr(list.items[i], height);
}

static void check_clauses(const PyExpr *e)
{
    g_assert_cmpuint(e->clause_count, >, 0);
    for (unsigned i = 0; i < e->clause_count; i++) {
        check_expr(e->clauses[i].target, e->height);
        check_expr(e->clauses[i].iterable, e->height);
        check_all(e->clauses[i].conditions, e->height);
    }
}

/* `e` lies below an expression of that height. */
static void check_expr(const PyExpr *e, unsigned height)
{
    if (!e)
        return;
    g_assert_cmpuint(e->height, <, height);
    g_assert_cmpuint(e->height, >, 0);
    g_assert_true(e->line >= 1 && e->line <= last_line);
    if (py_has(e, PY_LEFT))
        check_expr(e->left, e->height);
    if (py_has(e, PY_TEST))
        check_expr(e->test, e->height);
    if (py_has(e, PY_RIGHT))
        check_expr(e->right, e->height);
    if (py_has(e, PY_ITEMS))
        check_all(e->items, e->height);
    if (e->kind == PY_CALL)
        for (unsigned i = 0; i < e->argument_count; i++)
            check_expr(e->arguments[i].value, e->height);
    if (e->kind == PY_LAMBDA)
        for (unsigned i = 0; i < e->parameter_count; i++)
            check_expr(e->parameters[i].default_value, e->height);
    if (e->kind == PY_COMPREHENSION)
        check_clauses(e);
    if (e->kind == PY_COMPARE)
        g_assert_cmpuint(e->operators[e->items.count - 1], <=, PY_OPERATOR_NOT_IN);
}

static void check_block(PyBlock block, unsigned depth);

static void check_parts(const PyStmt *s, unsigned depth)
{
    for (unsigned i = 0; i < s->handler_count; i++) {
        check_expr(s->handlers[i].type, PY_MAX_HEIGHT + 1);
        check_block(s->handlers[i].body, depth);
    }
    for (unsigned i = 0; i < s->case_count; i++) {
        check_all(s->cases[i].captured, PY_MAX_HEIGHT + 1);
        check_all(s->cases[i].values, PY_MAX_HEIGHT + 1);
        check_expr(s->cases[i].guard, PY_MAX_HEIGHT + 1);
        check_block(s->cases[i].body, depth);
    }
    for (unsigned i = 0; i < s->with_count; i++) {
        check_expr(s->with_items[i].context, PY_MAX_HEIGHT + 1);
        check_expr(s->with_items[i].target, PY_MAX_HEIGHT + 1);
    }
    for (unsigned i = 0; i < s->parameter_count; i++) {
        check_expr(s->parameters[i].annotation, PY_MAX_HEIGHT + 1);
        check_expr(s->parameters[i].default_value, PY_MAX_HEIGHT + 1);
    }
    for (unsigned i = 0; i < s->argument_count; i++)
        check_expr(s->arguments[i].value, PY_MAX_HEIGHT + 1);
}

static void check_statement(const PyStmt *s, unsigned depth)
{
    g_assert_cmpuint(depth, <=, PY_MAX_STATEMENT_DEPTH + 1);
    g_assert_true(s->line >= 1 && s->line <= s->last_line && s->last_line <= last_line);
    check_expr(s->value, PY_MAX_HEIGHT + 1);
    check_expr(s->cause, PY_MAX_HEIGHT + 1);
    check_expr(s->annotation, PY_MAX_HEIGHT + 1);
    check_all(s->targets, PY_MAX_HEIGHT + 1);
    for (unsigned i = 0; py_has_aliases(s) && i < s->alias_count; i++)
        g_assert_nonnull(s->aliases[i].name);
    if (!py_is_compound(s))
        return;
    check_all(s->decorators, PY_MAX_HEIGHT + 1);
    check_parts(s, depth + 1);
    check_block(s->body, depth + 1);
    check_block(s->orelse, depth + 1);
    check_block(s->final, depth + 1);
}

static void check_block(PyBlock block, unsigned depth)
{
    for (unsigned i = 0; i < block.count; i++)
        check_statement(block.items[i], depth);
}

static void compare_blocks(PyBlock a, PyBlock b);

static void compare_statements(const PyStmt *a, const PyStmt *b)
{
    g_assert_true(a->kind == b->kind && a->line == b->line && a->last_line == b->last_line);
    g_assert_true(a->yields == b->yields && a->globals == b->globals && a->imports == b->imports);
    g_assert_true((a->value == NULL) == (b->value == NULL));
    g_assert_cmpstr(a->text, ==, b->text);
    if (a->value)
        g_assert_true(a->value->kind == b->value->kind && a->value->height == b->value->height &&
                      a->value->line == b->value->line);
    if (!py_is_compound(a))
        return;
    compare_blocks(py_function_body(a), py_function_body(b));
    compare_blocks(a->orelse, b->orelse);
    compare_blocks(a->final, b->final);
    g_assert_cmpuint(a->handler_count, ==, b->handler_count);
    for (unsigned i = 0; i < a->handler_count; i++)
        compare_blocks(a->handlers[i].body, b->handlers[i].body);
    g_assert_cmpuint(a->case_count, ==, b->case_count);
    for (unsigned i = 0; i < a->case_count; i++)
        compare_blocks(a->cases[i].body, b->cases[i].body);
}

static void compare_blocks(PyBlock a, PyBlock b)
{
    g_assert_cmpuint(a.count, ==, b.count);
    for (unsigned i = 0; i < a.count; i++)
        compare_statements(a.items[i], b.items[i]);
}

/* Bodies that are left out first are what they would have been. */
static void check_lazily(const uint8_t *data, size_t size, const PyTree *tree)
{
    g_autoptr(GBytes) bytes = g_bytes_new(data, size);
    g_autoptr(PyTree) lazy = py_parse_lazily("a.py", bytes, NULL);
    g_assert_true((lazy == NULL) == (tree == NULL));
    if (!tree)
        return;
    g_assert_cmpuint(lazy->needs_minor, ==, tree->needs_minor);
    g_assert_cmpuint(lazy->needs_line, ==, tree->needs_line);
    compare_blocks(tree->body, lazy->body);
    check_block(lazy->body, 1);
    g_assert_cmpuint(lazy->needs_minor, ==, tree->needs_minor);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(PyTree) tree = py_parse("a.py", (const char *)data, size, &error);
    g_assert_true((tree == NULL) == (error != NULL));
    last_line = 1;
    for (size_t i = 0; i < size; i++)
        last_line += data[i] == '\n' || data[i] == '\r' || data[i] >= 0x80;
    check_lazily(data, size, tree);
    if (tree) {
        g_assert_true(tree->needs_minor >= 8 && tree->needs_minor <= 14);
        check_block(tree->body, 1);
        g_autoptr(PyTree) again = py_parse("a.py", (const char *)data, size, NULL);
        g_assert_cmpuint(again->body.count, ==, tree->body.count);
        g_assert_cmpuint(py_tree_memory(again), ==, py_tree_memory(tree));
    }
    return 0;
}
