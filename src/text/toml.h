/* TOML in: the same tree of nodes that YAML gives, from a document of TOML 1.0.0 (toml.io).
 *
 * A string is a quoted scalar; a number, a date or a truth value is a plain one whose text is what
 * the file says, checked but not converted. Tables, inline or not, are maps in the order of their
 * keys' first mention; arrays are lists. The node of a table stands where its header stands, that
 * of an element of an array of tables at its own `[[…]]`.
 *
 * Reading stops at the first mistake. Two texts that TOML allows are refused: a NUL character, and
 * more than LIMIT_TOML_DEPTH levels. LIMIT_TOML_NODES bounds the number of values.
 *
 * Written here because the C libraries for TOML in Debian are C++ headers; a reader of our own
 * keeps the place of every value and the limits. */
#pragma once

#include "text/yaml.h"

/* The root, a map; NULL after a mistake, which is in diags. */
const Node *toml_parse(NodeArena *arena, Source *source, Diags *diags);
