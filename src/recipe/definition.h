/* Stage definitions: `stages/NAME.yaml` beside the recipe, in a folder of `stage_path:` or
 * --stage-path, or shipped. A use of one is replaced by the stages it lists, with its parameters as
 * their only variables; the rest that it brings (env, checks …) is merged into the recipe at the
 * end, where the recipe itself always wins. */
#pragma once

#include "recipe/context.h"

typedef struct Definition {
    char *name;
    char *path; /* of the file */
    const Node *root;
    GPtrArray *params; /* Declaration */
    GPtrArray *files;  /* Source, borrowed: what `beside:` named so far */
} Definition;

void definition_free(void *definition);

/* The text of a file in the folder of the definition that is decoded now; NULL after an error. */
const char *definition_read_beside(Decoder *decoder, const Node *name);

/* What one use brings beside stages. */
typedef struct {
    char *name; /* as the file says */
    char *description;
    GPtrArray *stages;  /* Stage; moved out when expanded */
    GPtrArray *protect; /* Text */
    RecipeChecks *checks;
    GPtrArray *env, *ports, *cmd;
    RecipeHost *host;
    RecipeUser *user;
    Span at; /* the key in the recipe */
} Contribution;

void contribution_free(void *contribution);

extern const Shape definition_shape;

/* Appends the stages of `- KEY: body`. */
bool definition_expand(Decoder *decoder, const Node *key, const Node *body, GPtrArray *stages);
/* Merges context->contributions into the recipe; two that differ are an error naming both. */
void contributions_merge(Decoder *decoder, Recipe *recipe);

void stage_kind_names(GPtrArray *names);
const char *stage_kind_hint(const char *name);
