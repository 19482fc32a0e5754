/* `checks:` of a recipe: what must hold at build time, at start-up, and where the GPU is. */
#pragma once

#include "text/decode.h"

typedef enum {
    CHECK_VERSION,     /* items: requirements that the installed versions must satisfy */
    CHECK_CUDA,        /* items: CUDA versions or specifiers of torch ("12.4", ">=12.4,<13") */
    CHECK_INDEX,       /* pairs: distribution → index it must come from */
    CHECK_IMPORT,      /* items: modules */
    CHECK_MODULE,      /* items: modules that must be there; not imported */
    CHECK_SYMBOL,      /* items: module:name */
    CHECK_ABSENT,      /* items: names or globs of distributions */
    CHECK_FILE,        /* items: paths in the image */
    CHECK_ARCH,        /* items: "all", or architectures that every extension must cover */
    CHECK_WHEELS_ONLY, /* flag */
    CHECK_MAX_SIZE,    /* bytes */
    CHECK_PYTHON,      /* value: code */
    CHECK_CMD,         /* items: argument vector */
    CHECK_KIND_COUNT,
} CheckKind;

typedef struct {
    CheckKind kind;
    GPtrArray *items; /* Text, or NULL */
    GPtrArray *pairs; /* Pair, or NULL */
    Text value;
    guint64 bytes;
    bool flag;
    Span at; /* of the item */
} Check;

typedef struct RecipeChecks {
    GPtrArray *build, *runtime, *gpu; /* Check, or NULL */
} RecipeChecks;

const char *check_kind_name(CheckKind kind);
void check_free(void *check);
