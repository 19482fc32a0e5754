/* `run:` stages: a script that is executed in the sandbox. */
#pragma once

#include "text/decode.h"

typedef struct {
    bool tmpfs; /* else a cache that outlives the build */
    char *target;
    Span at;
} RunMount;

typedef struct RunStage {
    Text script;      /* as written; variables arrive as environment variables */
    GPtrArray *shell; /* Text, or NULL: bash -euo pipefail -c */
    bool network;
    GPtrArray *secrets; /* Text: ids */
    GPtrArray *mounts;  /* RunMount */
    Text user, workdir;
    GPtrArray *keep;   /* Text: globs of what remains; empty: everything */
    GPtrArray *inputs; /* Text: globs in the recipe's folder that the script reads */
} RunStage;
