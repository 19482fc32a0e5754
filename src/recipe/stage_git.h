/* `git:` stages: a working tree of a repository. */
#pragma once

#include "text/decode.h"

typedef struct GitStage {
    Text url;
    Text commit, tag, branch; /* exactly one is set */
    Text dest;
    bool submodules, lfs, keep_git;
    GPtrArray *patches; /* Text: files in the recipe's folder */
} GitStage;
