/* What the decoders of a recipe share: the state of one run over one row, and the field types and
 * text rules of the language. For the files of this folder only. */
#pragma once

#include "recipe/checks.h"
#include "recipe/config.h"
#include "recipe/recipe.h"
#include "recipe/vars.h"
#include "text/decode.h"

/* decoder->context. */
typedef struct {
    RecipeFile *file;
    const RecipeOptions *options;
    Recipe *recipe;
    Scope *scope;                  /* of the text that is decoded now; borrowed */
    GPtrArray *contributions;      /* Contribution, see definition.h */
    unsigned depth;                /* of definitions inside definitions */
    struct Definition *definition; /* the one that is decoded now, or NULL */
    Span use_site;                 /* its key in the recipe */
    unsigned stage_count;          /* decoded so far, with uses of definitions */
} RecipeContext;

RecipeContext *recipe_context(Decoder *decoder);

/* Fields of a recipe file that other files of this folder fill or read. */
struct RecipeFile {
    char *path, *dir;
    NodeArena *arena;
    GPtrArray *sources;      /* Source, owned */
    const Node *root;        /* includes merged */
    GPtrArray *declarations; /* Declaration of `vars:` */
    GPtrArray *rows;         /* MatrixRow */
    GPtrArray *row_names;    /* borrowed char *, NULL-terminated */
    GPtrArray *definitions;  /* Definition, loaded so far */
};

/* Text rules; each reports what is wrong. */
extern const TextRule rule_name;         /* letters, digits, "._-" */
extern const TextRule rule_env_key;      /* a shell's variable name */
extern const TextRule rule_context_path; /* relative, inside the recipe's folder */
extern const TextRule rule_input_path;   /* the same, or absolute: inside the image */
extern const TextRule rule_image_path;   /* absolute */
extern const TextRule rule_distribution; /* name or glob of a distribution */
extern const TextRule rule_requirement;  /* PEP 508 */
extern const TextRule rule_install;      /* what pip takes on its command line */
extern const TextRule rule_url;
extern const TextRule rule_mode; /* octal */
extern const TextRule rule_sha256;

bool path_escapes(const char *path);

/* Field types of the language. */
extern const FieldType type_env;           /* GPtrArray of Pair, secrets refused */
extern const FieldType type_env_assigned;  /* char **, secrets refused */
extern const FieldType type_file_or_lines; /* GPtrArray of FileOrLine; a scalar is a file */
extern const FieldType type_input_files;   /* the same, where image paths are allowed */
extern const FieldType type_names;         /* GPtrArray of Text: names of requirements kept */
extern const FieldType type_when;          /* no slot: evaluated by when_matches() */
extern const FieldType type_each;          /* no slot: read with the list of stages */
extern const FieldType type_stages;        /* GPtrArray of Stage */
extern const FieldType type_checks;        /* GPtrArray of Check */
extern const FieldType type_base;          /* RecipeBase */
extern const FieldType type_python;        /* RecipePython */
extern const FieldType type_parts;         /* GPtrArray of RecipePart */

/* Whether the `when:` of a map holds in this row; true without one. Mistakes are reported. */
bool when_matches(Decoder *decoder, const Node *body);

/* Tables. */
extern const Shape recipe_shape;
extern const Shape checks_shape;
extern const Shape config_shape;
extern const Shape host_shape;
extern const Shape user_shape;
extern const Shape base_shape;
extern const Shape python_shape;

/* Rules between keys of the whole recipe (validate.c). */
void recipe_validate(Decoder *decoder, const Node *root, Recipe *recipe);
