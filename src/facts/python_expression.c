/* Expressions (§6): precedence climbing for operators, a rule for the rest. */
#include "facts/python_private.h"

/* How tightly operators bind; 0: no infix operator. */
enum {
    LEVEL_NONE,
    LEVEL_OR,
    LEVEL_AND,
    LEVEL_NOT,
    LEVEL_COMPARE,
    LEVEL_BAR,
    LEVEL_CARET,
    LEVEL_AMPERSAND,
    LEVEL_SHIFT,
    LEVEL_SUM,
    LEVEL_TERM,
};

/* clang-format off */
static const guint8 levels[TOKEN_COUNT] = {
    [TOKEN_OR] = LEVEL_OR, [TOKEN_AND] = LEVEL_AND,
    [TOKEN_EQ] = LEVEL_COMPARE, [TOKEN_NE] = LEVEL_COMPARE, [TOKEN_LT] = LEVEL_COMPARE,
    [TOKEN_LE] = LEVEL_COMPARE, [TOKEN_GT] = LEVEL_COMPARE, [TOKEN_GE] = LEVEL_COMPARE,
    [TOKEN_IN] = LEVEL_COMPARE, [TOKEN_IS] = LEVEL_COMPARE,
    [TOKEN_NOT] = LEVEL_COMPARE, /* "not in" */
    [TOKEN_BAR] = LEVEL_BAR, [TOKEN_CARET] = LEVEL_CARET, [TOKEN_AMPERSAND] = LEVEL_AMPERSAND,
    [TOKEN_SHIFT_LEFT] = LEVEL_SHIFT, [TOKEN_SHIFT_RIGHT] = LEVEL_SHIFT,
    [TOKEN_PLUS] = LEVEL_SUM, [TOKEN_MINUS] = LEVEL_SUM,
    [TOKEN_STAR] = LEVEL_TERM, [TOKEN_SLASH] = LEVEL_TERM, [TOKEN_FLOOR] = LEVEL_TERM,
    [TOKEN_PERCENT] = LEVEL_TERM, [TOKEN_AT] = LEVEL_TERM,
};
static const char *const texts[TOKEN_COUNT] = {
    [TOKEN_BAR] = "|", [TOKEN_CARET] = "^", [TOKEN_AMPERSAND] = "&", [TOKEN_SHIFT_LEFT] = "<<",
    [TOKEN_SHIFT_RIGHT] = ">>", [TOKEN_PLUS] = "+", [TOKEN_MINUS] = "-", [TOKEN_STAR] = "*",
    [TOKEN_SLASH] = "/", [TOKEN_FLOOR] = "//", [TOKEN_PERCENT] = "%", [TOKEN_AT] = "@",
    [TOKEN_POWER] = "**", [TOKEN_TILDE] = "~",
};
static const guint8 comparisons[TOKEN_COUNT] = {
    [TOKEN_EQ] = PY_OPERATOR_EQ, [TOKEN_NE] = PY_OPERATOR_NE, [TOKEN_LT] = PY_OPERATOR_LT,
    [TOKEN_LE] = PY_OPERATOR_LE, [TOKEN_GT] = PY_OPERATOR_GT, [TOKEN_GE] = PY_OPERATOR_GE,
    [TOKEN_IN] = PY_OPERATOR_IN,
};
static const guint8 constants[TOKEN_COUNT] = {
    [TOKEN_NONE] = PY_NONE, [TOKEN_TRUE] = PY_TRUE, [TOKEN_FALSE] = PY_FALSE,
    [TOKEN_ELLIPSIS] = PY_ELLIPSIS,
};
/* What an expression may begin with, "*" and "yield" aside. */
static const bool starts[TOKEN_COUNT] = {
    [TOKEN_NAME] = true, [TOKEN_NUMBER] = true, [TOKEN_STRING] = true, [TOKEN_FORMAT] = true,
    [TOKEN_LEFT_ROUND] = true, [TOKEN_LEFT_SQUARE] = true, [TOKEN_LEFT_CURLY] = true,
    [TOKEN_ELLIPSIS] = true, [TOKEN_PLUS] = true, [TOKEN_MINUS] = true, [TOKEN_TILDE] = true,
    [TOKEN_NOT] = true, [TOKEN_LAMBDA] = true, [TOKEN_AWAIT] = true, [TOKEN_NONE] = true,
    [TOKEN_TRUE] = true, [TOKEN_FALSE] = true,
};
/* clang-format on */

