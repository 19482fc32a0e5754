/* Compound statements (§8) and the blocks they hold. */
#include "facts/python_private.h"

static PyStmt *finish(PyParser *p, PyStmt *stmt);

PyStmt *py_stmt_new(PyParser *p, PyStmtKind kind, guint32 line)
{
    PyStmt head = {.kind = kind};
    size_t size = py_is_compound(&head)   ? sizeof(PyStmt)
                  : py_has_aliases(&head) ? offsetof(PyStmt, decorators)
                                          : offsetof(PyStmt, aliases);
    PyStmt *stmt = py_arena_take(p->arena, size);
    stmt->kind = kind;
    stmt->line = line;
    p->imports += kind == PY_IMPORT || kind == PY_IMPORT_FROM;
    p->globals += kind == PY_GLOBAL;
    return stmt;
}

/* --- Blocks --------------------------------------------------------------------------------- */

static PyBlock take_block(PyParser *p, size_t mark)
{
    PyBlock block;
    block.items = py_take(p, mark, sizeof(PyStmt *), &block.count);
    return block;
}

static void statement(PyParser *p)
{
    PyStmt *stmt = py_compound(p);
    if (stmt)
        py_push(p, &stmt, sizeof stmt);
    else if (!p->failed)
        py_simple_line(p);
}

static void descend(PyParser *p, unsigned levels)
{
    p->statement_depth += levels;
    if (p->statement_depth > PY_MAX_STATEMENT_DEPTH)
        py_beyond(p, py_line(p), "more than %d statements within each other",
                  PY_MAX_STATEMENT_DEPTH);
}

/* ":" and what it governs. */
PyBlock py_block(PyParser *p)
{
    py_expect(p, TOKEN_COLON, "':'");
    return py_block_behind_colon(p);
}

PyBlock py_block_behind_colon(PyParser *p)
{
    size_t mark = py_mark(p);
    if (!py_accept(p, TOKEN_NEWLINE)) {
        py_simple_line(p);
        return take_block(p, mark);
    }
    descend(p, 1);
    py_expect(p, TOKEN_INDENT, "an indented block");
    while (py_kind(p) != TOKEN_DEDENT && !p->failed)
        statement(p);
    py_expect(p, TOKEN_DEDENT, "the end of the block");
    p->statement_depth--;
    return take_block(p, mark);
}

PyBlock py_module(PyParser *p)
{
    size_t mark = py_mark(p);
    while (py_kind(p) != TOKEN_END)
        statement(p);
    return take_block(p, mark);
}

static PyBlock maybe_else(PyParser *p)
{
    return py_accept(p, TOKEN_ELSE) ? py_block(p) : (PyBlock){0};
}

/* The last line of the statement is that of what was read last. */
static PyStmt *finish(PyParser *p, PyStmt *stmt)
{
    stmt->last_line = p->lexer.end_line;
    return stmt;
}

/* --- if, while, for ------------------------------------------------------------------------- */

static PyStmt *test(PyParser *p, guint32 line)
{
    PyStmt *stmt = py_stmt_new(p, PY_IF, line);
    py_next(p);
    stmt->value = py_named_expression(p);
    stmt->body = py_block(p);
    return stmt;
}

/* A chain of elif goes down as deep as it is long, but is read without recursion. */
static PyStmt *if_statement(PyParser *p)
{
    PyStmt *first = test(p, py_line(p)), *last = first;
    unsigned chain = 0;
    size_t mark = py_mark(p);
    py_push(p, &first, sizeof first);
    while (py_kind(p) == TOKEN_ELIF) {
        descend(p, 1);
        chain++;
        PyStmt *next = test(p, py_line(p));
        const PyStmt **only = py_arena_take(p->arena, sizeof *only);
        *only = next;
        last->orelse = (PyBlock){only, 1};
        last = next;
        py_push(p, &next, sizeof next);
    }
    last->orelse = maybe_else(p);
    p->statement_depth -= chain;
    for (size_t at = mark; at < p->scratch_used; at += sizeof(PyStmt *)) {
        PyStmt *stmt;
        memcpy(&stmt, p->scratch + at, sizeof stmt);
        finish(p, stmt);
    }
    p->scratch_used = mark;
    return first;
}

static PyStmt *while_statement(PyParser *p)
{
    PyStmt *stmt = py_stmt_new(p, PY_WHILE, py_line(p));
    py_next(p);
    stmt->value = py_named_expression(p);
    stmt->body = py_block(p);
    stmt->orelse = maybe_else(p);
    return stmt;
}

