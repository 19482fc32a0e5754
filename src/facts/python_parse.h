/* Python source → tree, in one pass over the bytes, at tens of megabytes a second.
 *
 * The grammar of 3.8 to 3.14 is accepted as one language: what one of them rejects is not looked
 * for, but whatever CPython accepts must be read with the same meaning (tests compare with its own
 * `ast`). Python 2 files and damaged ones are errors, as importing them would be.
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
    PY_MAX_RECURSION = 1500,
    PY_MAX_WIDE_NAME = 1024,       /* bytes of a name that is not ASCII */
    PY_MAX_HEIGHT = 4000,          /* of an expression; CPython's compiler stops before that */
    PY_MAX_STATEMENT_DEPTH = 2000, /* blocks within blocks, each elif counting */
};

/* ERROR_INPUT "line N: …"; `name` is what errors call the file. */
PyTree *py_parse(const char *name, const char *text, size_t length, GError **error);
