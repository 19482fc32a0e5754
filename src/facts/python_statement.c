/* Simple statements (§7). */
#include "facts/python_private.h"

static void push_stmt(PyParser *p, PyStmt *stmt)
{
    stmt->last_line = p->lexer.end_line;
    py_push(p, &stmt, sizeof stmt);
}

static PyExprs one_expr(PyParser *p, const PyExpr *expr)
{
    size_t mark = py_mark(p);
    py_push_expr(p, expr);
    return py_take_exprs(p, mark);
}

/* --- Imports (§7.11) ------------------------------------------------------------------------ */

static const char *dotted_name(PyParser *p)
{
    const char *name = py_expect_name(p);
    if (py_kind(p) != TOKEN_DOT)
        return name;
    g_autoptr(GString) whole = g_string_new(name);
    while (py_accept(p, TOKEN_DOT)) {
        g_string_append_c(whole, '.');
        g_string_append(whole, py_expect_name(p));
    }
    return py_intern(p, whole->str, whole->len);
}

static void push_alias(PyParser *p, const char *name)
{
    PyAlias alias = {name, py_accept(p, TOKEN_AS) ? py_expect_name(p) : NULL};
    if (alias.name == p->name_debug || alias.as == p->name_debug)
        py_fail(p, py_line(p), "__debug__ can't be assigned to");
    py_push(p, &alias, sizeof alias);
}

static void take_aliases(PyParser *p, PyStmt *stmt, size_t mark)
{
    stmt->aliases = py_take(p, mark, sizeof(PyAlias), &stmt->alias_count);
}

static PyStmt *import(PyParser *p, guint32 line)
{
    PyStmt *stmt = py_stmt_new(p, PY_IMPORT, line);
    size_t mark = py_mark(p);
    py_next(p);
    do
        push_alias(p, dotted_name(p));
    while (py_accept(p, TOKEN_COMMA));
    take_aliases(p, stmt, mark);
    return stmt;
}

static void imported_names(PyParser *p)
{
    static const PyAlias star = {"*", NULL};
    if (py_accept(p, TOKEN_STAR)) {
        py_push(p, &star, sizeof star);
        return;
    }
    bool brackets = py_accept(p, TOKEN_LEFT_ROUND);
    do
        push_alias(p, py_expect_name(p));
    while (py_accept(p, TOKEN_COMMA) && !(brackets && py_kind(p) == TOKEN_RIGHT_ROUND));
    if (brackets)
        py_expect(p, TOKEN_RIGHT_ROUND, "')'");
}

static PyStmt *import_from(PyParser *p, guint32 line)
{
    PyStmt *stmt = py_stmt_new(p, PY_IMPORT_FROM, line);
    py_next(p);
    for (;; py_next(p)) {
        if (py_kind(p) == TOKEN_DOT)
            stmt->level++;
        else if (py_kind(p) == TOKEN_ELLIPSIS)
            stmt->level += 3;
        else
            break;
    }
    if (stmt->level == 0 || py_kind(p) != TOKEN_IMPORT)
        stmt->text = dotted_name(p);
    py_expect(p, TOKEN_IMPORT, "'import'");
    size_t mark = py_mark(p);
    imported_names(p);
    take_aliases(p, stmt, mark);
    return stmt;
}

/* --- Assignments (§7.1, §7.2) --------------------------------------------------------------- */

static PyStmt *annotated(PyParser *p, guint32 line, PyExpr *target)
{
    PyStmt *stmt = py_stmt_new(p, PY_ANNOTATED, line);
    py_check_target(p, target, PY_TARGET_SINGLE);
    py_next(p);
    stmt->targets = one_expr(p, target);
    stmt->annotation = py_expression(p);
    if (py_accept(p, TOKEN_ASSIGN))
        stmt->value = py_yield_or_star_expressions(p);
    return stmt;
}

static PyStmt *augmented(PyParser *p, guint32 line, PyExpr *target)
{
    PyStmt *stmt = py_stmt_new(p, PY_AUGMENTED, line);
    py_check_target(p, target, PY_TARGET_SINGLE);
    stmt->text = p->lexer.token.text;
    py_next(p);
    stmt->targets = one_expr(p, target);
    stmt->value = py_yield_or_star_expressions(p);
    return stmt;
}

static PyStmt *assignment(PyParser *p, guint32 line, PyExpr *first)
{
    PyStmt *stmt = py_stmt_new(p, PY_ASSIGN, line);
    size_t mark = py_mark(p);
    PyExpr *next = first;
    while (py_accept(p, TOKEN_ASSIGN)) {
        py_check_target(p, next, PY_TARGET_ASSIGN);
        py_push_expr(p, next);
        next = py_yield_or_star_expressions(p);
    }
    stmt->targets = py_take_exprs(p, mark);
    stmt->value = next;
    return stmt;
}