static PyStmt *for_statement(PyParser *p)
{
    PyStmt *stmt = py_stmt_new(p, PY_FOR, py_line(p));
    size_t mark = py_mark(p);
    py_next(p);
    py_push_expr(p, py_targets(p));
    stmt->targets = py_take_exprs(p, mark);
    py_expect(p, TOKEN_IN, "'in'");
    guint32 line = py_line(p);
    stmt->value = py_star_expressions(p);
    if (stmt->value->kind == PY_TUPLE)
        for (unsigned i = 0; i < stmt->value->items.count; i++)
            if (stmt->value->items.items[i]->kind == PY_STARRED && stmt->value->line == line)
                py_needs(p, 9, line);
    stmt->body = py_block(p);
    stmt->orelse = maybe_else(p);
    return stmt;
}

/* --- with ------------------------------------------------------------------------------------ */

static void with_item(PyParser *p)
{
    PyWithItem item = {.context = py_expression(p)};
    if (py_accept(p, TOKEN_AS)) {
        PyExpr *target = py_bitwise_or(p);
        py_check_target(p, target, PY_TARGET_ASSIGN);
        item.target = target;
    }
    py_push(p, &item, sizeof item);
}

static void take_with_items(PyParser *p, PyStmt *stmt, size_t mark)
{
    stmt->with_items = py_take(p, mark, sizeof(PyWithItem), &stmt->with_count);
}

/* "with (a as b, c):" as 3.9 and later read it. False, and back where it began: the bracket
 * belongs to an expression. */
static bool bracketed_items(PyParser *p, PyStmt *stmt)
{
    PyLexer before = p->lexer;
    size_t mark = py_mark(p);
    unsigned recursion = p->recursion, minor = p->tree->needs_minor;
    guint32 line = p->tree->needs_line;
    bool targets = false;
    py_next(p);
    do
        with_item(p);
    while (py_accept(p, TOKEN_COMMA) && py_kind(p) != TOKEN_RIGHT_ROUND && !p->failed);
    if (!p->failed && py_accept(p, TOKEN_RIGHT_ROUND) && py_kind(p) == TOKEN_COLON) {
        take_with_items(p, stmt, mark);
        for (unsigned i = 0; i < stmt->with_count; i++)
            targets = targets || stmt->with_items[i].target;
        if (targets)
            py_needs(p, 9, stmt->line);
        return true;
    }
    g_clear_pointer(&p->message, g_free);
    p->failed = false;
    p->lexer = before;
    p->scratch_used = mark;
    p->recursion = recursion;
    p->tree->needs_minor = minor;
    p->tree->needs_line = line;
    return false;
}

static PyStmt *with_statement(PyParser *p)
{
    PyStmt *stmt = py_stmt_new(p, PY_WITH, py_line(p));
    py_next(p);
    if (py_kind(p) != TOKEN_LEFT_ROUND || !bracketed_items(p, stmt)) {
        size_t mark = py_mark(p);
        do
            with_item(p);
        while (py_accept(p, TOKEN_COMMA));
        take_with_items(p, stmt, mark);
    }
    stmt->body = py_block(p);
    return stmt;
}

/* --- try -------------------------------------------------------------------------------------- */

static const PyExpr *handler_type(PyParser *p)
{
    guint32 line = py_line(p);
    PyExpr *first = py_expression(p);
    if (py_kind(p) != TOKEN_COMMA)
        return first;
    size_t mark = py_mark(p);
    py_needs(p, 14, line);
    py_push_expr(p, first);
    while (py_accept(p, TOKEN_COMMA) && py_starts_expression(py_kind(p)))
        py_push_expr(p, py_expression(p));
    PyExpr *tuple = py_expr_new(p, PY_TUPLE, line);
    tuple->items = py_take_exprs(p, mark);
    py_hold_all(p, tuple, tuple->items);
    if (py_kind(p) == TOKEN_AS)
        py_fail_token(p, "':'");
    return tuple;
}

static void handler(PyParser *p, PyStmt *stmt, unsigned before)
{
    PyHandler handler = {.line = py_line(p)};
    py_next(p);
    bool star = py_accept(p, TOKEN_STAR);
    if (star)
        py_needs(p, 11, handler.line);
    if (before > 0 && star != stmt->star)
        py_fail(p, handler.line, "except and except* can't stand together");
    stmt->star = star;
    if (star || py_kind(p) != TOKEN_COLON)
        handler.type = handler_type(p);
    if (handler.type && py_accept(p, TOKEN_AS))
        handler.name = py_expect_name(p);
    handler.body = py_block(p);
    py_push(p, &handler, sizeof handler);
}

