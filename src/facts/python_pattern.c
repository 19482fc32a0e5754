/* Patterns of "case" (§8.6): what they bind and what they look at. */
#include "facts/python_private.h"

/* Two lists grow at once, so they are chained here and not on the scratch. */
typedef struct {
    PyParser *p;
    GPtrArray *captured, *values;
} Pattern;

/* Returns whether the pattern matches anything. */
static bool pattern(Pattern *into);

static void capture(Pattern *into, const char *name, guint32 line)
{
    if (name != into->p->name_underscore)
        g_ptr_array_add(into->captured, py_name_expr(into->p, name, line));
}

static void value(Pattern *into, PyExpr *expr)
{
    g_ptr_array_add(into->values, expr);
}

static PyExpr *number(PyParser *p)
{
    const Token token = p->lexer.token;
    if (token.kind != TOKEN_NUMBER) {
        py_fail_token(p, "a number");
        return py_expr_new(p, PY_NONE, token.line);
    }
    PyExpr *expr = py_expr_new(p, PY_NUMBER, token.line);
    expr->text = py_intern(p, token.start, (size_t)(token.end - token.start));
    py_next(p);
    return expr;
}

static bool is_imaginary(const PyExpr *expr)
{
    return expr->kind == PY_NUMBER && strpbrk(expr->text, "jJ") != NULL;
}

/* "-1", "1+2j", "-1-2j" */
static PyExpr *signed_number(PyParser *p)
{
    guint32 line = py_line(p);
    PyExpr *expr;
    if (py_accept(p, TOKEN_MINUS)) {
        expr = py_expr_new(p, PY_UNARY, line);
        expr->text = "-";
        expr->left = number(p);
        py_hold(p, expr, expr->left);
    } else
        expr = number(p);
    if (py_kind(p) != TOKEN_PLUS && py_kind(p) != TOKEN_MINUS)
        return expr;
    PyExpr *sum = py_expr_new(p, PY_BINARY, line);
    sum->text = py_kind(p) == TOKEN_PLUS ? "+" : "-";
    py_next(p);
    sum->left = expr;
    sum->right = number(p);
    if (is_imaginary(expr->kind == PY_UNARY ? expr->left : expr) || !is_imaginary(sum->right))
        py_fail(p, line, "not a complex number of a real and an imaginary part");
    py_hold(p, sum, sum->left);
    return sum;
}

static PyExpr *singleton(PyParser *p, PyExprKind kind)
{
    PyExpr *expr = py_expr_new(p, kind, py_line(p));
    py_next(p);
    return expr;
}

static PyExpr *literal(PyParser *p)
{
    switch (py_kind(p)) {
    case TOKEN_NONE:
        return singleton(p, PY_NONE);
    case TOKEN_TRUE:
        return singleton(p, PY_TRUE);
    case TOKEN_FALSE:
        return singleton(p, PY_FALSE);
    case TOKEN_STRING:
    case TOKEN_FORMAT: {
        PyExpr *string = py_strings(p);
        if (string->kind == PY_FSTRING)
            py_fail(p, string->line, "a pattern can't be an f-string");
        return string;
    }
    default:
        return signed_number(p);
    }
}

/* "a.b.c": at the dot behind `name`, or at what follows it. */
static PyExpr *dotted(PyParser *p, const char *name, guint32 line)
{
    PyExpr *expr = py_name_expr(p, name, line);
    while (py_accept(p, TOKEN_DOT)) {
        PyExpr *left = expr;
        expr = py_expr_new(p, PY_ATTRIBUTE, line);
        expr->left = left;
        expr->text = py_expect_name(p);
        py_hold(p, expr, left);
    }
    return expr;
}

/* "*rest" or a pattern; returns whether it was the former. */
static bool maybe_star(Pattern *into)
{
    PyParser *p = into->p;
    guint32 line = py_line(p);
    if (!py_accept(p, TOKEN_STAR)) {
        pattern(into);
        return false;
    }
    capture(into, py_expect_name(p), line);
    return true;
}

/* Behind the first element. */
static void sequence_rest(Pattern *into, TokenKind end, bool starred)
{
    PyParser *p = into->p;
    while (py_accept(p, TOKEN_COMMA) && py_kind(p) != end && py_kind(p) != TOKEN_IF) {
        guint32 line = py_line(p);
        bool star = maybe_star(into);
        if (star && starred)
            py_fail(p, line, "two starred names in one pattern");
        starred = starred || star;
    }
}

static bool square_sequence(Pattern *into)
{
    PyParser *p = into->p;
    py_next(p);
    if (py_kind(p) != TOKEN_RIGHT_SQUARE)
        sequence_rest(into, TOKEN_RIGHT_SQUARE, maybe_star(into));
    py_expect(p, TOKEN_RIGHT_SQUARE, "']'");
    return false;
}

