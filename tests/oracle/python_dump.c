/* Asked by tests/oracle/python_ast.py: each path read from stdin is parsed, and its tree printed in
 * the form that the oracle makes of CPython's own: "= BYTES", then as many of "+ MINOR@LINE" (the
 * oldest Python 3 that reads it) and the tree, or of "! MESSAGE". */
#include "base/auto.h"
#include "facts/python_parse.h"

#include <unistd.h>

static void expr(GString *out, const PyExpr *e);

static void text(GString *out, const char *value)
{
    if (!value) {
        g_string_append_c(out, '?');
        return;
    }
    g_string_append_c(out, '"');
    for (const guchar *c = (const guchar *)value; *c; c++) {
        if (*c < 0x20 || *c >= 0x7F || *c == '"' || *c == '\\')
            g_string_append_printf(out, "\\%02x", *c);
        else
            g_string_append_c(out, (char)*c);
    }
    g_string_append_c(out, '"');
}

static void all(GString *out, PyExprs list)
{
    for (unsigned i = 0; i < list.count; i++) {
        g_string_append_c(out, ' ');
        expr(out, list.items[i]);
    }
}

static void arguments(GString *out, const PyArgument *list, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        g_string_append_c(out, ' ');
        g_string_append(out, list[i].stars == 1 ? "*" : list[i].stars == 2 ? "**" : "");
        if (list[i].name)
            g_string_append_printf(out, "%s=", list[i].name);
        expr(out, list[i].value);
    }
}

static void parameters(GString *out, const PyParameter *list, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        if (list[i].stars == 1 && !list[i].name)
            continue;
        g_string_append_printf(out, " %s%s%s",
                               list[i].positional_only ? "/"
                               : list[i].keyword_only  ? "!"
                                                       : "",
                               list[i].stars == 1   ? "*"
                               : list[i].stars == 2 ? "**"
                                                    : "",
                               list[i].name);
        if (list[i].annotation) {
            g_string_append_c(out, ':');
            expr(out, list[i].annotation);
        }
        if (list[i].default_value) {
            g_string_append_c(out, '=');
            expr(out, list[i].default_value);
        }
    }
}

static void clauses(GString *out, const PyExpr *e)
{
    for (unsigned i = 0; i < e->clause_count; i++) {
        g_string_append(out, e->clauses[i].async ? " async-for " : " for ");
        expr(out, e->clauses[i].target);
        g_string_append(out, " in ");
        expr(out, e->clauses[i].iterable);
        for (unsigned k = 0; k < e->clauses[i].conditions.count; k++) {
            g_string_append(out, " if ");
            expr(out, e->clauses[i].conditions.items[k]);
        }
    }
}

/* clang-format off */
static const char *const kinds[] = {
    [PY_NAME] = "name", [PY_ATTRIBUTE] = "attribute", [PY_SUBSCRIPT] = "subscript",
    [PY_CALL] = "call", [PY_STRING] = "string", [PY_BYTES] = "bytes", [PY_FSTRING] = "fstring",
    [PY_NUMBER] = "number", [PY_NONE] = "None", [PY_TRUE] = "True", [PY_FALSE] = "False",
    [PY_ELLIPSIS] = "...", [PY_TUPLE] = "tuple", [PY_LIST] = "list", [PY_SET] = "set",
    [PY_DICT] = "dict", [PY_NOT] = "not", [PY_UNARY] = "unary", [PY_BINARY] = "binary",
    [PY_AND] = "and", [PY_OR] = "or", [PY_COMPARE] = "compare", [PY_CONDITIONAL] = "conditional",
    [PY_LAMBDA] = "lambda", [PY_COMPREHENSION] = "comprehension", [PY_AWAIT] = "await",
    [PY_YIELD] = "yield", [PY_YIELD_FROM] = "yield-from", [PY_STARRED] = "starred",
    [PY_NAMED] = "named", [PY_SLICE] = "slice",
};
static const char *const operators[] = {"==", "!=", "<", "<=", ">", ">=", "is", "is-not", "in",
                                        "not-in"};
static const char *const statements[] = {
    [PY_EXPRESSION] = "expression", [PY_ASSIGN] = "assign", [PY_ANNOTATED] = "annotated",
    [PY_AUGMENTED] = "augmented", [PY_IMPORT] = "import", [PY_IMPORT_FROM] = "from",
    [PY_IF] = "if", [PY_WHILE] = "while", [PY_FOR] = "for", [PY_WITH] = "with", [PY_TRY] = "try",
    [PY_FUNCTION] = "def", [PY_CLASS] = "class", [PY_RETURN] = "return", [PY_RAISE] = "raise",
    [PY_ASSERT] = "assert", [PY_DELETE] = "del", [PY_GLOBAL] = "global",
    [PY_NONLOCAL] = "nonlocal", [PY_PASS] = "pass", [PY_BREAK] = "break",
    [PY_CONTINUE] = "continue", [PY_MATCH] = "match", [PY_TYPE] = "type",
};
/* clang-format on */

static void maybe(GString *out, const PyExpr *e)
{
    if (!e)
        return;
    g_string_append_c(out, ' ');
    expr(out, e);
}

static void compare(GString *out, const PyExpr *e)
{
    for (unsigned i = 0; i < e->items.count; i++) {
        g_string_append_printf(out, " %s ", operators[e->operators[i]]);
        expr(out, e->items.items[i]);
    }
}

