/* `include:`: the keys of other files beneath those of a recipe. Maps are merged, lists appended
 * (the included file's items first), of two texts the including file's counts; `cmd` and
 * `entrypoint` are replaced whole. A file counts once, however often it is named. */
#pragma once

#include "text/yaml.h"

/* The tree of `source` with everything it includes. `dir` is the folder of the file, `path` its
 * full path. Sources read are appended to `sources`. NULL when the file can't be used. */
const Node *include_load(NodeArena *arena, Source *source, const char *path, GPtrArray *sources,
                         Diags *diags);
