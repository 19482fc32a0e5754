/* `model:` stages: a snapshot of a model hub's repository. */
#pragma once

#include "text/decode.h"

typedef struct ModelStage {
    Text repo;
    Text revision;                /* text NULL: the repository's default */
    GPtrArray *include, *exclude; /* Text: globs */
    Text dest;
    Text auth; /* id of a secret */
} ModelStage;
