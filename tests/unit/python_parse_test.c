/* What is read and refused, texts, lines, encodings and limits; whole trees are compared with
 * CPython's own by tests/oracle/python_ast.py. */
#include "facts/python_parse.h"
#include "test.h"

/* What CPython reads, and the oldest one that does; 0: none does. */
static const struct {
    const char *source;
    unsigned minor;
} sources[] = {
    {"", 8},
    {"x = 1\n", 8},
    {"print 'x'\n", 0},
    {"exec 'x'\n", 0},
    {"match = 1\nmatch(x)\nmatch[x] = 2\ntype = case = 3\n", 8},
    {"match x:\n case 1: pass\n", 10},
    {"type X = int\n", 12},
    {"try: pass\nexcept* E: pass\n", 11},
    {"try: pass\nexcept A, B: pass\n", 14},
    {"try: pass\nexcept A, b as c: pass\n", 0},
    {"with (a as b, c): pass\n", 9},
    {"with (a, b) as c: pass\n", 8},
    {"f\"{a['b']}\"\n", 8},
    {"f'{a['b']}'\n", 12},
    {"f'{a!r:>{w}}{{}}'\n", 8},
    {"f'{a!r }'\n", 12},
    {"f'{a:{b:{c}}}'\n", 12},
    {"f'{*a}'\n", 12},
    {"f'{a:>\n}'\n", 12},
    {"f'{a:\\N{BULLET}}'\n", 8},
    {"f'{(lambda: 1)}'\n", 8},
    {"f'{lambda: 1}'\n", 0},
    {"f'{}'\n", 0},
    {"f'{a'\n", 0},
    {"t'{a}'\n", 14},
    {"def f(a, /, b, *, c): pass\n", 8},
    {"def f[T](a: T) -> T: pass\n", 12},
    {"class A[T = int]: pass\n", 13},
    {"@a[0]\ndef f(): pass\n", 9},
    {"x[*a]\n", 11},
    {"f() = 1\n", 0},
    {"(a, b): int\n", 0},
    {"if x:\n  a\n b\n", 0},
    {"if x:\n        a\n\tb\n", 0},
    {"(\n", 0},
    {"x = 0777\n", 0},
    {"a <> b\n", 0},
    {"`a`\n", 0},
};

TEST(accepts_what_some_python_reads)
{
    for (size_t i = 0; i < G_N_ELEMENTS(sources); i++) {
        const char *source = sources[i].source;
        g_autoptr(PyTree) tree = py_parse("a.py", source, strlen(source), NULL);
        if ((tree ? tree->needs_minor : 0) != sources[i].minor)
            g_error("%s: %u and not %u", source, tree ? tree->needs_minor : 0, sources[i].minor);
    }
}

static const struct {
    const char *source, *message;
} mistakes[] = {
    {"x = (\n", "line 2: a bracket is never closed"},
    {"if x\n  y\n", "line 1: expected ':', found the end of the line"},
    {"\n\nprint 'x'\n", "line 3: expected the end of the line, found a string"},
    {"x = 'a\n'", "line 1: a string is not closed in its line"},
    {"x = '''a\n", "line 1: a string in triple quotes is not closed"},
    {"def f(a=1, b): pass\n", "line 1: a parameter without a default follows one with a default"},
    {"f(a=1, b)\n", "line 1: a positional argument follows keyword arguments"},
    {"1 = x\n", "line 1: this can't be assigned to or deleted"},
    {"x = 1\n  y = 2\n", "line 2: expected an expression, found a deeper indentation"},
    {"a\0b", "line 1: a zero byte"},
    {"'\xff'", "line 1: a byte that is not UTF-8"},
    {"try: pass\nx\n", "line 2: expected 'except' or 'finally', found 'x'"},
    {"f'{a'\n", "line 1: a string is not closed in its line"},
    {"'a' b'b'", "line 1: strings of different kinds are joined"},
};

TEST(says_what_is_wrong)
{
    for (size_t i = 0; i < G_N_ELEMENTS(mistakes); i++) {
        g_autoptr(GError) error = NULL;
        const char *source = mistakes[i].source;
        size_t length = strlen(source) + (source[1] == '\0' ? 2 : 0);
        g_assert_null(py_parse("a.py", source, length, &error));
        g_assert_error(error, ERROR_DOMAIN, ERROR_INPUT);
        g_autofree char *expected = g_strconcat("a.py: ", mistakes[i].message, NULL);
        assert_text(source, expected, error->message);
    }
}