/* A group or a sequence. */
static bool round_pattern(Pattern *into)
{
    PyParser *p = into->p;
    py_next(p);
    if (py_accept(p, TOKEN_RIGHT_ROUND))
        return false;
    bool star = py_kind(p) == TOKEN_STAR, irrefutable = false;
    if (star)
        maybe_star(into);
    else
        irrefutable = pattern(into);
    if (py_kind(p) == TOKEN_COMMA) {
        sequence_rest(into, TOKEN_RIGHT_ROUND, star);
        irrefutable = false;
    } else if (star)
        py_fail_token(p, "','");
    py_expect(p, TOKEN_RIGHT_ROUND, "')'");
    return irrefutable;
}

static void mapping_entry(Pattern *into)
{
    PyParser *p = into->p;
    guint32 line = py_line(p);
    if (py_kind(p) == TOKEN_NAME) {
        PyExpr *key = dotted(p, py_expect_name(p), line);
        if (key->kind == PY_NAME)
            py_fail(p, line, "a key of a pattern is a literal or an attribute");
        value(into, key);
    } else
        value(into, literal(p));
    py_expect(p, TOKEN_COLON, "':'");
    pattern(into);
}

static bool mapping(Pattern *into)
{
    PyParser *p = into->p;
    bool rest = false;
    py_next(p);
    while (py_kind(p) != TOKEN_RIGHT_CURLY && !p->failed) {
        guint32 line = py_line(p);
        if (rest)
            py_fail(p, line, "nothing may follow '**' in a pattern");
        rest = py_accept(p, TOKEN_POWER);
        if (rest) {
            if (p->lexer.token.text == p->name_underscore)
                py_fail(p, line, "'**_' in a pattern");
            capture(into, py_expect_name(p), line);
        } else
            mapping_entry(into);
        if (!py_accept(p, TOKEN_COMMA))
            break;
    }
    py_expect(p, TOKEN_RIGHT_CURLY, "'}'");
    return false;
}

/* "Point(x, y=0)"; behind the class. */
static void class_arguments(Pattern *into)
{
    PyParser *p = into->p;
    bool keywords = false;
    py_next(p);
    while (py_kind(p) != TOKEN_RIGHT_ROUND && !p->failed) {
        bool keyword = false;
        if (py_kind(p) == TOKEN_NAME) {
            PyLexer before = p->lexer;
            py_next(p);
            keyword = py_accept(p, TOKEN_ASSIGN);
            if (!keyword)
                p->lexer = before;
        }
        if (keywords && !keyword)
            py_fail_token(p, "a keyword pattern");
        keywords = keyword;
        pattern(into);
        if (!py_accept(p, TOKEN_COMMA))
            break;
    }
    py_expect(p, TOKEN_RIGHT_ROUND, "')'");
}

static bool named(Pattern *into)
{
    PyParser *p = into->p;
    guint32 line = py_line(p);
    const char *name = py_expect_name(p);
    if (py_kind(p) != TOKEN_DOT && py_kind(p) != TOKEN_LEFT_ROUND) {
        capture(into, name, line);
        return true;
    }
    value(into, dotted(p, name, line));
    if (py_kind(p) == TOKEN_LEFT_ROUND)
        class_arguments(into);
    return false;
}

static bool closed(Pattern *into)
{
    PyParser *p = into->p;
    switch (py_kind(p)) {
    case TOKEN_NAME:
        return named(into);
    case TOKEN_LEFT_ROUND:
        return round_pattern(into);
    case TOKEN_LEFT_SQUARE:
        return square_sequence(into);
    case TOKEN_LEFT_CURLY:
        return mapping(into);
    case TOKEN_NONE:
    case TOKEN_TRUE:
    case TOKEN_FALSE:
    case TOKEN_STRING:
    case TOKEN_FORMAT:
    case TOKEN_NUMBER:
    case TOKEN_MINUS:
        value(into, literal(p));
        return false;
    default:
        py_fail_token(p, "a pattern");
        return false;
    }
}

static bool pattern(Pattern *into)
{
    PyParser *p = into->p;
    py_enter(p);
    bool irrefutable = closed(into);
    while (py_accept(p, TOKEN_BAR))
        irrefutable = closed(into);
    py_leave(p);
    if (!py_accept(p, TOKEN_AS))
        return irrefutable;
    if (p->lexer.token.text == p->name_underscore)
        py_fail_token(p, "a name other than '_'");
    guint32 line = py_line(p);
    capture(into, py_expect_name(p), line);
    return irrefutable;
}

static PyExprs keep(PyParser *p, GPtrArray *list)
{
    size_t mark = py_mark(p);
    for (guint i = 0; i < list->len; i++)
        py_push_expr(p, list->pdata[i]);
    return py_take_exprs(p, mark);
}

void py_case_pattern(PyParser *p, PyCase *into)
{
    g_autoptr(GPtrArray) captured = g_ptr_array_new();
    g_autoptr(GPtrArray) values = g_ptr_array_new();
    Pattern pattern_into = {p, captured, values};
    bool star = py_kind(p) == TOKEN_STAR;
    if (star)
        maybe_star(&pattern_into);
    else
        into->irrefutable = pattern(&pattern_into);
    if (py_kind(p) == TOKEN_COMMA) {
        sequence_rest(&pattern_into, TOKEN_COLON, star);
        into->irrefutable = false;
    } else if (star)
        py_fail_token(p, "','");
    into->captured = keep(p, captured);
    into->values = keep(p, values);
}
