/* `remove:` stages: paths that leave the image. */
#pragma once

#include "text/decode.h"

typedef struct RemoveStage {
    GPtrArray *paths; /* Text: absolute globs */
} RemoveStage;
