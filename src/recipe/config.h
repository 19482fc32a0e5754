/* The keys of a recipe that have no order: what the image's configuration says, what it must run
 * on, how it is packed. Absent lists are NULL, absent texts have text NULL. */
#pragma once

#include "text/decode.h"

typedef struct {
    char *name;
    Text uid, gid; /* numbers as written */
    char *home, *shell;
    GPtrArray *groups; /* Text */
    bool sudo;
    bool create; /* false: the short form `user: name`, which is made when the base lacks it */
    Span at;
} RecipeUser;

typedef enum {
    HEALTHCHECK_INHERIT, /* not said: the base's */
    HEALTHCHECK_NONE,
    HEALTHCHECK_GENERATED,
    HEALTHCHECK_CMD,
} HealthcheckKind;

typedef struct {
    HealthcheckKind kind;
    GPtrArray *cmd;                          /* Text */
    guint64 interval, timeout, start_period; /* milliseconds; 0: the default */
    guint64 retries;                         /* 0: the default */
    Span at;
} Healthcheck;

typedef struct {
    GPtrArray *gpus;                      /* Text: names, pools, sm_NN; or NULL */
    guint64 min_vram, min_ram, disk, shm; /* bytes; 0: not said */
    Text min_driver, min_cuda;
    Span at;
} RecipeHost;

typedef enum {
    RUNPOD_SERVERLESS,
    RUNPOD_LOAD_BALANCER,
    RUNPOD_POD,
} RunpodType;

typedef struct {
    int type; /* RunpodType */
    Text handler, start, volume;
    guint64 init_timeout; /* seconds; 0: not said */
    const Node *hub;      /* map with the platform's own keys, or NULL */
    const Node *tests;    /* list, or NULL */
    Span at;
} RecipeRunpod;

typedef enum {
    LAYERS_PACKAGE,
    LAYERS_STAGE,
    LAYERS_ONE,
} LayerStrategy;

typedef enum {
    LAYERS_GZIP,
    LAYERS_GZIP_SINGLE,
    LAYERS_ESTARGZ,
    LAYERS_ZSTD,
} LayerCompression;

typedef struct {
    char *name;
    GPtrArray *match; /* Text: names or globs */
    Span at;
} LayerGroup;

typedef struct {
    int strategy; /* LayerStrategy */
    guint64 budget;
    int compression;   /* LayerCompression */
    GPtrArray *groups; /* LayerGroup, or NULL */
} RecipeLayers;

typedef enum {
    BYTECODE_NONE,
    BYTECODE_UNCHECKED_HASH,
} Bytecode;

typedef struct RecipeConfig {
    GPtrArray *env; /* Pair; values may use $NAME and ${NAME} of the base */
    Text workdir;
    RecipeUser *user;                /* or NULL */
    GPtrArray *entrypoint, *cmd;     /* Text: exec form */
    GPtrArray *ports;                /* Text: "8000" or "8000/udp" */
    GPtrArray *volumes;              /* Text */
    GPtrArray *labels, *annotations; /* Pair */
    Text stop_signal;
    Healthcheck healthcheck;
    RecipeHost *host;     /* or NULL */
    RecipeRunpod *runpod; /* or NULL */
    RecipeLayers *layers; /* or NULL: package, 40, gzip */
    int bytecode;         /* Bytecode */
    Text mirror;
    GPtrArray *stage_path; /* Text */
} RecipeConfig;

/* What `env:` refuses by its name and value: a secret that every reader of the image could see. */
bool config_env_is_secret(const char *name, const char *value);