static PyStmt *try_statement(PyParser *p)
{
    PyStmt *stmt = py_stmt_new(p, PY_TRY, py_line(p));
    py_next(p);
    stmt->body = py_block(p);
    size_t mark = py_mark(p);
    for (unsigned i = 0; py_kind(p) == TOKEN_EXCEPT; i++)
        handler(p, stmt, i);
    stmt->handlers = py_take(p, mark, sizeof(PyHandler), &stmt->handler_count);
    for (unsigned i = 0; i + 1 < stmt->handler_count; i++)
        if (!stmt->handlers[i].type)
            py_fail(p, stmt->handlers[i].line, "a bare except must be the last one");
    if (stmt->handler_count > 0)
        stmt->orelse = maybe_else(p);
    bool final = py_accept(p, TOKEN_FINALLY);
    if (final)
        stmt->final = py_block(p);
    if (stmt->handler_count == 0 && !final)
        py_fail_token(p, "'except' or 'finally'");
    return stmt;
}

/* --- def and class ---------------------------------------------------------------------------- */

enum {
    SMALL_BODY = 256, /* bytes of a body that is not worth to be read twice */
};

static guint32 offset_of(const PyParser *p, const char *at)
{
    return p->base + (guint32)(at - p->start);
}

/* Behind ")" or the annotation of a function. */
static void function_body(PyParser *p, PyStmt *stmt)
{
    PyArenaMark mark = py_arena_mark(p->arena);
    unsigned yields = p->yields, globals = p->globals, imports = p->imports;
    unsigned setattrs = p->setattrs;
    const char *start = p->lexer.at; /* behind the ":", if there is one */
    guint32 line = p->lexer.line;
    stmt->body = py_block(p);
    stmt->yields = p->yields > yields;
    stmt->globals = p->globals > globals;
    stmt->imports = p->imports > imports;
    stmt->setattrs = p->setattrs > setattrs;
    if (!p->lazy || p->failed || stmt->imports || py_arena_since(p->arena, mark) <= SMALL_BODY)
        return;
    py_arena_rewind(p->arena, mark);
    stmt->body = (PyBlock){0};
    stmt->lazy = py_arena_take(p->arena, sizeof *stmt->lazy);
    *stmt->lazy =
        (struct PyLazyBody){p->tree, offset_of(p, start), offset_of(p, p->lexer.behind_line), line};
}

static PyStmt *function(PyParser *p)
{
    PyStmt *stmt = py_stmt_new(p, PY_FUNCTION, py_line(p));
    py_next(p);
    stmt->text = py_expect_name(p);
    py_type_parameters(p);
    py_expect(p, TOKEN_LEFT_ROUND, "'('");
    py_parameters(p, TOKEN_RIGHT_ROUND, &stmt->parameters, &stmt->parameter_count);
    if (py_accept(p, TOKEN_ARROW))
        stmt->annotation = py_expression(p);
    function_body(p, stmt);
    return stmt;
}

static PyStmt *class_statement(PyParser *p)
{
    PyStmt *stmt = py_stmt_new(p, PY_CLASS, py_line(p));
    py_next(p);
    stmt->text = py_expect_name(p);
    py_type_parameters(p);
    guint32 line = py_line(p);
    if (py_accept(p, TOKEN_LEFT_ROUND))
        py_arguments(p, line, false, &stmt->arguments, &stmt->argument_count);
    stmt->body = py_block(p);
    return stmt;
}

static PyStmt *async_statement(PyParser *p)
{
    guint32 line = py_line(p);
    PyStmt *stmt;
    py_next(p);
    switch (py_kind(p)) {
    case TOKEN_DEF:
        stmt = function(p);
        break;
    case TOKEN_FOR:
        stmt = for_statement(p);
        break;
    case TOKEN_WITH:
        stmt = with_statement(p);
        break;
    default:
        py_fail_token(p, "'def', 'for' or 'with'");
        stmt = py_stmt_new(p, PY_PASS, line);
    }
    stmt->async = true;
    stmt->line = line;
    return stmt;
}

/* Before 3.9 a decorator was a dotted name, called or not. */
static void note_old_decorator(PyParser *p, const PyExpr *expr)
{
    const PyExpr *name = expr->kind == PY_CALL ? expr->left : expr;
    while (name->kind == PY_ATTRIBUTE)
        name = name->left;
    if (name->kind != PY_NAME)
        py_needs(p, 9, expr->line);
}