static void expr(GString *out, const PyExpr *e)
{
    if (!e) {
        g_string_append_c(out, '-');
        return;
    }
    g_string_append_printf(out, "(%s@%u", kinds[e->kind], e->line);
    if (e->kind == PY_STRING) {
        g_string_append_c(out, ' ');
        text(out, e->text);
    } else if (e->text)
        g_string_append_printf(out, " %s", e->text);
    maybe(out, py_has(e, PY_LEFT) ? e->left : NULL);
    maybe(out, py_has(e, PY_TEST) ? e->test : NULL);
    maybe(out, py_has(e, PY_RIGHT) ? e->right : NULL);
    if (e->kind == PY_COMPARE)
        compare(out, e);
    else if (py_has(e, PY_ITEMS))
        all(out, e->items);
    if (e->kind == PY_CALL)
        arguments(out, e->arguments, e->argument_count);
    else if (e->kind == PY_LAMBDA)
        parameters(out, e->parameters, e->parameter_count);
    else if (e->kind == PY_COMPREHENSION)
        clauses(out, e);
    g_string_append_c(out, ')');
}

static void block(GString *out, unsigned depth, const char *label, PyBlock body);

static void line(GString *out, unsigned depth)
{
    g_string_append_printf(out, "\n%*s", (int)depth, "");
}

static void labelled(GString *out, const char *label, const PyExpr *e)
{
    if (!e)
        return;
    g_string_append_printf(out, " %s ", label);
    expr(out, e);
}

static void handlers(GString *out, unsigned depth, const PyStmt *s)
{
    for (unsigned i = 0; i < s->handler_count; i++) {
        line(out, depth);
        g_string_append_printf(out, "except@%u", s->handlers[i].line);
        maybe(out, s->handlers[i].type);
        if (s->handlers[i].name)
            g_string_append_printf(out, " as %s", s->handlers[i].name);
        block(out, depth + 1, "", s->handlers[i].body);
    }
}

static void cases(GString *out, unsigned depth, const PyStmt *s)
{
    for (unsigned i = 0; i < s->case_count; i++) {
        const PyCase *c = &s->cases[i];
        line(out, depth);
        g_string_append(out, c->irrefutable ? "case-any" : "case");
        all(out, c->captured);
        g_string_append(out, " :");
        all(out, c->values);
        labelled(out, "if", c->guard);
        block(out, depth + 1, "", c->body);
    }
}

static void names(GString *out, const PyStmt *s)
{
    for (unsigned i = 0; py_has_aliases(s) && i < s->alias_count; i++) {
        g_string_append_printf(out, " %s", s->aliases[i].name);
        if (s->aliases[i].as)
            g_string_append_printf(out, " as %s", s->aliases[i].as);
    }
}

static void statement(GString *out, unsigned depth, const PyStmt *s)
{
    line(out, depth);
    g_string_append_printf(out, "%s%s%s@%u-%u", s->async ? "async-" : "", statements[s->kind],
                           s->star ? "*" : "", s->line, s->last_line);
    if (s->level)
        g_string_append_printf(out, " .%u", s->level);
    if (s->text)
        g_string_append_printf(out, " %s", s->text);
    bool compound = py_is_compound(s);
    for (unsigned i = 0; compound && i < s->decorators.count; i++)
        labelled(out, "@", s->decorators.items[i]);
    all(out, s->targets);
    labelled(out, ":", s->annotation);
    labelled(out, "=", s->value);
    labelled(out, ",", s->cause);
    names(out, s);
    if (!compound)
        return;
    parameters(out, s->parameters, s->parameter_count);
    arguments(out, s->arguments, s->argument_count);
    for (unsigned i = 0; i < s->with_count; i++) {
        labelled(out, "with", s->with_items[i].context);
        labelled(out, "as", s->with_items[i].target);
    }
    block(out, depth + 1, "", s->kind == PY_FUNCTION ? py_function_body(s) : s->body);
    handlers(out, depth, s);
    cases(out, depth + 1, s);
    block(out, depth + 1, "else", s->orelse);
    block(out, depth + 1, "finally", s->final);
}

static void block(GString *out, unsigned depth, const char *label, PyBlock body)
{
    if (body.count > 0 && *label) {
        line(out, depth - 1);
        g_string_append(out, label);
    }
    for (unsigned i = 0; i < body.count; i++)
        statement(out, depth, body.items[i]);
}

static gboolean write_all(const char *bytes, size_t length)
{
    for (size_t at = 0; at < length;) {
        ssize_t count = write(STDOUT_FILENO, bytes + at, length - at);
        if (count <= 0)
            return FALSE;
        at += (size_t)count;
    }
    return TRUE;
}

static gboolean dump(const char *path)
{
    g_autofree char *source = NULL;
    gsize length;
    g_autoptr(GError) error = NULL;
    g_autoptr(GString) out = g_string_new(NULL);
    g_autoptr(PyTree) tree = NULL;
    if (g_file_get_contents(path, &source, &length, &error)) {
        g_autoptr(GBytes) bytes = g_bytes_new_take(g_steal_pointer(&source), length);
        tree = py_parse_lazily("file", bytes, &error);
    }
    if (tree) {
        g_string_append_printf(out, "+ %u@%u", tree->needs_minor, tree->needs_line);
        block(out, 0, "", tree->body);
    } else
        g_string_append_printf(out, "! %s", error->message);
    g_autofree char *head = g_strdup_printf("= %zu\n", out->len);
    g_string_append_c(out, '\n');
    return write_all(head, strlen(head)) && write_all(out->str, out->len);
}

int main(void)
{
    char path[4096];
    while (fgets(path, sizeof path, stdin)) {
        g_strchomp(path);
        if (!dump(path))
            return 2;
    }
    return 0;
}