static PyStmt *expression_statement(PyParser *p, guint32 line)
{
    PyExpr *expr = py_yield_or_star_expressions(p);
    switch (py_kind(p)) {
    case TOKEN_ASSIGN:
        return assignment(p, line, expr);
    case TOKEN_COLON:
        return annotated(p, line, expr);
    case TOKEN_AUGMENTED:
        return augmented(p, line, expr);
    default: {
        PyStmt *stmt = py_stmt_new(p, PY_EXPRESSION, line);
        stmt->value = expr;
        return stmt;
    }
    }
}

/* --- The others ----------------------------------------------------------------------------- */

static PyStmt *word(PyParser *p, PyStmtKind kind, guint32 line)
{
    py_next(p);
    return py_stmt_new(p, kind, line);
}

static bool line_ends(const PyParser *p)
{
    return py_kind(p) == TOKEN_NEWLINE || py_kind(p) == TOKEN_SEMICOLON;
}

static PyStmt *returning(PyParser *p, guint32 line)
{
    PyStmt *stmt = word(p, PY_RETURN, line);
    if (!line_ends(p))
        stmt->value = py_star_expressions(p);
    return stmt;
}

static PyStmt *raising(PyParser *p, guint32 line)
{
    PyStmt *stmt = word(p, PY_RAISE, line);
    if (line_ends(p))
        return stmt;
    stmt->value = py_expression(p);
    if (py_accept(p, TOKEN_FROM))
        stmt->cause = py_expression(p);
    return stmt;
}

static PyStmt *assertion(PyParser *p, guint32 line)
{
    PyStmt *stmt = word(p, PY_ASSERT, line);
    stmt->value = py_expression(p);
    if (py_accept(p, TOKEN_COMMA))
        stmt->cause = py_expression(p);
    return stmt;
}

static PyStmt *deletion(PyParser *p, guint32 line)
{
    PyStmt *stmt = word(p, PY_DELETE, line);
    size_t mark = py_mark(p);
    do {
        PyExpr *target = py_bitwise_or(p);
        py_check_target(p, target, PY_TARGET_DELETE);
        py_push_expr(p, target);
    } while (py_accept(p, TOKEN_COMMA) && !line_ends(p));
    stmt->targets = py_take_exprs(p, mark);
    return stmt;
}

static PyStmt *scope(PyParser *p, PyStmtKind kind, guint32 line)
{
    PyStmt *stmt = word(p, kind, line);
    size_t mark = py_mark(p);
    do {
        PyAlias alias = {py_expect_name(p), NULL};
        py_push(p, &alias, sizeof alias);
    } while (py_accept(p, TOKEN_COMMA));
    take_aliases(p, stmt, mark);
    return stmt;
}

/* "type X[T] = int": "type" is a keyword only where a name follows it. */
static PyStmt *type_alias(PyParser *p, guint32 line)
{
    PyLexer before = p->lexer;
    py_next(p);
    if (py_kind(p) != TOKEN_NAME) {
        p->lexer = before;
        return expression_statement(p, line);
    }
    PyStmt *stmt = py_stmt_new(p, PY_TYPE, line);
    py_needs(p, 12, line);
    stmt->text = py_expect_name(p);
    py_type_parameters(p);
    py_expect(p, TOKEN_ASSIGN, "'='");
    stmt->value = py_expression(p);
    return stmt;
}

static PyStmt *simple(PyParser *p)
{
    guint32 line = py_line(p);
    switch (py_kind(p)) {
    case TOKEN_IMPORT:
        return import(p, line);
    case TOKEN_FROM:
        return import_from(p, line);
    case TOKEN_RETURN:
        return returning(p, line);
    case TOKEN_RAISE:
        return raising(p, line);
    case TOKEN_ASSERT:
        return assertion(p, line);
    case TOKEN_DEL:
        return deletion(p, line);
    case TOKEN_GLOBAL:
        return scope(p, PY_GLOBAL, line);
    case TOKEN_NONLOCAL:
        return scope(p, PY_NONLOCAL, line);
    case TOKEN_PASS:
        return word(p, PY_PASS, line);
    case TOKEN_BREAK:
        return word(p, PY_BREAK, line);
    case TOKEN_CONTINUE:
        return word(p, PY_CONTINUE, line);
    case TOKEN_NAME:
        if (p->lexer.token.text == p->name_type)
            return type_alias(p, line);
        return expression_statement(p, line);
    default:
        return expression_statement(p, line);
    }
}

void py_simple_line(PyParser *p)
{
    do
        push_stmt(p, simple(p));
    while (py_accept(p, TOKEN_SEMICOLON) && py_kind(p) != TOKEN_NEWLINE && !p->failed);
    py_expect(p, TOKEN_NEWLINE, "the end of the line");
}
