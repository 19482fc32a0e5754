/* What may be assigned to or deleted (§7.2, §7.5). */
#include "facts/python_private.h"

static bool refuse(PyParser *p, const PyExpr *expr)
{
    py_fail(p, expr->line, "this can't be assigned to or deleted");
    return false;
}

static bool check_all(PyParser *p, PyExprs list, PyTargetUse use)
{
    for (unsigned i = 0; i < list.count; i++)
        if (!py_check_target(p, list.items[i], use))
            return false;
    return true;
}

bool py_check_target(PyParser *p, const PyExpr *expr, PyTargetUse use)
{
    PyExprKind kind = expr->kind;
    if (kind == PY_NAME)
        return expr->text != p->name_debug || refuse(p, expr);
    if (kind == PY_ATTRIBUTE || kind == PY_SUBSCRIPT)
        return true;
    if ((kind == PY_TUPLE || kind == PY_LIST) && use != PY_TARGET_SINGLE)
        return check_all(p, expr->items, use);
    if (kind == PY_STARRED && use == PY_TARGET_ASSIGN && expr->left->kind != PY_STARRED)
        return py_check_target(p, expr->left, use);
    return refuse(p, expr);
}