bool py_starts_expression(TokenKind kind)
{
    return starts[kind];
}

const guint8 py_expr_parts[] = {
    /* clang-format off */
    [PY_ATTRIBUTE] = PY_LEFT, [PY_SUBSCRIPT] = PY_LEFT | PY_RIGHT, [PY_CALL] = PY_LEFT,
    [PY_FSTRING] = PY_ITEMS, [PY_TUPLE] = PY_ITEMS, [PY_LIST] = PY_ITEMS, [PY_SET] = PY_ITEMS,
    [PY_DICT] = PY_ITEMS, [PY_NOT] = PY_LEFT, [PY_UNARY] = PY_LEFT,
    [PY_BINARY] = PY_LEFT | PY_RIGHT, [PY_AND] = PY_ITEMS, [PY_OR] = PY_ITEMS,
    [PY_COMPARE] = PY_LEFT | PY_ITEMS, [PY_CONDITIONAL] = PY_LEFT | PY_RIGHT | PY_TEST,
    [PY_LAMBDA] = PY_LEFT, [PY_COMPREHENSION] = PY_ITEMS, [PY_AWAIT] = PY_LEFT,
    [PY_YIELD] = PY_LEFT, [PY_YIELD_FROM] = PY_LEFT, [PY_STARRED] = PY_LEFT,
    [PY_NAMED] = PY_RIGHT, [PY_SLICE] = PY_ITEMS,
    /* clang-format on */
};

/* Up to the last part that the kind has. */
static size_t expr_size(PyExprKind kind)
{
    unsigned parts = py_expr_parts[kind];
    if (parts & PY_ITEMS)
        return sizeof(PyExpr);
    if (kind == PY_CALL || kind == PY_LAMBDA || parts & PY_TEST)
        return offsetof(PyExpr, test) + sizeof(PyExpr *);
    if (parts & PY_RIGHT)
        return offsetof(PyExpr, test);
    return parts & PY_LEFT ? offsetof(PyExpr, right) : offsetof(PyExpr, left);
}

PyExpr *py_expr_new(PyParser *p, PyExprKind kind, guint32 line)
{
    PyExpr *expr = py_arena_take(p->arena, expr_size(kind));
    expr->kind = kind;
    expr->height = 1;
    expr->line = line;
    p->yields += kind == PY_YIELD || kind == PY_YIELD_FROM;
    return expr;
}

PyExpr *py_name_expr(PyParser *p, const char *name, guint32 line)
{
    PyExpr *expr = py_expr_new(p, PY_NAME, line);
    expr->text = name;
    p->setattrs += name == p->name_setattr;
    return expr;
}

void py_hold(PyParser *p, PyExpr *parent, const PyExpr *child)
{
    if (!child || child->height < parent->height)
        return;
    parent->height = child->height + 1;
    if (parent->height > PY_MAX_HEIGHT)
        py_beyond(p, parent->line, "an expression of more than %d levels", PY_MAX_HEIGHT);
}

void py_hold_all(PyParser *p, PyExpr *parent, PyExprs children)
{
    for (unsigned i = 0; i < children.count; i++)
        py_hold(p, parent, children.items[i]);
}

static PyExpr *with_left(PyParser *p, PyExprKind kind, guint32 line, const PyExpr *left)
{
    PyExpr *expr = py_expr_new(p, kind, line);
    expr->left = left;
    py_hold(p, expr, left);
    return expr;
}

static PyExpr *with_items(PyParser *p, PyExprKind kind, guint32 line, size_t mark)
{
    PyExpr *expr = py_expr_new(p, kind, line);
    expr->items = py_take_exprs(p, mark);
    py_hold_all(p, expr, expr->items);
    return expr;
}

static PyExpr *operation(PyParser *p, unsigned lowest);

