/* A recipe as one text: the file and everything that it is read from (what it includes, stage
 * definitions and the files beside them, the shipped ones too), so that it can be read again where
 * those are not.
 *
 * JSON ("ramekin.bundle/1"), a function of those texts, row and variables: paths are relative to
 * the folder that all files have in common, and a definition lies in stages/ beside the recipe,
 * where it is found first. An include by absolute path is left out. */
#pragma once

#include "recipe/recipe.h"

/* `vars`: what --var gave, or NULL. Caller frees. */
char *recipe_bundle_encode(const Recipe *recipe, const char *const *vars, size_t *ret_length);

typedef struct {
    char *path; /* relative, below the bundle's folder */
    char *text;
} BundleFile;

typedef struct {
    char *recipe;     /* path of the recipe among the files */
    char *row;        /* or NULL */
    char **vars;      /* "key=value"; never NULL */
    GPtrArray *files; /* BundleFile, the recipe first */
} RecipeBundle;

/* Errors: ERROR_INPUT for what is no bundle, or has a path that leads out of its folder. */
RecipeBundle *recipe_bundle_decode(const char *name, const char *text, size_t length,
                                   GError **error);
void recipe_bundle_free(RecipeBundle *bundle);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RecipeBundle, recipe_bundle_free)
/* Writes the files below `dir`, which exists and is empty. */
gboolean recipe_bundle_save(const RecipeBundle *bundle, const char *dir, GError **error);
