/* Python source → tree, in one pass over the bytes, at tens of megabytes a second.
 *
 * The grammar of 3.8 to 3.14 is accepted as one language, and the tree says which of them it takes;
 * whatever CPython accepts is read with the same meaning (tests compare with its own `ast`). Python
 * 2 files and damaged ones are errors, as importing them would be.
 *
 * Encodings: UTF-8 with or without a byte order mark, and "coding:" lines of the usual others; rare
 * ones are errors. Hostile input: nesting and size are bounded. */
#pragma once

#include "base/error.h"
#include "facts/python_tree.h"

enum {
    PY_MAX_BYTES = 64 * 1024 * 1024,
    PY_MAX_DEPTH = 200,   /* of nested brackets, as CPython's tokenizer */
    PY_MAX_INDENTS = 100, /* as CPython's tokenizer */
    PY_MAX_RECURSION = 3000,
    PY_MAX_WIDE_NAME = 1024,       /* bytes of a name that is not ASCII */
    PY_MAX_HEIGHT = 4000,          /* of an expression; CPython stops at 3000 up to 3.12 */
    PY_MAX_STATEMENT_DEPTH = 3000, /* blocks within blocks, each elif counting */
};

/* "NAME: line N: …". ERROR_INPUT: no CPython reads it, importing it raises a SyntaxError (or one of
 * its kind). ERROR_FAILED: a limit or an encoding of ours, CPython may read it. What only CPython's
 * compiler refuses ("return" outside of a function, a late "from __future__") is read. The error's
 * span has the line of a mistake, and no source. */
PyTree *py_parse(const char *name, const char *text, size_t length, GError **error);
/* The same language and the same errors; but bodies of functions that import nothing take no memory
 * until py_function_body() is asked for them. Refers to the source. */
PyTree *py_parse_lazily(const char *name, GBytes *source, GError **error);
