/* Arguments of calls and classes (§6.3.4), parameters of functions and lambdas (§8.7), type
 * parameters (§8.10). */
#include "facts/python_private.h"

/* --- Arguments ----------------------------------------------------------------------------- */

/* What was seen of a list of arguments so far. */
typedef struct {
    bool keyword, double_star;
} Seen;

static PyExpr *generator(PyParser *p, guint32 line, PyExpr *element)
{
    PyExpr *expr = py_expr_new(p, PY_COMPREHENSION, line);
    size_t mark = py_mark(p);
    py_push_expr(p, element);
    expr->items = py_take_exprs(p, mark);
    expr->text = "generator";
    py_hold(p, expr, element);
    py_comprehension(p, expr);
    return expr;
}

static void check_order(PyParser *p, const PyArgument *argument, Seen *seen)
{
    if (argument->stars == 2)
        seen->double_star = true;
    else if (argument->name)
        seen->keyword = true;
    else if (seen->double_star || (seen->keyword && argument->stars == 0))
        py_fail(p, argument->value->line, "a positional argument follows keyword arguments");
}

static PyArgument argument(PyParser *p)
{
    TokenKind first = py_kind(p);
    PyArgument argument = {0};
    if (py_accept(p, TOKEN_STAR))
        argument.stars = 1;
    else if (py_accept(p, TOKEN_POWER))
        argument.stars = 2;
    argument.value = argument.stars ? py_expression(p) : py_named_expression(p);
    if (first == TOKEN_NAME && argument.value->kind == PY_NAME && py_accept(p, TOKEN_ASSIGN)) {
        argument.name = argument.value->text;
        argument.value = py_expression(p);
        if (argument.name == p->name_debug)
            py_fail(p, argument.value->line, "__debug__ can't be assigned to");
    }
    return argument;
}

void py_arguments(PyParser *p, guint32 line, bool may_generate, const PyArgument **ret_arguments,
                  unsigned *ret_count)
{
    size_t mark = py_mark(p);
    Seen seen = {0};
    while (py_kind(p) != TOKEN_RIGHT_ROUND && !p->failed) {
        PyArgument next = argument(p);
        bool alone = may_generate && py_mark(p) == mark && !next.name && next.stars == 0;
        if (alone && (py_kind(p) == TOKEN_FOR || py_kind(p) == TOKEN_ASYNC)) {
            next.value = generator(p, line, (PyExpr *)next.value);
            py_push(p, &next, sizeof next);
            break;
        }
        check_order(p, &next, &seen);
        py_push(p, &next, sizeof next);
        if (!py_accept(p, TOKEN_COMMA))
            break;
    }
    py_expect(p, TOKEN_RIGHT_ROUND, "')'");
    *ret_arguments = py_take(p, mark, sizeof(PyArgument), ret_count);
}

/* --- Parameters ---------------------------------------------------------------------------- */

typedef struct {
    PyParser *p;
    TokenKind end;
    size_t mark;
    bool slash, star, double_star, defaults, names_wanted;
} Parameters;

static const PyExpr *parameter_annotation(Parameters *list, unsigned stars)
{
    PyParser *p = list->p;
    if (list->end == TOKEN_COLON || !py_accept(p, TOKEN_COLON))
        return NULL;
    if (stars != 1 || py_kind(p) != TOKEN_STAR)
        return py_expression(p);
    py_needs(p, 11, py_line(p));
    PyExpr *starred = py_expr_new(p, PY_STARRED, py_line(p));
    py_next(p);
    starred->left = py_bitwise_or(p);
    py_hold(p, starred, starred->left);
    return starred;
}

static void plain_parameter(Parameters *list)
{
    PyParser *p = list->p;
    guint32 line = py_line(p);
    PyParameter parameter = {.name = py_expect_name(p), .keyword_only = list->star};
    parameter.annotation = parameter_annotation(list, 0);
    if (py_accept(p, TOKEN_ASSIGN)) {
        parameter.default_value = py_expression(p);
        list->defaults = list->defaults || !list->star;
    } else if (list->defaults && !list->star)
        py_fail(p, line, "a parameter without a default follows one with a default");
    list->names_wanted = false;
    py_push(p, &parameter, sizeof parameter);
}