PyExpr *py_bitwise_or(PyParser *p)
{
    return operation(p, LEVEL_BAR);
}

/* --- Displays and comprehensions (§6.2) ----------------------------------------------------- */

static bool at_comprehension(const PyParser *p)
{
    return py_kind(p) == TOKEN_FOR || py_kind(p) == TOKEN_ASYNC;
}

static void clause(PyParser *p, PyExpr *comprehension)
{
    PyClause clause = {.async = py_accept(p, TOKEN_ASYNC)};
    py_expect(p, TOKEN_FOR, "'for'");
    clause.target = py_targets(p);
    py_expect(p, TOKEN_IN, "'in'");
    clause.iterable = operation(p, LEVEL_OR);
    size_t mark = py_mark(p);
    while (py_accept(p, TOKEN_IF))
        py_push_expr(p, operation(p, LEVEL_OR));
    clause.conditions = py_take_exprs(p, mark);
    py_hold(p, comprehension, clause.target);
    py_hold(p, comprehension, clause.iterable);
    py_hold_all(p, comprehension, clause.conditions);
    py_push(p, &clause, sizeof clause);
}

void py_comprehension(PyParser *p, PyExpr *comprehension)
{
    size_t mark = py_mark(p);
    while (at_comprehension(p))
        clause(p, comprehension);
    comprehension->clauses = py_take(p, mark, sizeof(PyClause), &comprehension->clause_count);
}

/* An element of a display; "a := b" without brackets came to sets with 3.10. */
static PyExpr *element(PyParser *p, TokenKind end)
{
    TokenKind first = py_kind(p);
    PyExpr *expr = py_star_named_expression(p);
    if (end == TOKEN_RIGHT_CURLY && first == TOKEN_NAME && expr->kind == PY_NAMED)
        py_needs(p, 10, expr->line);
    return expr;
}

/* Elements up to the closing bracket, the first one being read; pushes all. */
static void elements(PyParser *p, PyExpr *first, TokenKind end)
{
    py_push_expr(p, first);
    while (py_accept(p, TOKEN_COMMA) && py_kind(p) != end)
        py_push_expr(p, element(p, end));
}

static PyExpr *comprehension_of(PyParser *p, const char *kind, guint32 line, PyExpr *item,
                                PyExpr *value)
{
    size_t mark = py_mark(p);
    if (item->kind == PY_STARRED)
        py_fail(p, line, "a star can't stand before the element of a comprehension");
    py_push_expr(p, item);
    if (value)
        py_push_expr(p, value);
    PyExpr *expr = with_items(p, PY_COMPREHENSION, line, mark);
    expr->text = kind;
    py_comprehension(p, expr);
    return expr;
}

static PyExpr *round_display(PyParser *p)
{
    guint32 line = py_line(p);
    size_t mark = py_mark(p);
    PyExpr *expr;
    py_next(p);
    if (py_accept(p, TOKEN_RIGHT_ROUND))
        return py_expr_new(p, PY_TUPLE, line);
    if (py_kind(p) == TOKEN_YIELD)
        expr = py_yield_or_star_expressions(p);
    else {
        expr = py_star_named_expression(p);
        if (at_comprehension(p))
            expr = comprehension_of(p, "generator", line, expr, NULL);
        else if (py_kind(p) == TOKEN_COMMA) {
            elements(p, expr, TOKEN_RIGHT_ROUND);
            expr = with_items(p, PY_TUPLE, line, mark);
        } else if (expr->kind == PY_STARRED)
            py_fail(p, line, "a starred expression can't stand alone in brackets");
    }
    py_expect(p, TOKEN_RIGHT_ROUND, "')'");
    return expr;
}

static PyExpr *square_display(PyParser *p)
{
    guint32 line = py_line(p);
    size_t mark = py_mark(p);
    PyExpr *expr;
    py_next(p);
    if (py_accept(p, TOKEN_RIGHT_SQUARE))
        return py_expr_new(p, PY_LIST, line);
    expr = py_star_named_expression(p);
    if (at_comprehension(p))
        expr = comprehension_of(p, "list", line, expr, NULL);
    else {
        elements(p, expr, TOKEN_RIGHT_SQUARE);
        expr = with_items(p, PY_LIST, line, mark);
    }
    py_expect(p, TOKEN_RIGHT_SQUARE, "']'");
    return expr;
}