static PyStmt *decorated(PyParser *p)
{
    size_t mark = py_mark(p);
    while (py_accept(p, TOKEN_AT)) {
        PyExpr *decorator = py_named_expression(p);
        note_old_decorator(p, decorator);
        py_push_expr(p, decorator);
        py_expect(p, TOKEN_NEWLINE, "the end of the line");
    }
    PyExprs decorators = py_take_exprs(p, mark);
    PyStmt *stmt;
    if (py_kind(p) == TOKEN_CLASS)
        stmt = class_statement(p);
    else if (py_kind(p) == TOKEN_ASYNC)
        stmt = async_statement(p);
    else if (py_kind(p) == TOKEN_DEF)
        stmt = function(p);
    else {
        py_fail_token(p, "'def' or 'class'");
        return py_stmt_new(p, PY_PASS, py_line(p));
    }
    if (stmt->kind == PY_FUNCTION || stmt->kind == PY_CLASS)
        stmt->decorators = decorators;
    else
        py_fail(p, stmt->line, "only functions and classes are decorated");
    return stmt;
}

/* --- match ------------------------------------------------------------------------------------ */

static PyExpr *subject(PyParser *p)
{
    guint32 line = py_line(p);
    PyExpr *first = py_star_named_expression(p);
    if (py_kind(p) != TOKEN_COMMA)
        return first;
    size_t mark = py_mark(p);
    py_push_expr(p, first);
    while (py_accept(p, TOKEN_COMMA) && py_kind(p) != TOKEN_COLON && !p->failed)
        py_push_expr(p, py_star_named_expression(p));
    PyExpr *tuple = py_expr_new(p, PY_TUPLE, line);
    tuple->items = py_take_exprs(p, mark);
    py_hold_all(p, tuple, tuple->items);
    return tuple;
}

static void case_clause(PyParser *p)
{
    PyCase clause = {.line = py_line(p)};
    if (py_kind(p) != TOKEN_NAME || p->lexer.token.text != p->name_case)
        py_fail_token(p, "'case'");
    py_next(p);
    py_case_pattern(p, &clause);
    if (py_accept(p, TOKEN_IF)) {
        clause.guard = py_named_expression(p);
        clause.irrefutable = false;
    }
    clause.body = py_block(p);
    py_push(p, &clause, sizeof clause);
}

/* At the NEWLINE behind "match subject:". */
static PyStmt *match_cases(PyParser *p, PyStmt *stmt)
{
    size_t mark = py_mark(p);
    py_needs(p, 10, stmt->line);
    py_next(p);
    descend(p, 1);
    py_expect(p, TOKEN_INDENT, "an indented block");
    while (py_kind(p) != TOKEN_DEDENT && !p->failed)
        case_clause(p);
    py_expect(p, TOKEN_DEDENT, "the end of the block");
    p->statement_depth--;
    stmt->cases = py_take(p, mark, sizeof(PyCase), &stmt->case_count);
    return stmt;
}

/* "match" is a keyword only where "subject:" and the end of the line follow it. NULL, and back
 * where it began: a name. */
static PyStmt *match_statement(PyParser *p)
{
    PyLexer before = p->lexer;
    size_t mark = py_mark(p);
    unsigned recursion = p->recursion, minor = p->tree->needs_minor;
    guint32 line = p->tree->needs_line;
    py_next(p);
    if (py_starts_expression(py_kind(p)) || py_kind(p) == TOKEN_STAR) {
        PyStmt *stmt = py_stmt_new(p, PY_MATCH, before.token.line);
        PyExpr *value = subject(p);
        stmt->value = value;
        bool starred = value->kind == PY_STARRED;
        if (!p->failed && !starred && py_accept(p, TOKEN_COLON) && py_kind(p) == TOKEN_NEWLINE)
            return match_cases(p, stmt);
    }
    g_clear_pointer(&p->message, g_free);
    p->failed = false;
    p->lexer = before;
    p->scratch_used = mark;
    p->recursion = recursion;
    p->tree->needs_minor = minor;
    p->tree->needs_line = line;
    return NULL;
}

static PyStmt *compound(PyParser *p)
{
    switch (py_kind(p)) {
    case TOKEN_IF:
        return if_statement(p);
    case TOKEN_WHILE:
        return while_statement(p);
    case TOKEN_FOR:
        return for_statement(p);
    case TOKEN_WITH:
        return with_statement(p);
    case TOKEN_TRY:
        return try_statement(p);
    case TOKEN_DEF:
        return function(p);
    case TOKEN_CLASS:
        return class_statement(p);
    case TOKEN_AT:
        return decorated(p);
    case TOKEN_ASYNC:
        return async_statement(p);
    case TOKEN_NAME:
        return p->lexer.token.text == p->name_match ? match_statement(p) : NULL;
    default:
        return NULL;
    }
}

PyStmt *py_compound(PyParser *p)
{
    PyStmt *stmt = compound(p);
    return stmt ? finish(p, stmt) : NULL;
}