/* `times` repetitions between two texts; the code of the error, or -1. */
static const struct {
    const char *before, *repeated;
    unsigned times;
    const char *after;
    int code;
} sizes[] = {
    {"", "(", 1000000, "", ERROR_INPUT},
    {"", "(", 200, "", ERROR_INPUT},
    {"x = ", "not ", 2900, "y", -1},
    {"x = ", "not ", 1000000, "y", ERROR_FAILED},
    {"x = ", "-", 1000000, "y", ERROR_FAILED},
    {"x = ", "a ** ", 300000, "y", ERROR_FAILED},
    {"x = ", "a if b else ", 2900, "y", -1},
    {"x = ", "a if b else ", 100000, "y", ERROR_FAILED},
    {"x = ", "lambda: ", 100000, "y", ERROR_FAILED},
    {"x = a", ".b", 2900, "", -1},
    {"x = a", ".b", 500000, "", ERROR_FAILED},
    {"x = a", "(0)[1]", 200000, "", ERROR_FAILED},
    {"x = a", " + a", 200000, "", ERROR_FAILED},
    {"x = a", " or a", 200000, "", -1},
    {"x = a", " < a", 200000, "", -1},
    {"x = ", "'a' ", 100000, "", -1},
    {"x = ", "f'{a}' ", 100000, "", -1},
    {"x = ", "f'{", 100000, "", ERROR_INPUT},
    {"x = f'", "{a:", 100000, "", ERROR_INPUT},
    {"x = [", "a, ", 300000, "]", -1},
    {"if a: pass\n", "elif b: pass\n", 2900, "", -1},
    {"if a: pass\n", "elif b: pass\n", 100000, "", ERROR_FAILED},
    {"with (", "a, ", 100000, "b) as c: pass", -1},
    {"match (", "a, ", 100000, "b)", -1},
    {"match a:\n case ", "[", 100000, "", ERROR_INPUT},
    {"match a:\n case ", "a | ", 100000, "b: pass", -1},
    {"", "\n", 1000000, "", -1},
    {"#\n", "\\\n", 500000, "x", -1},
    {"x = [a ", "for a in b ", 50000, "]", -1},
    {"", "\xc3\xa9", 1000000, "", ERROR_FAILED},
    {"import a", ".b", 100000, "", -1},
};

TEST(is_bounded)
{
    for (size_t i = 0; i < G_N_ELEMENTS(sizes); i++) {
        g_autoptr(GString) source = g_string_new(sizes[i].before);
        for (unsigned k = 0; k < sizes[i].times; k++)
            g_string_append(source, sizes[i].repeated);
        g_string_append(source, sizes[i].after);
        g_autoptr(GError) error = NULL;
        g_autoptr(PyTree) tree = py_parse("a.py", source->str, source->len, &error);
        if ((error ? error->code : -1) != sizes[i].code)
            g_error("%s%s%s: %s", sizes[i].before, sizes[i].repeated, sizes[i].after,
                    error ? error->message : "read");
    }
}

TEST(indents_are_bounded)
{
    g_autoptr(GString) source = g_string_new(NULL);
    for (unsigned i = 0; i <= PY_MAX_INDENTS; i++) {
        g_autofree char *whole = g_strdup_printf("%s%*spass\n", source->str, (int)i, "");
        g_autoptr(PyTree) tree = py_parse("a.py", whole, strlen(whole), NULL);
        g_assert_true((tree != NULL) == (i < PY_MAX_INDENTS));
        g_string_append_printf(source, "%*sif a:\n", (int)i, "");
    }
}

/* The text of a literal; NULL: not kept. */
static const struct {
    const char *literal, *text;
} texts[] = {
    {"'a'", "a"},
    {"'a' \"b\" '''c\nd'''", "abc\nd"},
    {"r'\\n'", "\\n"},
    {"'\\x41\\u0042\\U00000043\\104'", "ABCD"},
    {"'\\n\\t\\\\\\'\\\"\\q\\\n.'", "\n\t\\'\"\\q."},
    {"'\xc3\xa9'", "\xc3\xa9"},
    {"'\\xe9'", "\xc3\xa9"},
    {"'\\0'", NULL},
    {"'\\ud800'", NULL},
    {"'\\N{BULLET}'", NULL},
    {"''", ""},
};

TEST(texts_are_decoded)
{
    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
        const char *literal = texts[i].literal;
        g_autoptr(GError) error = NULL;
        g_autoptr(PyTree) tree = py_parse("a.py", literal, strlen(literal), &error);
        assert_no_error(g_steal_pointer(&error));
        const PyExpr *value = tree->body.items[0]->value;
        g_assert_true(value->kind == PY_STRING);
        assert_text(literal, texts[i].text ? texts[i].text : "(none)",
                    value->text ? value->text : "(none)");
    }
}

TEST(equal_texts_are_one_pointer)
{
    const char *source = "name = b.name(name='name')\n";
    g_autoptr(PyTree) tree = py_parse("a.py", source, strlen(source), NULL);
    const PyStmt *stmt = tree->body.items[0];
    const char *name = stmt->targets.items[0]->text;
    g_assert_true(stmt->value->left->text == name);
    g_assert_true(stmt->value->arguments[0].name == name);
    g_assert_true(stmt->value->arguments[0].value->text == name);
}