static void star_parameter(Parameters *list)
{
    PyParser *p = list->p;
    if (list->star)
        py_fail(p, py_line(p), "a second '*' among parameters");
    list->star = true;
    py_next(p);
    PyParameter parameter = {.stars = 1};
    if (py_kind(p) == TOKEN_NAME) {
        parameter.name = py_expect_name(p);
        parameter.annotation = parameter_annotation(list, 1);
    } else
        list->names_wanted = true;
    py_push(p, &parameter, sizeof parameter);
}

static void double_star_parameter(Parameters *list)
{
    PyParser *p = list->p;
    if (list->names_wanted)
        py_fail(p, py_line(p), "a bare '*' needs named parameters behind it");
    list->double_star = true;
    py_next(p);
    PyParameter parameter = {.stars = 2, .name = py_expect_name(p)};
    parameter.annotation = parameter_annotation(list, 2);
    py_push(p, &parameter, sizeof parameter);
}

static void slash(Parameters *list)
{
    PyParser *p = list->p;
    if (list->slash || list->star || py_mark(p) == list->mark)
        py_fail(p, py_line(p), "'/' can't stand here");
    list->slash = true;
    py_next(p);
    for (size_t at = list->mark; at < p->scratch_used; at += sizeof(PyParameter))
        ((PyParameter *)(void *)(p->scratch + at))->positional_only = true;
}

void py_parameters(PyParser *p, TokenKind end, const PyParameter **ret_parameters,
                   unsigned *ret_count)
{
    Parameters list = {.p = p, .end = end, .mark = py_mark(p)};
    while (py_kind(p) != end && !p->failed) {
        if (list.double_star)
            py_fail(p, py_line(p), "nothing may follow '**' among parameters");
        if (py_kind(p) == TOKEN_STAR)
            star_parameter(&list);
        else if (py_kind(p) == TOKEN_POWER)
            double_star_parameter(&list);
        else if (py_kind(p) == TOKEN_SLASH)
            slash(&list);
        else
            plain_parameter(&list);
        if (!py_accept(p, TOKEN_COMMA))
            break;
    }
    if (list.names_wanted)
        py_fail(p, py_line(p), "a bare '*' needs named parameters behind it");
    py_expect(p, end, end == TOKEN_COLON ? "':'" : "')'");
    *ret_parameters = py_take(p, list.mark, sizeof(PyParameter), ret_count);
}

/* --- Type parameters ----------------------------------------------------------------------- */

static void type_parameter(PyParser *p)
{
    unsigned stars = 0;
    if (py_accept(p, TOKEN_STAR))
        stars = 1;
    else if (py_accept(p, TOKEN_POWER))
        stars = 2;
    py_expect_name(p);
    if (stars == 0 && py_accept(p, TOKEN_COLON))
        py_expression(p);
    if (py_kind(p) != TOKEN_ASSIGN)
        return;
    py_needs(p, 13, py_line(p));
    py_next(p);
    if (stars != 1 || !py_accept(p, TOKEN_STAR))
        py_expression(p);
    else
        py_bitwise_or(p);
}

/* "[T: int = str, *Ts, **P]", read and not kept: its expressions run when somebody asks. */
void py_type_parameters(PyParser *p)
{
    if (py_kind(p) != TOKEN_LEFT_SQUARE)
        return;
    py_needs(p, 12, py_line(p));
    py_next(p);
    do
        type_parameter(p);
    while (py_accept(p, TOKEN_COMMA) && py_kind(p) != TOKEN_RIGHT_SQUARE && !p->failed);
    py_expect(p, TOKEN_RIGHT_SQUARE, "']'");
}