static void dict_entry(PyParser *p)
{
    if (py_accept(p, TOKEN_POWER)) {
        py_push_expr(p, NULL);
        py_push_expr(p, py_bitwise_or(p));
        return;
    }
    py_push_expr(p, py_expression(p));
    py_expect(p, TOKEN_COLON, "':'");
    py_push_expr(p, py_expression(p));
}

/* What follows the first entry, which is pushed. */
static PyExpr *dict_rest(PyParser *p, guint32 line, size_t mark)
{
    while (py_accept(p, TOKEN_COMMA) && py_kind(p) != TOKEN_RIGHT_CURLY)
        dict_entry(p);
    return with_items(p, PY_DICT, line, mark);
}

static PyExpr *dict_from_key(PyParser *p, guint32 line, PyExpr *key)
{
    size_t mark = py_mark(p);
    if (key->kind == PY_STARRED)
        py_fail(p, line, "no key of a dictionary");
    py_next(p);
    PyExpr *value = py_expression(p);
    if (at_comprehension(p))
        return comprehension_of(p, "dict", line, key, value);
    py_push_expr(p, key);
    py_push_expr(p, value);
    return dict_rest(p, line, mark);
}

static PyExpr *set_rest(PyParser *p, guint32 line, PyExpr *first)
{
    size_t mark = py_mark(p);
    if (at_comprehension(p))
        return comprehension_of(p, "set", line, first, NULL);
    elements(p, first, TOKEN_RIGHT_CURLY);
    return with_items(p, PY_SET, line, mark);
}

static PyExpr *curly_display(PyParser *p)
{
    guint32 line = py_line(p);
    size_t mark = py_mark(p);
    PyExpr *expr;
    py_next(p);
    if (py_accept(p, TOKEN_RIGHT_CURLY))
        return py_expr_new(p, PY_DICT, line);
    if (py_kind(p) == TOKEN_POWER) {
        dict_entry(p);
        expr = dict_rest(p, line, mark);
    } else {
        TokenKind first = py_kind(p);
        expr = element(p, TOKEN_RIGHT_CURLY);
        bool walrus = expr->kind == PY_NAMED && first == TOKEN_NAME;
        if (py_kind(p) == TOKEN_COLON && !walrus)
            expr = dict_from_key(p, line, expr);
        else
            expr = set_rest(p, line, expr);
    }
    py_expect(p, TOKEN_RIGHT_CURLY, "'}'");
    return expr;
}

/* --- Atoms and primaries (§6.2, §6.3) ------------------------------------------------------- */

static PyExpr *constant(PyParser *p, PyExprKind kind)
{
    PyExpr *expr = py_expr_new(p, kind, py_line(p));
    py_next(p);
    return expr;
}

static PyExpr *atom(PyParser *p)
{
    const Token *token = &p->lexer.token;
    PyExpr *expr;
    switch (token->kind) {
    case TOKEN_NAME:
        expr = py_name_expr(p, token->text, token->line);
        py_next(p);
        return expr;
    case TOKEN_NUMBER:
        expr = py_expr_new(p, PY_NUMBER, token->line);
        expr->text = py_intern(p, token->start, (size_t)(token->end - token->start));
        py_next(p);
        return expr;
    case TOKEN_STRING:
    case TOKEN_FORMAT:
        return py_strings(p);
    case TOKEN_LEFT_ROUND:
        return round_display(p);
    case TOKEN_LEFT_SQUARE:
        return square_display(p);
    case TOKEN_LEFT_CURLY:
        return curly_display(p);
    case TOKEN_NONE:
    case TOKEN_TRUE:
    case TOKEN_FALSE:
    case TOKEN_ELLIPSIS:
        return constant(p, constants[token->kind]);
    default:
        py_fail_token(p, "an expression");
        return py_expr_new(p, PY_NONE, token->line);
    }
}

