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
