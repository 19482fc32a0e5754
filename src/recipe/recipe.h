/* A recipe: one YAML file (with what it includes), decoded for one matrix row.
 *
 * RecipeFile is the document: node tree, variables, rows. Recipe is its value for one row:
 * variables substituted, `when` applied, stage definitions expanded, every field typed, every value
 * with its span. Both are immutable once made. Spans and strings belong to the document; a Recipe
 * keeps a reference to its RecipeFile. Specification: the recipe language, ramekin-recipe(5). */
#pragma once

#include "base/diags.h"
#include "facts/host_tables.h"
#include "recipe/stage.h"

typedef struct RecipeFile RecipeFile;

typedef struct {
    const char *const *vars;       /* "key=value" of --var, NULL-terminated, or NULL */
    const char *const *stage_path; /* further folders of stage definitions, or NULL */
    const char *shipped_stages;    /* folder of the shipped definitions */
    const HostTables *tables;      /* outlive the recipe; NULL: GPUs are not looked up */
    /* of a file that is not where the user has it, such as one of a git revision: */
    const char *shown;  /* what messages and locks call it; NULL: its path */
    const char *origin; /* source_set_origin() of it and its includes; or NULL */
} RecipeOptions;

/* Reads the recipe and everything it includes. NULL when it can't be used at all; mistakes that
 * leave a usable tree are in diags too. */
RecipeFile *recipe_file_load(const char *path, const RecipeOptions *options, Diags *diags);
/* The same for a text that is in memory and was, or would be, at `path`. Takes a reference. */
RecipeFile *recipe_file_from_source(Source *source, const char *path, Diags *diags);
RecipeFile *recipe_file_ref(RecipeFile *file);
void recipe_file_unref(RecipeFile *file);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RecipeFile, recipe_file_unref)

/* Names of the matrix rows in file order, NULL-terminated; {NULL} when there is no matrix. */
const char *const *recipe_file_rows(const RecipeFile *file);
const char *recipe_file_path(const RecipeFile *file);
/* Folder of the recipe: what relative paths count from, and the build context. */
const char *recipe_file_dir(const RecipeFile *file);
/* source_set_origin() of files that are named from that folder; or NULL. Caller frees. */
char *recipe_file_origin(const RecipeFile *file);
/* Sources read (recipe, includes, stage definitions), in order; borrowed. */
const GPtrArray *recipe_file_sources(const RecipeFile *file);

typedef enum {
    TARGET_IMAGE,
    TARGET_ENV,
} RecipeTarget;

typedef enum {
    BASE_NONE, /* target: env */
    BASE_SCRATCH,
    BASE_IMAGE,  /* reference (registry, oci:, oci-archive:, docker-archive:, rootfs:) */
    BASE_DEBIAN, /* debian: or ubuntu: suite, packages, snapshot */
} BaseKind;

typedef struct {
    BaseKind kind;
    char *reference;                       /* BASE_IMAGE: as written */
    char *digest;                          /* sha256:… given by the recipe, or NULL */
    char *distribution, *suite, *snapshot; /* BASE_DEBIAN */
    GPtrArray *packages;                   /* Text */
    Span at;
} RecipeBase;

typedef struct {
    char *version; /* "3.11", or NULL: not said (or `from: base`) */
    char *venv;    /* or NULL */
    char *prefix;  /* or NULL: /usr/local */
    char *scheme;  /* "posix", "debian" or NULL */
    bool from_base;
    Span at;
} RecipePython;

typedef struct {
    char *name;
    char *url;
    GPtrArray *packages; /* Text globs, or NULL */
    bool only;
    char *auth; /* id of a secret, or NULL */
    Span at;
} RecipeIndex;

typedef struct {
    char *finding, *match, *why;
    Span at;
} RecipeIgnore;

typedef struct {
    char *id, *env, *file;
    Span at;
} RecipeSecret;

/* A helper image: nothing of it reaches the image but what `files: {from: NAME}` takes. */
typedef struct {
    char *name;
    RecipeBase base;
    RecipePython python;
    GPtrArray *stages; /* Stage */
    GPtrArray *env;    /* Pair */
    Span at;
} RecipePart;

typedef struct {
    RecipeFile *file; /* reference */
    char *row;        /* NULL: no matrix */
    GPtrArray *vars;  /* Pair: every variable's value in this row, in order of name */

    char *name, *description;
    RecipeTarget target;
    GPtrArray *platforms; /* Text, at least one */
    RecipeBase base;
    RecipePython python;
    Text libc;                          /* text NULL: not given */
    Text macos;                         /* "14.0"; text NULL: not given */
    GPtrArray *indexes;                 /* RecipeIndex: the recipe's own, in order */
    GPtrArray *constraints, *overrides; /* FileOrLine */
    GPtrArray *exclude;                 /* FileOrLine */
    bool resolve_together;
    Text exclude_newer;          /* text NULL: none */
    GPtrArray *protect;          /* Text: names or globs, of the recipe and its definitions */
    GPtrArray *stages;           /* Stage, flattened, in order */
    GPtrArray *parts;            /* RecipePart */
    GPtrArray *ignore;           /* RecipeIgnore */
    GPtrArray *secrets;          /* RecipeSecret */
    struct RecipeChecks *checks; /* recipe/checks.h */
    const HostTables *tables;    /* borrowed, or NULL */
    GPtrArray *gpus;             /* GpuTarget: what `host: {gpus}` means; empty without tables */
    struct RecipeConfig *config; /* recipe/config.h: env, user, entrypoint … host, runpod, layers */
} Recipe;

/* `row` NULL where there is a matrix: an error naming the rows. NULL when there are errors in
 * diags. */
Recipe *recipe_decode(RecipeFile *file, const char *row, const RecipeOptions *options,
                      Diags *diags);
void recipe_free(Recipe *recipe);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Recipe, recipe_free)

/* The URL that a name stands for: the recipe's index, or a built-in one (cpu, cuNNN, rocmN.N); NULL
 * when unknown or `main`. Caller frees. */
char *recipe_index_url(const Recipe *recipe, const char *name);

/* The JSON schema of recipes, and the key tables of ramekin-recipe(5) as scdoc, from the field
 * tables. */
char *recipe_schema_json(void);
char *recipe_manual_scdoc(void);