static const PyExpr *slice_part(PyParser *p)
{
    return starts[py_kind(p)] ? py_expression(p) : NULL;
}

static PyExpr *slice(PyParser *p)
{
    guint32 line = py_line(p);
    size_t mark = py_mark(p);
    PyExpr *lower = NULL;
    if (py_kind(p) == TOKEN_STAR) {
        py_needs(p, 11, line);
        py_next(p);
        return with_left(p, PY_STARRED, line, py_expression(p));
    }
    if (py_kind(p) != TOKEN_COLON) {
        TokenKind first = py_kind(p);
        lower = py_named_expression(p);
        if (lower->kind == PY_NAMED && first == TOKEN_NAME) {
            py_needs(p, 10, line);
            return lower;
        }
    }
    if (!py_accept(p, TOKEN_COLON))
        return lower;
    py_push_expr(p, lower);
    py_push_expr(p, slice_part(p));
    py_push_expr(p, py_accept(p, TOKEN_COLON) ? slice_part(p) : NULL);
    return with_items(p, PY_SLICE, line, mark);
}

static PyExpr *slices(PyParser *p)
{
    guint32 line = py_line(p);
    size_t mark = py_mark(p);
    PyExpr *first = slice(p);
    if (py_kind(p) != TOKEN_COMMA && first->kind != PY_STARRED)
        return first;
    py_push_expr(p, first);
    while (py_accept(p, TOKEN_COMMA) && py_kind(p) != TOKEN_RIGHT_SQUARE)
        py_push_expr(p, slice(p));
    return with_items(p, PY_TUPLE, line, mark);
}

static PyExpr *subscript(PyParser *p, guint32 line, PyExpr *left)
{
    PyExpr *expr = with_left(p, PY_SUBSCRIPT, line, left);
    py_next(p);
    expr->right = slices(p);
    py_hold(p, expr, expr->right);
    py_expect(p, TOKEN_RIGHT_SQUARE, "']'");
    return expr;
}

static PyExpr *attribute(PyParser *p, guint32 line, PyExpr *left)
{
    PyExpr *expr = with_left(p, PY_ATTRIBUTE, line, left);
    py_next(p);
    expr->text = py_expect_name(p);
    return expr;
}

static PyExpr *call(PyParser *p, guint32 line, PyExpr *left)
{
    PyExpr *expr = with_left(p, PY_CALL, line, left);
    guint32 open = py_line(p);
    py_next(p);
    py_arguments(p, open, true, &expr->arguments, &expr->argument_count);
    for (unsigned i = 0; i < expr->argument_count; i++)
        py_hold(p, expr, expr->arguments[i].value);
    return expr;
}

static PyExpr *primary(PyParser *p)
{
    guint32 line = py_line(p);
    PyExpr *expr = atom(p);
    for (;;) {
        switch (py_kind(p)) {
        case TOKEN_DOT:
            expr = attribute(p, line, expr);
            break;
        case TOKEN_LEFT_ROUND:
            expr = call(p, line, expr);
            break;
        case TOKEN_LEFT_SQUARE:
            expr = subscript(p, line, expr);
            break;
        default:
            return expr;
        }
    }
}

/* --- Operators (§6.4 to §6.12) -------------------------------------------------------------- */

static PyExpr *unary(PyParser *p);

static PyExpr *power(PyParser *p)
{
    guint32 line = py_line(p);
    PyExpr *left;
    if (py_accept(p, TOKEN_AWAIT))
        left = with_left(p, PY_AWAIT, line, primary(p));
    else
        left = primary(p);
    if (py_kind(p) != TOKEN_POWER)
        return left;
    PyExpr *expr = with_left(p, PY_BINARY, line, left);
    expr->text = texts[TOKEN_POWER];
    py_enter(p);
    py_next(p);
    expr->right = unary(p);
    py_leave(p);
    py_hold(p, expr, expr->right);
    return expr;
}

