/* Modules that an older installation left behind and that can't be imported any more: a `from X
 * import name` at their top level, outside of any `try`, whose X lies in the image and has no such
 * name. The proof is the text of X: the name is no word of it, and nothing in it makes names as it
 * runs (`__getattr__`, `import *`, globals() and the like). */
#pragma once

#include "check/file_space.h"

typedef struct {
    const SpaceFile *file; /* the stale one */
    unsigned line;         /* of the import */
    char *name;
    const SpaceFile *module; /* which has no such name */
} StaleBreak;

/* Brings what stale_modules_find() reads. */
void stale_modules_bring(const FileSpace *space, WheelViews *views);
/* StaleBreak, the first one of each stale module, by path. What was not brought is left out. */
GPtrArray *stale_modules_find(const FileSpace *space);
