/* Python source → tree, in one pass over the bytes, at tens of megabytes a second.
 *
 * The grammar of 3.8 to 3.14 is accepted as one language: what one of them rejects is not looked
 * for, but whatever CPython accepts must be read with the same meaning (tests compare with its own
 * `ast`). Python 2 files and damaged ones are errors, as importing them would be.
 *
 * Encodings: UTF-8 with or without a byte order mark, and "coding:" lines of latin-1 and ascii;
 * other encodings are errors. Hostile input: nesting and size are bounded. */
#pragma once

#include "base/error.h"
#include "facts/python_tree.h"

enum {
    PY_MAX_BYTES = 64 * 1024 * 1024,
    PY_MAX_DEPTH = 200, /* of nested brackets, as CPython's tokenizer; and of indentation: 100 */
};

/* ERROR_INPUT "line N: …"; `name` is what errors call the file. */
PyTree *py_parse(const char *name, const char *text, size_t length, GError **error);