static PyExpr *unary(PyParser *p)
{
    TokenKind kind = py_kind(p);
    guint32 line = py_line(p);
    if (kind != TOKEN_MINUS && kind != TOKEN_PLUS && kind != TOKEN_TILDE)
        return power(p);
    py_enter(p);
    py_next(p);
    PyExpr *expr = with_left(p, PY_UNARY, line, unary(p));
    expr->text = texts[kind];
    py_leave(p);
    return expr;
}

static PyExpr *not_operation(PyParser *p)
{
    guint32 line = py_line(p);
    py_enter(p);
    py_next(p);
    PyExpr *expr = with_left(p, PY_NOT, line, operation(p, LEVEL_NOT));
    py_leave(p);
    return expr;
}

/* "a or b or c": one node, at the first operator. */
static PyExpr *boolean(PyParser *p, guint32 line, PyExpr *first)
{
    TokenKind kind = py_kind(p);
    size_t mark = py_mark(p);
    py_push_expr(p, first);
    while (py_accept(p, kind))
        py_push_expr(p, operation(p, levels[kind] + 1));
    return with_items(p, kind == TOKEN_OR ? PY_OR : PY_AND, line, mark);
}

static PyOperator comparison_operator(PyParser *p)
{
    TokenKind kind = py_kind(p);
    py_next(p);
    if (kind == TOKEN_IS)
        return py_accept(p, TOKEN_NOT) ? PY_OPERATOR_IS_NOT : PY_OPERATOR_IS;
    if (kind != TOKEN_NOT)
        return comparisons[kind];
    py_expect(p, TOKEN_IN, "'in'");
    return PY_OPERATOR_NOT_IN;
}

/* "a < b < c": operators and operands alternate on the scratch, and are parted afterwards. */
static PyExpr *comparison(PyParser *p, guint32 line, PyExpr *left)
{
    typedef struct {
        PyExpr *expr;
        PyOperator op;
    } Step;
    PyExpr *expr = with_left(p, PY_COMPARE, line, left);
    size_t mark = py_mark(p);
    do {
        Step step = {.op = comparison_operator(p)};
        step.expr = operation(p, LEVEL_BAR);
        py_push(p, &step, sizeof step);
    } while (levels[py_kind(p)] == LEVEL_COMPARE);
    unsigned count = (unsigned)((p->scratch_used - mark) / sizeof(Step));
    PyExpr **items = py_arena_take(p->arena, count * sizeof *items);
    PyOperator *operators = py_arena_take(p->arena, count * sizeof *operators);
    for (unsigned i = 0; i < count; i++) {
        Step step;
        memcpy(&step, p->scratch + mark + i * sizeof step, sizeof step);
        items[i] = step.expr;
        operators[i] = step.op;
    }
    p->scratch_used = mark;
    expr->items = (PyExprs){(const PyExpr *const *)items, count};
    expr->operators = operators;
    py_hold_all(p, expr, expr->items);
    return expr;
}

static PyExpr *binary(PyParser *p, guint32 line, PyExpr *left)
{
    TokenKind kind = py_kind(p);
    PyExpr *expr = with_left(p, PY_BINARY, line, left);
    expr->text = texts[kind];
    py_next(p);
    expr->right = operation(p, levels[kind] + 1);
    py_hold(p, expr, expr->right);
    return expr;
}

/* Operators that bind at least as tightly as `lowest`. */
static PyExpr *operation(PyParser *p, unsigned lowest)
{
    guint32 line = py_line(p);
    PyExpr *left;
    if (py_kind(p) == TOKEN_NOT && lowest <= LEVEL_NOT)
        left = not_operation(p);
    else
        left = unary(p);
    for (;;) {
        unsigned level = levels[py_kind(p)];
        if (level == LEVEL_NONE || level < lowest)
            return left;
        if (level <= LEVEL_AND)
            left = boolean(p, line, left);
        else if (level == LEVEL_COMPARE)
            left = comparison(p, line, left);
        else
            left = binary(p, line, left);
    }
}

/* --- Whole expressions (§6.13 to §6.15) ----------------------------------------------------- */

