/* `apt:` stages: Debian or Ubuntu packages on top of the base. */
#pragma once

#include "text/decode.h"

typedef struct {
    char *ppa; /* "ppa:owner/name", or NULL */
    char *uri, *suite, *key;
    GPtrArray *components; /* Text, or NULL: main */
    Span at;
} AptSource;

typedef struct AptStage {
    GPtrArray *packages; /* Text: "name", "name=version", "name:arch" */
    GPtrArray *scripts;  /* Pair: package → "ignore"; or NULL */
    GPtrArray *sources;  /* AptSource */
    bool recommends;
    Text snapshot; /* date of the archive */
} AptStage;