/* The second statement is a name, in the line and with the text given. */
static const struct {
    const char *source;
    guint32 line;
    const char *text;
} encoded[] = {
    {"pass\nx\n", 2, "x"},
    {"pass\r\nx\r\n", 2, "x"},
    {"pass\rx", 2, "x"},
    {"\xef\xbb\xbfpass;x", 1, "x"},
    {"# coding: latin-1\npass\n\xe9\n", 3, "\xc3\xa9"},
    {"#!/bin/sh\n# vim: fileencoding=koi8-r\npass\n\xc1\n", 4, "\xd0\xb0"},
    {"'''\n\n'''\n\\\n\nx", 6, "x"},
    {"pass\n\n\f# a\n \n\fx", 5, "x"},
    {"(1,\n2)\nx", 3, "x"},
    {"pass\n\xef\xac\x81", 2, "fi"},
};

TEST(lines_and_encodings)
{
    for (size_t i = 0; i < G_N_ELEMENTS(encoded); i++) {
        g_autoptr(GError) error = NULL;
        const char *source = encoded[i].source;
        g_autoptr(PyTree) tree = py_parse("a.py", source, strlen(source), &error);
        assert_no_error(g_steal_pointer(&error));
        g_assert_cmpuint(tree->body.count, ==, 2);
        const PyStmt *stmt = tree->body.items[1];
        g_assert_cmpuint(stmt->line, ==, encoded[i].line);
        assert_text(source, encoded[i].text, stmt->value->text);
    }
    const char *other = "# coding: cp037\n";
    g_autoptr(GError) error = NULL;
    g_assert_null(py_parse("a.py", other, strlen(other), &error));
    g_assert_error(error, ERROR_DOMAIN, ERROR_FAILED);
}

TEST(shapes)
{
    const char *source = "if a:\n  pass\nelif b:\n  try: pass\n  except (A, B) as e: pass\n"
                         "from ..p import (x as y, z)\n"
                         "match q:\n case [a, *_] | K(b) if c: pass\n case _: pass\n"
                         "@d\nasync def f(a, /, b=1, *, c): return -a ** b\n";
    g_autoptr(PyTree) tree = py_parse("a.py", source, strlen(source), NULL);
    g_assert_cmpuint(tree->body.count, ==, 4);
    const PyStmt *test = tree->body.items[0], *chained = test->orelse.items[0];
    g_assert_true(chained->kind == PY_IF && chained->line == 3 && chained->last_line == 5);
    const PyHandler *handler = &chained->body.items[0]->handlers[0];
    g_assert_true(handler->type->kind == PY_TUPLE && g_str_equal(handler->name, "e"));
    const PyStmt *from = tree->body.items[1];
    g_assert_true(from->level == 2 && g_str_equal(from->text, "p") && from->alias_count == 2);
    g_assert_cmpstr(from->aliases[0].as, ==, "y");
    const PyCase *first = &tree->body.items[2]->cases[0];
    g_assert_true(first->captured.count == 2 && first->values.count == 1 && first->guard);
    g_assert_true(!first->irrefutable && first[1].irrefutable);
    const PyStmt *function = tree->body.items[3];
    g_assert_true(function->async && function->line == 11 && function->decorators.count == 1);
    g_assert_true(function->parameters[0].positional_only && function->parameters[3].keyword_only);
    const PyExpr *minus = function->body.items[0]->value;
    g_assert_true(minus->kind == PY_UNARY && minus->left->kind == PY_BINARY);
}

static const char with_functions[] =
    "class A:\n"
    "    def plain(self, a):\n"
    "        if a:\n"
    "            def inner():\n"
    "                global g\n"
    "                return [self.first(x) for x in a], {'key': a.second, 'other': a.third}\n"
    "        # the end\n"
    "    def brings(self): import os; return os.path.join(self.a, self.b, self.c, self.d)\n"
    "\n"
    "def gives(a):\n"
    "    yield from (a.first.second.third, a.second.third.first, a.third.first.second, 1, 2)";

TEST(bodies_are_read_when_they_are_asked_for)
{
    g_autoptr(GBytes) bytes = g_bytes_new_static(with_functions, strlen(with_functions));
    g_autoptr(PyTree) tree = py_parse_lazily("a.py", bytes, NULL);
    const PyBlock class = tree->body.items[0]->body;
    const PyStmt *plain = class.items[0], *brings = class.items[1], *gives = tree->body.items[1];
    g_assert_true(plain->lazy && plain->globals && !plain->yields && !plain->imports);
    g_assert_true(!brings->lazy && brings->imports);
    g_assert_true(gives->lazy && gives->yields && !gives->globals);
    const PyBlock body = py_function_body(plain), again = py_function_body(plain);
    g_assert_true(body.count == 1 && again.items == body.items);
    const PyStmt *inner = body.items[0]->body.items[0];
    g_assert_true(inner->lazy && inner->line == 4 && inner->last_line == 6);
    const PyBlock inside = py_function_body(inner);
    g_assert_true(inside.count == 2 && inside.items[1]->kind == PY_RETURN);
    g_assert_cmpuint(inside.items[1]->value->line, ==, 6);
    const PyExpr *value = py_function_body(gives).items[0]->value;
    g_assert_true(value->kind == PY_YIELD_FROM && value->line == 11);
}