static PyExpr *lambda(PyParser *p)
{
    PyExpr *expr = py_expr_new(p, PY_LAMBDA, py_line(p));
    if (p->lexer.field && p->lexer.field == p->lexer.brackets)
        py_fail(p, expr->line, "a lambda in an f-string needs brackets around it");
    py_next(p);
    py_parameters(p, TOKEN_COLON, &expr->parameters, &expr->parameter_count);
    for (unsigned i = 0; i < expr->parameter_count; i++)
        py_hold(p, expr, expr->parameters[i].default_value);
    expr->left = py_expression(p);
    py_hold(p, expr, expr->left);
    return expr;
}

static PyExpr *conditional(PyParser *p, guint32 line, PyExpr *value)
{
    PyExpr *expr = with_left(p, PY_CONDITIONAL, line, value);
    py_next(p);
    expr->test = operation(p, LEVEL_OR);
    py_hold(p, expr, expr->test);
    py_expect(p, TOKEN_ELSE, "'else'");
    expr->right = py_expression(p);
    py_hold(p, expr, expr->right);
    return expr;
}

PyExpr *py_expression(PyParser *p)
{
    guint32 line = py_line(p);
    PyExpr *expr;
    py_enter(p);
    if (py_kind(p) == TOKEN_LAMBDA)
        expr = lambda(p);
    else {
        expr = operation(p, LEVEL_OR);
        if (py_kind(p) == TOKEN_IF)
            expr = conditional(p, line, expr);
    }
    py_leave(p);
    return expr;
}

PyExpr *py_named_expression(PyParser *p)
{
    TokenKind first = py_kind(p);
    PyExpr *left = py_expression(p);
    if (py_kind(p) != TOKEN_WALRUS || left->kind != PY_NAME || first != TOKEN_NAME)
        return left;
    PyExpr *expr = py_expr_new(p, PY_NAMED, left->line);
    expr->text = left->text;
    py_next(p);
    expr->right = py_expression(p);
    py_hold(p, expr, expr->right);
    return expr;
}

static PyExpr *starred(PyParser *p)
{
    guint32 line = py_line(p);
    py_next(p);
    return with_left(p, PY_STARRED, line, py_bitwise_or(p));
}

PyExpr *py_star_named_expression(PyParser *p)
{
    return py_kind(p) == TOKEN_STAR ? starred(p) : py_named_expression(p);
}

static PyExpr *star_expression(PyParser *p)
{
    return py_kind(p) == TOKEN_STAR ? starred(p) : py_expression(p);
}

PyExpr *py_star_expressions(PyParser *p)
{
    guint32 line = py_line(p);
    PyExpr *first = star_expression(p);
    if (py_kind(p) != TOKEN_COMMA)
        return first;
    size_t mark = py_mark(p);
    py_push_expr(p, first);
    while (py_accept(p, TOKEN_COMMA) && (starts[py_kind(p)] || py_kind(p) == TOKEN_STAR))
        py_push_expr(p, star_expression(p));
    return with_items(p, PY_TUPLE, line, mark);
}

PyExpr *py_yield_or_star_expressions(PyParser *p)
{
    guint32 line = py_line(p);
    if (!py_accept(p, TOKEN_YIELD))
        return py_star_expressions(p);
    if (py_accept(p, TOKEN_FROM))
        return with_left(p, PY_YIELD_FROM, line, py_expression(p));
    bool value = starts[py_kind(p)] || py_kind(p) == TOKEN_STAR;
    return with_left(p, PY_YIELD, line, value ? py_star_expressions(p) : NULL);
}

static PyExpr *target(PyParser *p)
{
    PyExpr *expr = py_kind(p) == TOKEN_STAR ? starred(p) : py_bitwise_or(p);
    py_check_target(p, expr, PY_TARGET_ASSIGN);
    return expr;
}

PyExpr *py_targets(PyParser *p)
{
    guint32 line = py_line(p);
    PyExpr *first = target(p);
    if (py_kind(p) != TOKEN_COMMA)
        return first;
    size_t mark = py_mark(p);
    py_push_expr(p, first);
    while (py_accept(p, TOKEN_COMMA) && (starts[py_kind(p)] || py_kind(p) == TOKEN_STAR))
        py_push_expr(p, target(p));
    return with_items(p, PY_TUPLE, line, mark);
}
